import { MemoryFileSystem } from "@plumb/files";
import { expect, it } from "vitest";
import { build } from "../build.ts";

it("Variables that no field refers to, or that cannot stand in a text, are named in a warning, the others not", async () => {
  const variable = (name: string): string => `- {name: ${name}, objref: {apiVersion: v1, kind: Service, name: web}}\n`;
  const files = {
    "kustomization.yaml": `resources: [all.yaml]\nvars:\n${variable("USED")}${variable("SPARE")}${variable("OTHER")}${variable("MAP").replace("}}", "}, fieldref: {fieldpath: metadata}}")}`,
    "all.yaml": `apiVersion: v1
kind: Service
metadata: {name: web}
---
apiVersion: v1
kind: Pod
metadata: {name: one}
spec: {containers: [{name: c, args: [$(USED), $(UNKNOWN), $(MAP)]}]}
`,
  };
  const warnings: string[] = [];
  const warn = (message: string): void => void warnings.push(message);
  const { objects } = await build(".", { fileSystem: new MemoryFileSystem(files), order: "fifo", warn, signal: new AbortController().signal });
  expect(objects.at(-1)?.object["spec"]).toStrictEqual({ containers: [{ name: "c", args: ["web", "$(UNKNOWN)", "$(MAP)"] }] });
  expect(warnings).toContain("well-defined vars that were never replaced: MAP,OTHER,SPARE");
  expect(warnings.join()).not.toContain("USED");
});
