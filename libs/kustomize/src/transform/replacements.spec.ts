import { MemoryFileSystem } from "@plumb/files";
import { expect, it } from "vitest";
import { build } from "../build.ts";

async function built(files: Readonly<Record<string, string>>): Promise<string> {
  return (await build(".", { fileSystem: new MemoryFileSystem(files), order: "fifo", signal: new AbortController().signal })).text();
}

it.each([
  ["null where the object is written in blocks", "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n", "null"],
  [
    "null in the block of an object of a file's List",
    "kind: List\napiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Secret\n  metadata:\n    name: a\n",
    "null",
  ],
  ["a text in braces", "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\ndata: {b: c}\n", '""'],
  ["a text in an object of a List beside others", "kind: List\napiVersion: v1\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: a}}\n---\n", '""'],
])("An empty source value becomes %s", async (_, secret, expected) => {
  const kustomization = `resources: [secret.yaml]
replacements:
- sourceValue: ""
  targets: [{select: {kind: Secret}, fieldPaths: [data.new], options: {create: true}}]
`;
  const other = secret.endsWith("---\n") ? "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: z\n" : "";
  expect(await built({ "kustomization.yaml": kustomization, "secret.yaml": secret + other })).toContain(`\n  new: ${expected}\n`);
});
