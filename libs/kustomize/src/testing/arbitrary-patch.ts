import fc from "fast-check";
import { anyName } from "./arbitrary-object.ts";

type Text = fc.Arbitrary<string>;

/** Kinds that generated objects have. */
export const anyKind: Text = fc.constantFrom("Deployment", "StatefulSet", "ConfigMap", "Service", "Secret", "CronJob", "Widget", "RoleBinding", "Ingress");

/** A selector of objects, in flow style. */
export const anyTarget: Text = fc.oneof(
  anyKind.map((kind) => `{kind: ${kind}}`),
  anyName.map((name) => `{name: ${name}}`),
  fc.tuple(anyKind, anyName).map(([kind, name]) => `{kind: ${kind}, name: "${name}|x.*"}`),
  fc.constantFrom(
    "{labelSelector: app=x}",
    "{labelSelector: 'tier in (1,2)'}",
    "{labelSelector: 'app!=x,!quoted'}",
    "{namespace: ns1}",
    "{namespace: 'ns.'}",
    "{group: apps}",
    "{version: v1, kind: Service|ConfigMap}",
    "{annotationSelector: '!none'}",
    "{annotationSelector: 'note=text'}",
    "{kind: '.*Set', name: '[a-d].*'}",
    "{name: '^a$'}",
    "{name: '(?i)WEB'}",
  ),
);

const IN_POD = "kind: Deployment, apiVersion: apps/v1, metadata: {name: x}, spec";

/** A strategic merge of an object called `x`, in flow style. */
export const anyMergePatch: Text = fc.constantFrom(
  "{kind: x, metadata: {name: x, annotations: {p: q}}}",
  "{kind: x, metadata: {name: x, labels: null}}",
  "{kind: x, metadata: {name: x, labels: {app: null, added: ''}}}",
  "{kind: x, metadata: {name: x, annotations: {}}}",
  "{kind: Other, metadata: {name: renamed}}",
  `{${IN_POD}: {template: {spec: {containers: [{name: c0, image: patched}, {name: new, image: n}]}}}}`,
  `{${IN_POD}: {template: {spec: {containers: [{name: c0, env: [{name: V, value: patched}, {$patch: delete, name: R}]}]}}}}`,
  `{${IN_POD}: {template: {spec: {volumes: [{$patch: replace}, {name: only, emptyDir: {}}]}}}}`,
  `{${IN_POD}: {template: {spec: {containers: [{name: c0, ports: [{containerPort: 80, name: web}]}]}}}}`,
  `{${IN_POD}: {template: {spec: {containers: [{name: c1, $patch: delete}], initContainers: [{name: i, image: nginx}]}}}}`,
  `{${IN_POD}: {template: {spec: {containers: [{name: c0, args: [a, b], command: null, resources: {limits: {cpu: 1}}}]}}}}`,
  `{${IN_POD}: {template: {spec: {volumes: [{name: v, configMap: null, emptyDir: {}}, {name: s, $patch: delete}]}}}}`,
  `{${IN_POD}: {template: {spec: {containers: [{image: nameless}]}}}}`,
  `{${IN_POD}: {template: {spec: {$patch: replace, containers: [{name: z, image: z}]}}}}`,
  `{${IN_POD}: {template: {spec: {tolerations: [{key: a}, {key: a}], topologySpreadConstraints: [{topologyKey: t, whenUnsatisfiable: x, maxSkew: 1}]}}}}`,
  `{${IN_POD}: {selector: {matchLabels: {$patch: replace, only: this}}, strategy: {$retainKeys: [type], type: Recreate}}}`,
  `{${IN_POD}: {template: {spec: {$setElementOrder/containers: [{name: c1}, {name: c0}], containers: [{name: c0, image: o}]}}}}`,
  "{kind: ConfigMap, apiVersion: v1, metadata: {name: x}, data: {key0: patched, key1: null, added: '5'}}",
  "{kind: ConfigMap, apiVersion: v1, metadata: {name: x}, data: {$patch: replace, only: one}}",
  "{kind: Service, apiVersion: v1, metadata: {name: x}, spec: {ports: [{port: 80, targetPort: http}, {port: 81, protocol: UDP}], selector: null}}",
  "{kind: RoleBinding, apiVersion: rbac.authorization.k8s.io/v1, metadata: {name: x}, subjects: [{kind: User, name: u}]}",
  "{kind: Widget, apiVersion: example.com/v1, metadata: {name: x}, spec: {list: [{name: three}]}}",
  "{kind: Widget, apiVersion: example.com/v1, metadata: {name: x}, spec: {list: [], value: {deep: [1, {a: b}]}}}",
  "{kind: Widget, apiVersion: example.com/v1, metadata: {name: x}, spec: {$deleteFromPrimitiveList/list: [one]}}",
  "{kind: x, metadata: {name: x}, $patch: delete}",
  "{kind: x, metadata: {name: x}, $patch: replace, data: {a: b}}",
);

/** Operations of a JSON patch. */
export const anyJsonPatch: Text = fc
  .constantFrom<readonly Readonly<Record<string, unknown>>[]>(
    [{ op: "add", path: "/metadata/labels", value: { j: "k" } }],
    [{ op: "replace", path: "/metadata/name", value: "renamed" }],
    [
      { op: "add", path: "/metadata/annotations", value: {} },
      { op: "add", path: "/metadata/annotations/x~1y", value: "1" },
    ],
    [{ op: "add", path: "/metadata/annotations/z", value: "1" }],
    [{ op: "remove", path: "/metadata/labels/app" }],
    [{ op: "add", path: "/spec", value: [1, 2.5, 1000000, 12345678, true, null, "yes", 1e21] }],
    [{ op: "add", path: "/spec/template/spec/containers/-", value: { name: "last", image: "nginx" } }],
    [{ op: "add", path: "/spec/template/spec/containers/0", value: { name: "first" } }],
    [{ op: "remove", path: "/spec/template/spec/containers/1" }],
    [{ op: "remove", path: "/spec/template/spec/containers/-1" }],
    [{ op: "replace", path: "/spec/template/spec/containers/0/env/1", value: { name: "R", value: "01" } }],
    [{ op: "add", path: "/data/key9", value: "a\nb\n" }],
    [{ op: "remove", path: "/data" }],
    [{ op: "replace", path: "/spec/replicas", value: null }],
    [{ op: "copy", from: "/metadata/name", path: "/spec" }],
    [
      { op: "move", from: "/kind", path: "/x" },
      { op: "move", from: "/x", path: "/kind" },
    ],
    [{ op: "test", path: "/kind", value: "Widget" }],
    [
      { op: "test", path: "/metadata/name", value: "a" },
      { op: "add", path: "/metadata/uid", value: "" },
    ],
    [{ op: "replace", path: "/metadata/namespace", value: "ns3" }],
    [{ op: "replace", path: "/kind", value: "Other" }],
    [{ op: "add", path: "", value: { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "whole" } } }],
    [{ op: "add", path: "/a~0b", value: { é: [] } }],
    [],
  )
  .map((operations) => JSON.stringify(operations));

const anyOptions: Text = fc.constantFrom("", "", "", "  options: {allowNameChange: true}\n", "  options: {allowKindChange: true, allowNameChange: true}\n");

/** The field `patches`, with merges or operations. */
export const anyPatches: Text = fc
  .array(fc.tuple(fc.oneof(anyMergePatch, anyJsonPatch), anyTarget, anyOptions), { minLength: 1, maxLength: 3 })
  .map(
    (patches) =>
      `patches:\n${patches.map(([patch, target, options]) => `- patch: '${patch.replaceAll("'", "''")}'\n  target: ${target}\n${options}`).join("")}`,
  );
