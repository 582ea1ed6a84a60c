import { MemoryFileSystem } from "@plumb/files";
import { expect, it } from "vitest";
import { build } from "../build.ts";

it.each([
  ["patches: [{path: no.yaml, target: {kind: Cup, name: a|b}, options: {allowNameChange: true}}]", "path: no.yaml\ntarget:\n  kind: Cup\n  name: a|b\n`: "],
  ["patchesJson6902: [{path: no.yaml, target: {version: v1, kind: Cup, name: a}}]", "path: no.yaml\ntarget:\n  kind: Cup\n  name: a\n  version: v1\n`: "],
  ["patchesStrategicMerge: [no.yaml]", "paths:\n- no.yaml\n`: "],
  [
    "replacements: [{path: no.yaml}, {sourceValue: x, targets: [{select: {kind: Cup}}]}]",
    "Replacements:\n- path: no.yaml\n- sourceValue: x\n  targets:\n  - select:\n      kind: Cup\n`: ",
  ],
])("shows the entry whose file is missing as it was written, without what is empty: %s", async (text, shown) => {
  const built = build(".", {
    fileSystem: new MemoryFileSystem({ "kustomization.yaml": text }),
    order: "fifo",
    signal: new AbortController().signal,
  });
  await expect(built).rejects.toThrow(shown);
});
