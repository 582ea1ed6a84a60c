import fc from "fast-check";
import { anyName } from "./arbitrary-object.ts";
import { anyKind, anyTarget } from "./arbitrary-patch.ts";

type Text = fc.Arbitrary<string>;

const anySource: Text = fc.oneof(
  fc
    .tuple(
      anyKind,
      anyName,
      fc.constantFrom("metadata.name", "metadata.namespace", "metadata.labels.app", "spec.template.spec.containers.0.image", "data.key0"),
    )
    .map(([kind, name, path]) => `source: {kind: ${kind}, name: ${name}, fieldPath: ${path}}`),
  fc.tuple(anyKind, anyName).map(([kind, name]) => `source: {kind: ${kind}, name: ${name}}`),
  fc.tuple(anyKind, anyName).map(([kind, name]) => `source: {kind: ${kind}, name: ${name}, fieldPath: metadata.name, options: {delimiter: e, index: 1}}`),
  fc.constantFrom('sourceValue: "fixed"', 'sourceValue: "8080"', "sourceValue: 'a:b-c'"),
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
    anyKind,
    anyName,
    fc.constantFrom("", "  fieldref: {fieldpath: metadata.name}\n", "  fieldref: {fieldPath: data.key0}\n", "  fieldref: {fieldPath: spec.replicas}\n"),
  )
  .map(
    ([kind, name, path]) =>
      `vars:\n- name: VAR\n  objref: {kind: ${kind}, name: ${name}, apiVersion: ${kind === "Deployment" || kind === "StatefulSet" ? "apps/v1" : "v1"}}\n${path}`,
  );
