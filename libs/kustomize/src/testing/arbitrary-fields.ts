import fc from "fast-check";
import { anyConfigMaps, anyGeneratorOptions, anySecrets } from "./arbitrary-generator.ts";
import { anyJson6902, anyMerges, anyPatches } from "./arbitrary-patch.ts";
import { anyGenerators, anyTransformers, anyValidators } from "./arbitrary-plugin.ts";
import { anyReference } from "./arbitrary-reference.ts";
import { anyReplacements, anyVars } from "./arbitrary-replacements.ts";

type Text = fc.Arbitrary<string>;

const anyLabels: Text = fc.constantFrom(
  "labels: [{pairs: {l: m}}]",
  "labels: [{pairs: {l: m}, includeSelectors: true}]",
  "labels: [{pairs: {l: m}, includeTemplates: true, fields: [{path: spec/value2, create: true}]}]",
  "labels: [{pairs: {l: m}, fields: [{path: spec/template/metadata/labels, kind: Deployment, group: apps, version: v1, create: true}]}]",
  "labels: [{pairs: {l: m}, includeTemplates: true}, {pairs: {l: second, n: '5'}, fields: [{path: metadata/annotations, create: true}]}]",
  "labels: [{pairs: {l: m}, includeSelectors: true, includeTemplates: true}, {pairs: {on: 'on'}, fields: [{path: spec/selector, kind: Service}]}]",
  "labels: [{pairs: {}, includeSelectors: true}]",
);

const anyImages: Text = fc.constantFrom(
  'images: [{name: nginx, newTag: "9"}]',
  "images: [{name: nginx, newName: other, digest: sha256:1}, {name: busybox, tagSuffix: -x}]",
  "images: [{name: reg:5000/nginx, newTag: t}]",
  "images: [{name: nginx, newName: 'nginx:3'}, {name: nginx, newTag: second}]",
  "images: [{name: 'ngin.*', newTag: regexp}, {name: busybox, newName: ''}]",
  "images: [{name: reg:5000/nginx, newName: reg/nginx}, {name: reg/nginx, newTag: again}]",
  "images: [{name: nginx, newTag: '1.20', digest: sha256:both}]",
  "images: [{name: nginx, tagSuffix: -a, newTag: b}]",
  "imageTags: [{name: nginx, newTag: old}]",
);

/** Fields that seldom make a tree impossible. */
const TAME: readonly Text[] = [
  fc.constantFrom("namePrefix: p-", 'namePrefix: "1"', "nameprefix: q-", 'namePrefix: ""'),
  fc.constantFrom("nameSuffix: -s", 'nameSuffix: "-v2"', "nameSuffix: ''"),
  fc.constantFrom("namespace: ns1", "namespace: other", "namespace: default", 'namespace: "1"'),
  fc.constantFrom("commonLabels: {team: t}", 'commonLabels: {app: "y", num: "1"}', 'commonLabels: {a.b/c: \'true\', "n": "null"}'),
  anyLabels,
  fc.constantFrom(
    "commonAnnotations: {note: text}",
    'commonAnnotations: {a: "true", b: "x: y"}',
    'commonAnnotations: {multi: "a\\nb\\n", empty: "", z: "0x1"}',
    "commonAnnotations: {config.kubernetes.io/local-config: 'false'}",
  ),
  anyImages,
  anySecrets,
  anyGeneratorOptions,
  fc.constantFrom(
    "buildMetadata: [originAnnotations]",
    "buildMetadata: [transformerAnnotations]",
    "buildMetadata: [managedByLabel]",
    "buildMetadata: [originAnnotations, transformerAnnotations, managedByLabel]",
  ),
  fc.constantFrom(
    "sortOptions: {order: legacy}",
    "sortOptions: {order: fifo}",
    "sortOptions: {order: legacy, legacySortOptions: {orderFirst: [Service], orderLast: [ConfigMap]}}",
    "sortOptions: {order: legacy, legacySortOptions: {orderFirst: [Widget, Secret], orderLast: []}}",
    "sortOptions: {order: legacy, legacySortOptions: {}}",
  ),
  anyPatches,
  anyConfigMaps,
  fc.constantFrom("configurations: [config.yaml]", "configurations: [config.yaml, more.yaml]", "configurations: [more.yaml]"),
  fc.constantFrom("openapi: {path: schema.json}", "openapi: {version: v1.21.2}"),
  fc.constantFrom("crds: [crd.json]", "crds: [crd.json, crd.yaml]"),
  fc.constantFrom("metadata: {name: kustomization, labels: {x: z}, annotations: {config.kubernetes.io/local-config: 'true'}}"),
];

/** Fields that need objects which may not be there. */
const WILD: readonly Text[] = [
  anyReplacements,
  anyReplacements,
  anyReplacements,
  fc
    .array(anyReference, { minLength: 1, maxLength: 2 })
    .map((references) => `replicas: [${references.map((reference, i) => reference(`{name: NAME, count: ${i + 4}}`)).join(", ")}]`),
  anyMerges,
  anyMerges,
  anyJson6902,
  anyVars,
  anyGenerators,
  anyGenerators,
  anyTransformers,
  anyTransformers,
  anyTransformers,
  anyValidators,
  anyValidators,
];

/** Fields that no kustomization may have, or none that can be built. */
const BROKEN: Text = fc.constantFrom(
  "openapi: {version: v1.20.4}",
  "openapi: {path: missing.json}",
  "helmCharts: [{name: c, repo: 'https://localhost:1'}]",
  "helmChartInflationGenerator: [{chartName: c}]",
  "sortOptions: {order: none}",
  "sortOptions: {order: fifo, legacySortOptions: {orderFirst: [Service]}}",
  "unknownField: 1",
  "buildMetadata: [nothing]",
  "apiVersion: kustomize.config.k8s.io/v1",
  "bases: []",
  "crds: [missing.json]",
);

/** Up to three fields of a kustomization, each at most once. */
export const anyFields: Text = fc
  .uniqueArray(fc.oneof({ weight: 80, arbitrary: fc.oneof(...TAME) }, { weight: 12, arbitrary: fc.oneof(...WILD) }, { weight: 1, arbitrary: BROKEN }), {
    maxLength: 3,
    selector: (text) => text.split(":")[0]?.toLowerCase(),
  })
  .map((fields) => fields.map((text) => `${text.trimEnd()}\n`).join(""));
