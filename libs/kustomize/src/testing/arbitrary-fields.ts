import fc from "fast-check";
import { anyName } from "./arbitrary-object.ts";
import { anyKind, anyMergePatch, anyPatches } from "./arbitrary-patch.ts";
import { anyGenerators, anyTransformers, anyValidators } from "./arbitrary-plugin.ts";
import { anyReplacements, anyVars } from "./arbitrary-replacements.ts";

type Text = fc.Arbitrary<string>;

/** Fields that seldom make a tree impossible. */
const TAME: readonly Text[] = [
  fc.constantFrom("namePrefix: p-", 'namePrefix: "1"', "nameprefix: q-"),
  fc.constantFrom("nameSuffix: -s", 'nameSuffix: "-v2"'),
  fc.constantFrom("namespace: ns1", "namespace: other", "namespace: default"),
  fc.constantFrom("commonLabels: {team: t}", 'commonLabels: {app: "y", num: "1"}'),
  fc.constantFrom(
    "labels: [{pairs: {l: m}}]",
    "labels: [{pairs: {l: m}, includeSelectors: true}]",
    "labels: [{pairs: {l: m}, includeTemplates: true, fields: [{path: spec/value2, create: true}]}]",
    "labels: [{pairs: {l: m}, fields: [{path: spec/template/metadata/labels, kind: Deployment, group: apps, version: v1, create: true}]}]",
  ),
  fc.constantFrom(
    "commonAnnotations: {note: text}",
    'commonAnnotations: {a: "true", b: "x: y"}',
    'commonAnnotations: {multi: "a\\nb\\n", empty: "", z: "0x1"}',
  ),
  fc.constantFrom(
    'images: [{name: nginx, newTag: "9"}]',
    "images: [{name: nginx, newName: other, digest: sha256:1}, {name: busybox, tagSuffix: -x}]",
    "images: [{name: reg:5000/nginx, newTag: t}]",
    "images: [{name: nginx, newName: 'nginx:3'}, {name: nginx, newTag: second}]",
    "images: [{name: 'ngin.*', newTag: regexp}, {name: busybox, newName: ''}]",
    "imageTags: [{name: nginx, newTag: old}]",
  ),
  fc
    .tuple(anyName, fc.boolean(), fc.constantFrom("", "  type: Opaque\n", "  namespace: ns1\n"))
    .map(
      ([name, isPlain, more]) =>
        `secretGenerator:\n- name: ${name}gen\n  envs: [e.env]\n${more}${isPlain ? "  options: {disableNameSuffixHash: true, labels: {o: p}}\n" : ""}`,
    ),
  fc.constantFrom(
    "generatorOptions: {labels: {g: h}}",
    'generatorOptions: {disableNameSuffixHash: true, annotations: {g: "1"}}',
    "generatorOptions: {immutable: true}",
  ),
  fc.constantFrom("buildMetadata: [originAnnotations]", "buildMetadata: [originAnnotations, transformerAnnotations, managedByLabel]"),
  fc.constantFrom(
    "sortOptions: {order: legacy}",
    "sortOptions: {order: fifo}",
    "sortOptions: {order: legacy, legacySortOptions: {orderFirst: [Service], orderLast: [ConfigMap]}}",
  ),
  anyPatches,
];

/** Fields that need objects which may not be there. */
const WILD: readonly Text[] = [
  anyReplacements,
  anyReplacements,
  anyName.map((name) => `replicas: [{name: ${name}, count: 5}]`),
  fc
    .tuple(anyName, fc.constantFrom("create", "create", "", "", "", "merge", "replace"), fc.constantFrom("", "  namespace: ns1\n"))
    .map(
      ([name, behavior, more]) =>
        `configMapGenerator:\n- name: ${name}gen\n  literals: [k=v, "q='1'", multi=a b]\n  files: [f.txt, other=f.txt]\n${more}${behavior === "" ? "" : `  behavior: ${behavior}\n`}`,
    ),
  fc.tuple(anyName, anyMergePatch).map(([name, patch]) => `patchesStrategicMerge:\n- '${patch.replace("name: x", `name: ${name}`).replaceAll("'", "''")}'\n`),
  fc
    .tuple(anyKind, anyName)
    .map(
      ([kind, name]) =>
        `patchesJson6902:\n- target: {version: v1, kind: ${kind}, name: ${name}}\n  patch: '[{"op": "add", "path": "/metadata/labels/six", "value": "9"}]'\n`,
    ),
  fc.constantFrom("configurations: [config.yaml]", "crds: [crd.json]", "openapi: {path: schema.json}"),
  anyVars,
  anyGenerators,
  anyTransformers,
  anyTransformers,
  anyValidators,
];

/** Up to four fields of a kustomization, each at most once. */
export const anyFields: Text = fc
  .uniqueArray(fc.oneof({ weight: 8, arbitrary: fc.oneof(...TAME) }, { weight: 1, arbitrary: fc.oneof(...WILD) }), {
    maxLength: 4,
    selector: (text) => text.split(":")[0]?.toLowerCase(),
  })
  .map((fields) => fields.map((text) => `${text.trimEnd()}\n`).join(""));
