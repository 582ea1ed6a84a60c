import { MemoryFileSystem } from "@plumb/files";
import { expect, it } from "vitest";
import { build } from "../build.ts";

async function built(files: Readonly<Record<string, string>>): Promise<string> {
  return (await build(".", { fileSystem: new MemoryFileSystem(files), order: "fifo", signal: new AbortController().signal })).text();
}

it.each([
  ["of one line", "\tone", "\\tone"],
  ["below an empty line", "\n\tone\n", "\\n\\tone\\n"],
  ["with a blank at the end of a line", "\tone \nx", "\\tone \\nx"],
])("A file that starts with a tab is generated into a ConfigMap when it is %s", async (_, text, expected) => {
  expect(await built({ "kustomization.yaml": "configMapGenerator: [{name: a, files: [f]}]\n", f: text })).toContain(`  f: "${expected}"\n`);
});

it.each([
  ["a generated file", { "kustomization.yaml": "configMapGenerator: [{name: a, files: [f]}]\n", f: "\tone\ntwo\n" }],
  [
    "a literal block",
    { "kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  b: |2\n    \tx\n" },
  ],
  [
    "a folded block",
    { "kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  b: >2-\n    \tx\n" },
  ],
])("Lines that start with a tab, of %s, are refused as by kustomize, which cannot read what it has written", async (_, files) => {
  await expect(built(files)).rejects.toThrow("found a tab character where an indentation space is expected");
});

it("A file of crds without a byte, at which kustomize crashes, is refused; one without definitions is not", async () => {
  const files = { "kustomization.yaml": "crds: [c.yaml]\nconfigMapGenerator: [{name: a}]\n" };
  await expect(built({ ...files, "c.yaml": "" })).rejects.toThrow("loading CRDs [c.yaml]: 'c.yaml' is empty");
  expect(await built({ ...files, "c.yaml": "# nothing\n" })).toContain("kind: ConfigMap\n");
});
