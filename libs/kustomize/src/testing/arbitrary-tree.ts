import fc from "fast-check";
import { anyName, anyObject, anyScalar } from "./arbitrary-object.ts";

/** Files by path; the kustomization to build lies in `overlay`. */
export type Tree = Readonly<Record<string, string>>;

/** One or no field of a kustomization. */
type Field = fc.Arbitrary<string>;

const maybe = (field: Field): Field => fc.oneof({ weight: 2, arbitrary: fc.constant("") }, { weight: 1, arbitrary: field });

const kinds = fc.constantFrom("Deployment", "StatefulSet", "ConfigMap", "Service", "Secret", "CronJob", "Widget");
const anyTarget: Field = fc.oneof(
  kinds.map((kind) => `{kind: ${kind}}`),
  anyName.map((name) => `{name: ${name}}`),
  fc.tuple(kinds, anyName).map(([kind, name]) => `{kind: ${kind}, name: "${name}|x.*"}`),
  fc.constantFrom("{labelSelector: app=x}", "{labelSelector: 'tier in (1,2)'}", "{namespace: ns1}", "{group: apps}", "{annotationSelector: '!none'}"),
);

const mergePatch: Field = fc.constantFrom(
  "{kind: x, metadata: {name: x, annotations: {p: q}}}",
  "{kind: x, metadata: {name: x, labels: null}}",
  "{kind: Deployment, apiVersion: apps/v1, metadata: {name: x}, spec: {template: {spec: {containers: [{name: c0, image: patched}, {name: new, image: n}]}}}}",
  "{kind: Deployment, apiVersion: apps/v1, metadata: {name: x}, spec: {template: {spec: {containers: [{name: c0, env: [{name: V, value: patched}, {$patch: delete, name: R}]}]}}}}",
  "{kind: Deployment, apiVersion: apps/v1, metadata: {name: x}, spec: {template: {spec: {volumes: [{$patch: replace}, {name: only, emptyDir: {}}]}}}}",
  "{kind: Deployment, apiVersion: apps/v1, metadata: {name: x}, spec: {template: {spec: {containers: [{name: c0, ports: [{containerPort: 80, name: web}]}]}}}}",
  "{kind: ConfigMap, apiVersion: v1, metadata: {name: x}, data: {key0: patched, key1: null, added: '5'}}",
  "{kind: Widget, apiVersion: example.com/v1, metadata: {name: x}, spec: {list: [{name: three}]}}",
  "{kind: x, metadata: {name: x}, $patch: delete}",
);

const jsonPatch: Field = fc
  .constantFrom(
    [{ op: "add", path: "/metadata/labels", value: { j: "k" } }],
    [{ op: "replace", path: "/metadata/name", value: "renamed" }],
    [
      { op: "add", path: "/metadata/annotations", value: {} },
      { op: "add", path: "/metadata/annotations/x~1y", value: "1" },
    ],
    [{ op: "add", path: "/metadata/annotations/z", value: "1" }],
    [{ op: "remove", path: "/metadata/labels/app" }],
    [{ op: "add", path: "/spec", value: [1, 2.5, 1000000, 12345678, true, null, "yes", 1e21] }],
    [{ op: "copy", from: "/metadata/name", path: "/spec" }],
    [
      { op: "move", from: "/kind", path: "/x" },
      { op: "move", from: "/x", path: "/kind" },
    ],
    [{ op: "test", path: "/kind", value: "Widget" }],
    [{ op: "replace", path: "/metadata/namespace", value: "ns3" }],
  )
  .map((operations) => JSON.stringify(operations));

const fields: readonly Field[] = [
  fc.constantFrom("namePrefix: p-", 'namePrefix: "1"', "nameprefix: q-"),
  fc.constantFrom("nameSuffix: -s", 'nameSuffix: "-v2"'),
  fc.constantFrom("namespace: ns1", "namespace: other"),
  fc.constantFrom("commonLabels: {team: t}", 'commonLabels: {app: "y", n: "1"}'),
  fc.constantFrom(
    "labels: [{pairs: {l: m}}]",
    "labels: [{pairs: {l: m}, includeSelectors: true}]",
    "labels: [{pairs: {l: m}, includeTemplates: true, fields: [{path: spec/value2, create: true}]}]",
  ),
  fc.constantFrom("commonAnnotations: {note: text}", 'commonAnnotations: {a: "true", b: "x: y"}'),
  fc.constantFrom(
    'images: [{name: nginx, newTag: "9"}]',
    "images: [{name: nginx, newName: other, digest: sha256:1}, {name: busybox, tagSuffix: -x}]",
    "images: [{name: reg:5000/nginx, newTag: t}]",
  ),
  anyName.map((name) => `replicas: [{name: ${name}, count: 5}]`),
  fc
    .tuple(anyName, fc.constantFrom("create", "create", "", "", "", "merge"))
    .map(
      ([name, behavior]) =>
        `configMapGenerator:\n- name: ${name}gen\n  literals: [k=v, "q='1'", multi=a b]\n  files: [f.txt, other=f.txt]\n${behavior === "" ? "" : `  behavior: ${behavior}\n`}`,
    ),
  fc
    .tuple(anyName, fc.boolean())
    .map(
      ([name, isPlain]) =>
        `secretGenerator:\n- name: ${name}gen\n  envs: [e.env]\n${isPlain ? "  options: {disableNameSuffixHash: true, labels: {o: p}}\n" : ""}`,
    ),
  fc.constantFrom(
    "generatorOptions: {labels: {g: h}}",
    'generatorOptions: {disableNameSuffixHash: true, annotations: {g: "1"}}',
    "generatorOptions: {immutable: true}",
  ),
  fc
    .array(fc.tuple(mergePatch, anyTarget), { minLength: 1, maxLength: 2 })
    .map((patches) => `patches:\n${patches.map(([patch, target]) => `- patch: '${patch.replaceAll("'", "''")}'\n  target: ${target}\n`).join("")}`),
  fc
    .array(fc.tuple(jsonPatch, anyTarget), { minLength: 1, maxLength: 2 })
    .map((patches) => `patches:\n${patches.map(([patch, target]) => `- patch: '${patch}'\n  target: ${target}\n`).join("")}`),
  fc.tuple(anyName, mergePatch).map(([name, patch]) => `patchesStrategicMerge:\n- '${patch.replace("name: x", `name: ${name}`).replaceAll("'", "''")}'\n`),
  fc
    .tuple(
      kinds,
      anyName,
      anyTarget,
      fc.constantFrom(
        "metadata.annotations.r",
        "metadata.labels.app",
        "spec.value",
        "data.key0",
        "spec.template.spec.containers.[name=c0].image",
        "spec.template.spec.containers.*.env.0.value",
        "spec.list.[name=one].v",
      ),
      fc.constantFrom("", "{create: true}", "{delimiter: ':', index: 1}", "{delimiter: '-', index: 0, create: true}"),
    )
    .map(
      ([kind, name, target, path, options]) =>
        `replacements:\n- source: {kind: ${kind}, name: ${name}, fieldPath: metadata.name}\n  targets:\n  - select: ${target}\n    fieldPaths: ['${path}']\n${options === "" ? "" : `    options: ${options}\n`}`,
    ),
  fc
    .tuple(kinds, anyName, fc.constantFrom("", "    fieldref: {fieldpath: metadata.name}\n", "    fieldref: {fieldPath: data.key0}\n"))
    .map(
      ([kind, name, path]) =>
        `vars:\n- name: VAR\n  objref: {kind: ${kind}, name: ${name}, apiVersion: ${kind === "Deployment" || kind === "StatefulSet" ? "apps/v1" : "v1"}}\n${path.replace(/^ {2}/, "")}`,
    ),
  fc.constantFrom("buildMetadata: [originAnnotations]", "buildMetadata: [originAnnotations, transformerAnnotations, managedByLabel]"),
  fc.constantFrom(
    "sortOptions: {order: legacy}",
    "sortOptions: {order: fifo}",
    "sortOptions: {order: legacy, legacySortOptions: {orderFirst: [Service], orderLast: [ConfigMap]}}",
  ),
];

/** Fields that seldom make a tree impossible, to be chosen more often. */
const SAFE: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 16, 17];

/** Each field at most once. */
const someFields = (weight: number): Field =>
  fc.tuple(...fields.map((field) => (weight > 0 ? maybe(field) : field))).map((chosen) => {
    const seen = new Set<string>();
    return chosen
      .filter((text) => {
        const name = text.split(":")[0] ?? "";
        return text !== "" && !seen.has(name) && seen.add(name) !== undefined;
      })
      .map((text) => `${text.trimEnd()}\n`)
      .join("");
  });

const fewFields: Field = fc
  .tuple(fc.subarray([...fields.keys(), ...SAFE, ...SAFE, ...SAFE, ...SAFE], { maxLength: 4 }), someFields(0))
  .map(([wanted, text]) => {
    const names = new Set(wanted.map((i) => i));
    return text
      .split(/^(?=[a-z])/m)
      .filter((_, i) => names.has(i))
      .join("");
  });

/** Objects of different kinds or names, so that most trees can be built. */
const objects = (suffix: string): Field =>
  fc
    .uniqueArray(anyObject, { minLength: 1, maxLength: 6, selector: (text) => /kind: (\w+)[^]*?name: (\w+)/.exec(text)?.slice(1).join(" ") ?? "" })
    .map((texts) => texts.map((text) => text.replace(/^ {2}name: \w+/m, `$&${suffix}`)).join("---\n"));

/** A base, an overlay and perhaps a component, their fields combined at random. */
export const anyTree: fc.Arbitrary<Tree> = fc
  .record({
    base: objects(""),
    own: fc.option(objects("x")),
    baseFields: fewFields,
    overlayFields: fewFields,
    componentFields: fc.option(fewFields),
    value: anyScalar,
  })
  .map(({ base, own, baseFields, overlayFields, componentFields }) => {
    const tree: Record<string, string> = {
      "base/kustomization.yaml": `resources: [base.yaml]\n${baseFields}`,
      "base/base.yaml": base,
      "overlay/kustomization.yaml": `resources: [../base${own === null ? "" : ", own.yaml"}]\n${componentFields === null ? "" : "components: [../component]\n"}${overlayFields}`,
    };
    if (own !== null) tree["overlay/own.yaml"] = own;
    if (componentFields !== null)
      tree["component/kustomization.yaml"] = `apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nmetadata: {name: c}\n${componentFields}`;
    for (const folder of ["base", "overlay", "component"]) {
      tree[`${folder}/f.txt`] = "file\ncontent\n";
      tree[`${folder}/e.env`] = "# c\nA=1\n B=x y\nEMPTY\n";
    }
    return tree;
  });
