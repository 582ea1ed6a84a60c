import fc from "fast-check";
import { anyJsonPatch } from "./arbitrary-json-patch.ts";
import { anyMergePatch } from "./arbitrary-merge-patch.ts";
import { anyName } from "./arbitrary-object.ts";
import { anyReference } from "./arbitrary-reference.ts";

type Text = fc.Arbitrary<string>;

/** Kinds that generated objects have. */
export const anyKind: Text = fc.constantFrom("Deployment", "StatefulSet", "ConfigMap", "Service", "Secret", "CronJob", "Widget", "RoleBinding", "Ingress");

/** A selector of objects, in flow style. */
export const anyTarget: Text = fc.oneof(
  anyReference.map((reference) => reference("{kind: KIND, name: NAME}")),
  anyReference.map((reference) => reference("{group: GROUP, version: VERSION, kind: KIND, name: NAME, namespace: SPACE}")),
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
    "{annotationSelector: 'a in (true, b),z'}",
    "{labelSelector: 'app in (x, y), tier notin (2)'}",
    "{labelSelector: 'l=m,app==x'}",
    "{group: '', version: v1, kind: Secret, namespace: default}",
    "{group: 'apps|batch', name: '.*'}",
    "{name: 'agen|webgen|.*x'}",
    "{}",
  ),
);

const anyOptions: Text = fc.constantFrom(
  "",
  "",
  "",
  "",
  "  options: {allowNameChange: true}\n",
  "  options: {allowKindChange: true, allowNameChange: true}\n",
  "  options: {allowKindChange: true}\n",
);

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
const block = (text: string): string => `|-\n    ${text.trimEnd().replaceAll("\n", "\n    ")}`;
const written = (text: string): string => (text.includes("\n") ? block(text) : quoted(text));

/** A merge with the id of an object that may be there. */
export const anyNamedMerge: Text = fc
  .tuple(
    anyReference,
    fc.constantFrom(
      "data: {key0: merged}",
      "data: {key0: merged}",
      "spec: {replicas: 9}",
      "spec: {template: {spec: {containers: [{name: c0, image: merged}]}}}",
      "spec: {list: [{name: one, v: merged}, {name: zero}]}",
      "metadata: {labels: {app: null}}",
      "$patch: delete",
      "spec: {ports: [{port: 80, name: other}]}",
    ),
  )
  .map(([reference, body]) => `{${reference("apiVersion: API, kind: KIND, metadata: {name: NAME, namespace: SPACE}")}, ${body}}`);

/** The field `patches`: merges or operations, inline or in files, with a target or without. */
export const anyPatches: Text = fc
  .array(
    fc.oneof(
      {
        weight: 5,
        arbitrary: fc
          .tuple(fc.oneof(anyMergePatch, anyJsonPatch), anyTarget, anyOptions)
          .map(([patch, target, options]) => `- patch: ${written(patch)}\n  target: ${target}\n${options}`),
      },
      {
        weight: 2,
        arbitrary: fc
          .tuple(fc.constantFrom("merge.yaml", "operations.json", "operations.yaml", "both.yaml"), anyTarget, anyOptions)
          .map(([path, target, options]) => `- path: ${path}\n  target: ${target}\n${options}`),
      },
      { weight: 1, arbitrary: fc.tuple(anyNamedMerge, anyOptions).map(([patch, options]) => `- patch: ${quoted(patch)}\n${options}`) },
    ),
    { minLength: 1, maxLength: 3 },
  )
  .map((patches) => `patches:\n${patches.join("")}`);

/** The field `patchesStrategicMerge`. */
export const anyMerges: Text = fc
  .array(fc.oneof({ weight: 3, arbitrary: anyNamedMerge.map(quoted) }, { weight: 1, arbitrary: fc.constantFrom("merge.yaml", "missing.yaml") }), {
    minLength: 1,
    maxLength: 2,
  })
  .map((patches) => `patchesStrategicMerge:\n${patches.map((patch) => `- ${patch}\n`).join("")}`);

/** The field `patchesJson6902`. */
export const anyJson6902: Text = fc
  .tuple(
    anyReference,
    fc.oneof(
      anyJsonPatch.map((patch) => `patch: ${quoted(patch)}`),
      fc.constantFrom("path: operations.json", "path: operations.yaml"),
    ),
  )
  .map(([reference, patch]) => `patchesJson6902:\n- target: {${reference("group: GROUP, version: VERSION, kind: KIND, name: NAME")}}\n  ${patch}\n`);
