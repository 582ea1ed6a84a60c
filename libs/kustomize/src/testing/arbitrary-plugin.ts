import fc from "fast-check";
import { anyJsonPatch } from "./arbitrary-json-patch.ts";
import { anyMergePatch } from "./arbitrary-merge-patch.ts";
import { anyName } from "./arbitrary-object.ts";
import { anyNamedMerge, anyTarget } from "./arbitrary-patch.ts";
import { anyReference } from "./arbitrary-reference.ts";
import { anyReplacements } from "./arbitrary-replacements.ts";

type Text = fc.Arbitrary<string>;
/** Kind and body of a plug-in's configuration. */
type Plugin = readonly [string, string];

const ANY_SPECS = fc.constantFrom(
  "fieldSpecs: [{path: metadata/name}]",
  "fieldSpecs: [{path: metadata/labels, create: true}]",
  "fieldSpecs: [{path: metadata/annotations, create: true}, {path: spec/template/metadata/annotations, kind: Deployment, create: true}]",
  "fieldSpecs: [{path: spec/selector/matchLabels, group: apps}, {path: spec/list/v, kind: Widget, create: true}]",
  "fieldSpecs: [{path: 'spec/template/spec/containers[]/image'}, {path: metadata/name, kind: ConfigMap}]",
  "fieldSpecs: [{path: spec/replicas, create: true, kind: StatefulSet}, {path: spec/replicas, kind: Deployment, version: v1}]",
  "fieldSpecs: []",
  "",
);

const FIXED = fc.constantFrom<Plugin>(
  ["NamespaceTransformer", "namespace: moved\nfieldSpecs: [{path: metadata/namespace, create: true}]"],
  ["NamespaceTransformer", "unsetOnly: true\nsetRoleBindingSubjects: allServiceAccounts"],
  [
    "NamespaceTransformer",
    "setRoleBindingSubjects: none\nfieldSpecs: [{path: subjects, kind: RoleBinding}, {path: spec/namespace, kind: Widget, create: true}]",
  ],
  ["NamespaceTransformer", "setRoleBindingSubjects: defaultOnly\nfieldSpecs: [{path: metadata/namespace, create: true}]"],
  ["NamespaceTransformer", "setRoleBindingSubjects: allServiceAccounts\nfieldSpecs: [{path: metadata/namespace, create: true}]"],
  ["NamespaceTransformer", "setRoleBindingSubjects: other"],
  ["ValueAddTransformer", "value: extra\ntargets: [{fieldPath: metadata/annotations/extra}]"],
  ["ValueAddTransformer", "value: dir\ntargets: [{selector: {kind: Deployment}, fieldPath: metadata/name, filePathPosition: 1}]"],
  ["ValueAddTransformer", "targets: [{selector: {kind: Widget}, fieldPath: spec/value}, {selector: {name: a}, fieldPath: metadata/namespace}]"],
  ["HashTransformer", ""],
  ["NoTransformer", ""],
);

const sorted = (kind: string, body: string) => ANY_SPECS.map((specs): Plugin => [kind, `${body}\n${specs}`.trim()]);
const block = (text: string): string => `|\n  ${text.trimEnd().replaceAll("\n", "\n  ")}`;

/** A built-in transformer's configuration. */
const anyTransformer: fc.Arbitrary<Plugin> = fc.oneof(
  FIXED,
  sorted("PrefixTransformer", "prefix: t-"),
  sorted("SuffixTransformer", "suffix: -t"),
  sorted("PrefixSuffixTransformer", "prefix: a\nsuffix: z"),
  sorted("ImageTagTransformer", "imageTag: {name: nginx, newTag: v9}"),
  sorted("ReplicaCountTransformer", "replica: {name: web, count: 4}"),
  sorted("LabelTransformer", "labels: {l: plugin}"),
  sorted("AnnotationsTransformer", 'annotations: {a: plugin, "n": "1"}'),
  fc
    .tuple(fc.oneof(anyJsonPatch, anyMergePatch), anyTarget)
    .map(([patch, target]): Plugin => ["PatchTransformer", `patch: ${block(patch)}\ntarget: ${target}`]),
  fc
    .tuple(fc.constantFrom("merge.yaml", "operations.json", "operations.yaml"), anyTarget)
    .map(([path, target]): Plugin => ["PatchTransformer", `path: ${path}\ntarget: ${target}\noptions: {allowNameChange: true}`]),
  anyNamedMerge.map((patch): Plugin => ["PatchStrategicMergeTransformer", `patches: ${block(patch)}`]),
  fc.constant<Plugin>(["PatchStrategicMergeTransformer", "paths: [merge.yaml]"]),
  fc
    .tuple(anyReference, anyJsonPatch)
    .map(([reference, patch]): Plugin => ["PatchJson6902Transformer", `${reference("target: {kind: KIND, name: NAME}")}\njsonOp: '${patch}'`]),
  fc.constant<Plugin>(["PatchJson6902Transformer", "target: {kind: Deployment, group: apps, version: v1, name: web}\npath: operations.json"]),
  anyReplacements.map((text): Plugin => ["ReplacementTransformer", text]),
);

/** A built-in generator's configuration. */
const anyGenerator: fc.Arbitrary<Plugin> = fc.constantFrom<Plugin>(
  ["ConfigMapGenerator", "literals: [plugin=yes, empty=]"],
  ["ConfigMapGenerator", "files: [f.txt]\nbehavior: merge"],
  ["ConfigMapGenerator", "files: [g=f.txt]\nenvs: [e.env]\noptions: {labels: {x: y}, disableNameSuffixHash: true}"],
  ["ConfigMapGenerator", "name: bgen\nliterals: [k=v]"],
  ["SecretGenerator", "envs: [e.env]\ntype: kubernetes.io/tls"],
  ["SecretGenerator", "literals: [a=b]\noptions: {immutable: true, annotations: {x: y}}"],
  ["IAMPolicyGenerator", "cloud: gke\nkubernetesService: {namespace: ns1, name: sa}\nserviceAccount: {name: gsa, projectId: p}"],
  ["IAMPolicyGenerator", "cloud: other"],
);

const configuration = ([kind, body]: Plugin, name: string): string =>
  `apiVersion: builtin\nkind: ${kind}\nmetadata:\n  name: ${name}\n${kind === "NamespaceTransformer" ? "  namespace: moved\n" : ""}${body}`.trimEnd();

const inline = (field: string, text: string): string => `${field}:\n- |-\n  ${text.replaceAll("\n", "\n  ")}\n`;

/** The fields `transformers` and `validators` with one built-in plug-in, or a file or folder of them. */
const transforming = (field: string): Text =>
  fc.oneof(
    { weight: 4, arbitrary: anyTransformer.map((plugin) => inline(field, configuration(plugin, "plugin"))) },
    { weight: 1, arbitrary: fc.constantFrom(`${field}: [transformers.yaml]\n`, `${field}: [../plugins]\n`, `${field}: [generator.yaml]\n`, `${field}: []\n`) },
  );

export const anyTransformers: Text = transforming("transformers");
export const anyValidators: Text = transforming("validators");

/** The field `generators`. */
export const anyGenerators: Text = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(anyGenerator, anyName).map(([plugin, name]) => inline("generators", configuration(plugin, `${name}gen`))) },
  { weight: 1, arbitrary: fc.constantFrom("generators: [generator.yaml]\n", "generators: [transformers.yaml]\n") },
);

/** Files that the fields above name. */
export const anyPluginFiles: fc.Arbitrary<Readonly<Record<string, string>>> = fc
  .tuple(fc.array(anyTransformer, { minLength: 1, maxLength: 3 }), anyGenerator, anyName)
  .map(([transformers, generator, name]) => ({
    "transformers.yaml": transformers.map((plugin, i) => `${configuration(plugin, `plugin${i}`)}\n`).join("---\n"),
    "generator.yaml": `${configuration(generator, `${name}gen`)}\n`,
  }));
