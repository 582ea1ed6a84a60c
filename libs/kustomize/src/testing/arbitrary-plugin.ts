import fc from "fast-check";
import { anyName } from "./arbitrary-object.ts";
import { anyJsonPatch, anyMergePatch, anyTarget } from "./arbitrary-patch.ts";

type Text = fc.Arbitrary<string>;

const SPECS = "fieldSpecs: [{path: metadata/name}]";
const ANY_SPECS = fc.constantFrom(
  "fieldSpecs: [{path: metadata/labels, create: true}]",
  "fieldSpecs: [{path: metadata/annotations, create: true}, {path: spec/template/metadata/annotations, kind: Deployment, create: true}]",
  "fieldSpecs: [{path: spec/selector/matchLabels, group: apps}, {path: spec/list/v, kind: Widget, create: true}]",
);

/** The text of a built-in transformer's configuration, without its head. */
const anyTransformer: fc.Arbitrary<readonly [string, string]> = fc.oneof(
  fc.constantFrom(
    ["PrefixTransformer", `prefix: t-\n${SPECS}`] as const,
    ["SuffixTransformer", `suffix: -t\n${SPECS}`] as const,
    ["PrefixSuffixTransformer", `prefix: a\nsuffix: z\n${SPECS}`] as const,
    ["NamespaceTransformer", "namespace: moved\nfieldSpecs: [{path: metadata/namespace, create: true}]"] as const,
    ["NamespaceTransformer", "namespace: moved\nunsetOnly: true\nsetRoleBindingSubjects: allServiceAccounts"] as const,
    ["NamespaceTransformer", "namespace: moved\nsetRoleBindingSubjects: none"] as const,
    ["ImageTagTransformer", "imageTag: {name: nginx, newTag: v9}\nfieldSpecs: [{path: 'spec/template/spec/containers[]/image'}]"] as const,
    ["ReplicaCountTransformer", "replica: {name: web, count: 4}\nfieldSpecs: [{path: spec/replicas, kind: Deployment}]"] as const,
    ["ValueAddTransformer", "value: extra\ntargets: [{fieldPath: metadata/annotations/extra}]"] as const,
    ["ValueAddTransformer", "value: dir\ntargets: [{selector: {kind: Deployment}, fieldPath: metadata/name, filePathPosition: 1}]"] as const,
    ["HashTransformer", ""] as const,
  ),
  ANY_SPECS.map((specs) => ["LabelTransformer", `labels: {l: plugin}\n${specs}`] as const),
  ANY_SPECS.map((specs) => ["AnnotationsTransformer", `annotations: {a: plugin, "n": "1"}\n${specs}`] as const),
  fc.tuple(anyJsonPatch, anyTarget).map(([patch, target]) => ["PatchTransformer", `patch: '${patch}'\ntarget: ${target}`] as const),
  fc.tuple(anyMergePatch, anyTarget).map(([patch, target]) => ["PatchTransformer", `patch: '${patch.replaceAll("'", "''")}'\ntarget: ${target}`] as const),
  anyJsonPatch.map((patch) => ["PatchJson6902Transformer", `target: {kind: Widget, name: a}\njsonOp: '${patch}'`] as const),
);

const inline = (field: string, kind: string, body: string): string =>
  `${field}:\n- |-\n  apiVersion: builtin\n  kind: ${kind}\n  metadata: {name: plugin}\n  ${body.replaceAll("\n", "\n  ")}\n`;

/** The field `transformers` with one built-in plug-in. */
export const anyTransformers: Text = anyTransformer.map(([kind, body]) => inline("transformers", kind, body));

/** The field `validators`; of a patch that changes no value kustomize looks at how the object is written, which ours does not. */
export const anyValidators: Text = anyTransformer.filter(([kind]) => !kind.startsWith("Patch")).map(([kind, body]) => inline("validators", kind, body));

/** The field `generators`. */
export const anyGenerators: Text = fc
  .tuple(
    anyName,
    fc.constantFrom(
      ["ConfigMapGenerator", "literals: [plugin=yes, empty=]"] as const,
      ["ConfigMapGenerator", "files: [f.txt]\nbehavior: merge"] as const,
      ["SecretGenerator", "envs: [e.env]\ntype: kubernetes.io/tls"] as const,
      ["IAMPolicyGenerator", "cloud: gke\nkubernetesService: {namespace: ns1, name: sa}\nserviceAccount: {name: gsa, projectId: p}"] as const,
    ),
  )
  .map(
    ([name, [kind, body]]) => `generators:\n- |-\n  apiVersion: builtin\n  kind: ${kind}\n  metadata: {name: ${name}gen}\n  ${body.replaceAll("\n", "\n  ")}\n`,
  );
