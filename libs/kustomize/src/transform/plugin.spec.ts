import { MemoryFileSystem } from "@plumb/files";
import { expect, it } from "vitest";
import { build } from "../build.ts";

const CUP = "apiVersion: example.com/v1\nkind: Cup\nmetadata: {name: one, labels: {size: s}}\n";

async function run(field: "generators" | "transformers", kind: string, fields: string): Promise<string> {
  const files = {
    "kustomization.yaml": `resources: [cup.yaml]\n${field}: [plugin.yaml]\n`,
    "cup.yaml": CUP,
    "plugin.yaml": `apiVersion: builtin\nkind: ${kind}\nmetadata: {name: p}\n${fields}\n`,
  };
  const built = await build(".", { fileSystem: new MemoryFileSystem(files), order: "fifo", signal: new AbortController().signal });
  return built.text();
}

it.each([
  ["transformers", "PrefixTransformer", "prefix: 5\nfieldSpecs: [{path: metadata/name}]", "name: 5one"],
  ["transformers", "LabelTransformer", "labels: {a: true}\nfieldSpecs: [{path: metadata/labels}]", 'a: "true"'],
  ["transformers", "ValueAddTransformer", "value: 5\ntargets: [{fieldPath: metadata/labels/size, selector: {labelSelector: size}}]", "size: 5"],
] as const)("takes a number or a truth for text in a field of its own: %s, %s", async (field, kind, fields, expected) => {
  expect(await run(field, kind, fields)).toContain(expected);
});

it.each([
  ["transformers", "PatchTransformer", "patch: '[]'\ntarget: {kind: true}", "target.kind"],
  ["transformers", "ValueAddTransformer", "value: x\ntargets: [{fieldPath: metadata/name, selector: {name: 5}}]", "targets[0].selector.name"],
  ["transformers", "LabelTransformer", "labels: {a: b}\nfieldSpecs: [{path: metadata/labels, version: 1}]", "fieldSpecs[0].version"],
  ["transformers", "ReplacementTransformer", "replacements: [{source: {fieldPath: 5}, targets: []}]", "replacements[0].source.fieldPath"],
  ["generators", "ConfigMapGenerator", "literals: [a=b]\noptions: {labels: {a: 1}}", "options.labels.a"],
  ["generators", "SecretGenerator", "type: 5", "type"],
  ["generators", "IAMPolicyGenerator", "cloud: gke\nserviceAccount: {name: 5}", "serviceAccount.name"],
] as const)("refuses them in a field of an embedded struct: %s, %s, %s", async (field, kind, fields, place) => {
  await expect(run(field, kind, fields)).rejects.toThrow(`into Go struct field ${place} of type string (plugin.yaml:`);
});

it("passes over a single file of variables, which kustomizations alone may name", async () => {
  expect(await run("generators", "ConfigMapGenerator", "env: nowhere.env\nliterals: [a=b]")).toContain("data:\n  a: b\n");
});
