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

it("An object that had no name between two others is refused, where kustomize crashes", async () => {
  const files = {
    "kustomization.yaml": "resources: [base]\nnamePrefix: p-\nnameSuffix: -s\n",
    "base/kustomization.yaml": 'resources: [a.yaml]\nreplacements:\n- sourceValue: ""\n  targets: [{select: {kind: Secret}, fieldPaths: [metadata.name]}]\n',
    "base/a.yaml": "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n",
  };
  await expect(built(files)).rejects.toThrow("number of previous names");
});

const CONFIG = `# what the server reads

server:
  # where it listens
  port: 80 # not below 1024
  hosts:
  # the first
  - a
  - b
  # no more

# the store
store: {kind: memory} # or disk
text: |
  # no comment
  one
# end
`;

it("Comments of YAML inside a text stay when a value of it is replaced", async () => {
  const kustomization = `configMapGenerator: [{name: a, files: [config.yaml], options: {disableNameSuffixHash: true}}]
replacements:
- sourceValue: "8080"
  targets: [{select: {kind: ConfigMap}, fieldPaths: ["data.config\\\\.yaml.server.port", "data.config\\\\.yaml.server.hosts.1"]}]
`;
  const text = await built({ "kustomization.yaml": kustomization, "config.yaml": CONFIG });
  const expected = CONFIG.replace("port: 80", "port: 8080").replace("- b", '- "8080"').replace("  # no more\n\n", "  # no more\n");
  expect(text).toContain(`  config.yaml: |-\n${expected.trim().replaceAll(/^(?=.)/gm, "    ")}\n`);
});

it("Anchors, aliases and merge keys of YAML inside a text stay, but for the anchor of a collection that is replaced", async () => {
  const config = "a: &a {x: 1}\nb: *a\nc: &c one\nd: [*c, &free two]\ne: &e\n  x: 1\nf:\n  <<: *e\ng: &g\n  y: 2\nh: 0\n";
  const kustomization = `configMapGenerator: [{name: a, files: [config.yaml], options: {disableNameSuffixHash: true}}]
replacements:
- sourceValue: new
  targets: [{select: {kind: ConfigMap}, fieldPaths: ["data.config\\\\.yaml.c", "data.config\\\\.yaml.g", "data.config\\\\.yaml.h"]}]
`;
  const text = await built({ "kustomization.yaml": kustomization, "config.yaml": config });
  const expected = config.replace("one", "new").replace("<<", "!!merge <<").replace("&g\n  y: 2", "new").replace("h: 0", "h: !!int new");
  expect(text).toContain(`  config.yaml: |-\n${expected.trim().replaceAll(/^(?=.)/gm, "    ")}\n`);
});
