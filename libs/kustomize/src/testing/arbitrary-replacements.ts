import fc from "fast-check";
import { anyName } from "./arbitrary-object.ts";
import { anyKind, anyTarget } from "./arbitrary-patch.ts";
import { anyReference } from "./arbitrary-reference.ts";

type Text = fc.Arbitrary<string>;

const anySource: Text = fc.oneof(
  fc
    .tuple(
      anyReference,
      fc.constantFrom(
        "fieldPath: metadata.name",
        "fieldPath: metadata.namespace",
        "fieldPath: metadata.labels.app",
        "fieldPath: metadata.labels",
        "fieldPath: spec.template.spec.containers.0.image",
        "fieldPath: 'spec.template.spec.containers.[name=c0].env'",
        "fieldPath: spec.list",
        "fieldPath: spec.replicas",
        "fieldPath: data.key0",
        "options: {delimiter: e, index: 0}",
        "fieldPath: kind, options: {delimiter: e, index: 1, create: true}",
      ),
    )
    .map(([reference, path]) => reference(`source: {kind: KIND, name: NAME, ${path}}`)),
  anyReference.map((reference) => reference("source: {group: GROUP, version: VERSION, kind: KIND, name: NAME, namespace: SPACE}")),
  anyReference.map((reference) => reference("source: {kind: KIND, name: NAME}")),
  fc.tuple(anyKind, anyName).map(([kind, name]) => `source: {kind: ${kind}, name: ${name}}`),
  fc.constantFrom('sourceValue: "fixed"', 'sourceValue: "8080"', "sourceValue: 'a:b-c'", 'sourceValue: ""'),
);

const anyFieldPath: Text = fc.constantFrom(
  "metadata.annotations.r",
  "metadata.labels.app",
  "metadata.name",
  "metadata.annotations.[a.b/c]",
  "spec.value",
  "data.key0",
  "data.new",
  "spec.replicas",
  "spec.template.spec.containers.[name=c0].image",
  "spec.template.spec.containers.[name=c9].image",
  "spec.template.spec.containers.*.env.0.value",
  "spec.template.spec.containers.*.env.[name=V].value",
  "spec.template.spec.containers.-",
  "spec.template.spec.containers.1.image",
  "spec.template.spec.volumes.[name=v].configMap",
  "spec.list.[name=one].v",
  "spec.list.*.v",
  "spec.list",
  "data.key0.server.port",
  "data.key0.list.[name=one].v",
  "data.key0.server.hosts.0",
  "data.key0.server.added",
  "data.json.server.port",
  "data.json.server.list.1.a",
  "stringData.key0.server.port",
  "stringData.json.server.port",
);

/** The field `replacements`, of one or two. */
export const anyReplacements: Text = fc
  .array(
    fc.tuple(
      anySource,
      anyTarget,
      fc.array(anyFieldPath, { minLength: 1, maxLength: 2 }),
      fc.constantFrom(
        "",
        "",
        "{create: true}",
        "{create: true}",
        "{delimiter: ':', index: 1}",
        "{delimiter: '-', index: 0, create: true}",
        "{delimiter: e, index: -1}",
      ),
      fc.option(anyTarget),
    ),
    { minLength: 1, maxLength: 2 },
  )
  .map((all) => {
    const entries = all.map(
      ([source, target, paths, options, reject]) =>
        `- ${source}\n  targets:\n  - select: ${target}\n    fieldPaths: [${paths.map((path) => `'${path}'`).join(", ")}]\n${options === "" ? "" : `    options: ${options}\n`}${reject === null ? "" : `    reject: [${reject}]\n`}`,
    );
    return `replacements:\n${entries.join("")}`;
  });

/** The field `vars`. */
export const anyVars: Text = fc
  .tuple(
    anyReference,
    fc.constantFrom(
      "",
      "",
      "  fieldref: {fieldpath: metadata.name}\n",
      "  fieldref: {fieldPath: data.key0}\n",
      "  fieldref: {fieldPath: kind}\n",
      "  fieldref: {fieldPath: 'spec.template.spec.containers[0].image'}\n",
      "  fieldref: {fieldPath: metadata.labels}\n",
    ),
    fc.constantFrom("", "", "", ", namespace: SPACE"),
  )
  .map(([reference, path, namespace]) => `vars:\n- name: VAR\n  objref: ${reference(`{kind: KIND, name: NAME, apiVersion: API${namespace}}`)}\n${path}`);
