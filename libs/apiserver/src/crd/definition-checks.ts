import type { JsonObject } from "@plumb/std";
import { draftsAt, equalJson, listAt, objectAt, objectsAt, textAt, textsAt, valueAt, within, type Draft } from "../draft.ts";
import { invalid, required, unsupported, type FieldFault } from "../refusal.ts";
import { nameProblems } from "../validation/names.ts";
import { isKnownFormat } from "./formats.ts";
import { schemaAt, type JsonSchema } from "./prune.ts";
import { checkStructure } from "./structural-checks.ts";
import { checkConversion, checkVersionParts } from "./version-checks.ts";

/** The status endpoint of a definition changes the status alone. */
export const DEFINITION_STATUS_KEEPS: readonly (readonly string[])[] = [
  ["metadata", "labels"],
  ["metadata", "annotations"],
  ["metadata", "finalizers"],
  ["metadata", "ownerReferences"],
];

function storedVersions(definition: Draft): string[] {
  return draftsAt(definition, "spec", "versions")
    .filter((version) => version["storage"] === true)
    .map((version) => textAt(version, "name") ?? "");
}

export function prepareDefinition(draft: Draft): void {
  draft["status"] = { storedVersions: storedVersions(draft), conditions: null, acceptedNames: { plural: "", kind: "" } };
}

/** A version that becomes the storage version has been stored in from then on. */
export function prepareDefinitionUpdate(draft: Draft): void {
  const status = within(draft, "status");
  const known = Array.isArray(status["storedVersions"]) ? status["storedVersions"] : [];
  const added = storedVersions(draft).filter((name) => !known.includes(name));
  if (added.length > 0) status["storedVersions"] = [...known, ...added];
}

export function validateDefinition(definition: JsonObject): readonly FieldFault[] {
  const spec = objectAt(definition, "spec");
  const name = textAt(definition, "metadata", "name") ?? "";
  const wanted = `${textAt(spec, "names", "plural") ?? ""}.${textAt(spec, "group") ?? ""}`;
  const versions = objectsAt(spec, "versions");
  return [
    ...(name === wanted ? [] : [invalid("metadata.name", name, `must be spec.names.plural+"."+spec.group`)]),
    ...groupFaults(textAt(spec, "group") ?? ""),
    ...scopeFaults(textAt(spec, "scope") ?? ""),
    ...nameFaults(objectAt(spec, "names")),
    ...(spec?.["preserveUnknownFields"] === true
      ? [invalid("spec.preserveUnknownFields", true, "cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead")]
      : []),
    ...storageFaults(versions),
    ...duplicateVersions(versions),
    ...schemaFaults(versions),
    ...checkVersionParts(versions),
    ...checkConversion(objectAt(spec, "conversion")),
    ...approvalFaults(definition),
  ];
}

/** Groups of Kubernetes itself. Source: apiextensions `ProtectedCommunityGroup`. */
function approvalFaults(definition: JsonObject): readonly FieldFault[] {
  const group = textAt(definition, "spec", "group") ?? "";
  const isProtected = /(?:^|\.)(?:k8s|kubernetes)\.io$/.test(group);
  const approval = "api-approved.kubernetes.io";
  if (!isProtected || textsAt(definition, "metadata", "annotations").has(approval)) return [];
  return [required(`metadata.annotations[${approval}]`, `protected groups must have approval annotation "${approval}"`)];
}

function groupFaults(group: string): readonly FieldFault[] {
  if (group === "") return [required("spec.group")];
  const faults = nameProblems(group, "subdomain").map((says) => invalid("spec.group", group, says));
  return group.includes(".") ? faults : [...faults, invalid("spec.group", group, "should be a domain with at least one dot")];
}

function scopeFaults(scope: string): readonly FieldFault[] {
  return scope === "Namespaced" || scope === "Cluster"
    ? []
    : scope === ""
      ? [required("spec.scope")]
      : [unsupported("spec.scope", scope, ["Cluster", "Namespaced"])];
}

function nameFaults(names: JsonObject | undefined): readonly FieldFault[] {
  const plural = textAt(names, "plural") ?? "";
  const kind = textAt(names, "kind") ?? "";
  const listKind = textAt(names, "listKind") ?? "";
  const singular = textAt(names, "singular") ?? "";
  const labels = (name: string, field: string): readonly FieldFault[] => nameProblems(name, "serviceLabel").map((says) => invalid(field, name, says));
  return [
    ...(singular === "" ? [required("spec.names.singular")] : labels(singular, "spec.names.singular")),
    ...(listKind === "" ? [] : labels(listKind.toLowerCase(), "spec.names.listKind")),
    ...listAt(names, "categories").flatMap((one, index) => labels(String(one), `spec.names.categories[${index}]`)),
    ...(plural === "" ? [required("spec.names.plural")] : nameProblems(plural, "serviceLabel").map((says) => invalid("spec.names.plural", plural, says))),
    ...(kind === "" ? [required("spec.names.kind")] : nameProblems(kind.toLowerCase(), "serviceLabel").map((says) => invalid("spec.names.kind", kind, says))),
    ...(listKind === ""
      ? [required("spec.names.listKind")]
      : kind === listKind
        ? [invalid("spec.names.listKind", listKind, "kind and listKind may not be the same")]
        : []),
    ...listAt(names, "shortNames").flatMap((one, index) =>
      nameProblems(String(one), "serviceLabel").map((says) => invalid(`spec.names.shortNames[${index}]`, one, says)),
    ),
  ];
}

function storageFaults(versions: readonly JsonObject[]): readonly FieldFault[] {
  const count = versions.filter((version) => version["storage"] === true).length;
  if (count === 1) return [];
  const stored = count === 0 ? "must have at least one stored version" : "must have exactly one version marked as storage version";
  return [invalid("spec.versions", versions.length, "must have exactly one version marked as storage version"), invalid("status.storedVersions", [], stored)];
}

function duplicateVersions(versions: readonly JsonObject[]): readonly FieldFault[] {
  const seen = new Set<string>();
  return versions.flatMap((version, index) => {
    const name = textAt(version, "name") ?? "";
    const isRepeated = seen.has(name);
    seen.add(name);
    // The first version is held under its old name too.
    const fields = index === 0 ? ["spec.version", "spec.versions[0].name"] : [`spec.versions[${index}].name`];
    return [
      ...(isRepeated ? [invalid("spec.versions", name, "must contain unique version names")] : []),
      ...nameProblems(name, "serviceLabel").flatMap((says) => fields.map((field) => invalid(field, name, says))),
    ];
  });
}

/** One schema for all versions is reported as if it stood at the top, which is how upstream holds it. */
function schemaFaults(versions: readonly JsonObject[]): readonly FieldFault[] {
  const schemas = versions.map((version) => schemaAt(version, "schema", "openAPIV3Schema"));
  const isShared = schemas.every((schema) => equalJson(schema, schemas[0]));
  const missing = schemas.flatMap((schema, index) => (schema === undefined ? [required(`spec.versions[${index}].schema.openAPIV3Schema`)] : []));
  if (missing.length > 0) return missing;
  const [only] = schemas;
  if (isShared) return only === undefined ? [] : checkStructure(only, "spec.validation.openAPIV3Schema");
  return schemas.flatMap((schema, index) => (schema === undefined ? [] : checkStructure(schema, `spec.versions[${index}].schema.openAPIV3Schema`)));
}

/** Formats that mean nothing to the server, each once. */
export function definitionWarnings(definition: JsonObject): readonly string[] {
  const schemas = objectsAt(definition, "spec", "versions").map((version) => schemaAt(version, "schema", "openAPIV3Schema"));
  return [...new Set(schemas.flatMap((schema) => (schema === undefined ? [] : unknownFormats(schema))))]
    .sort()
    .map((format) => `unrecognized format ${JSON.stringify(format)}`);
}

function unknownFormats(schema: JsonSchema): readonly string[] {
  const format = textAt(schema, "format") ?? "";
  const isUnknown = textAt(schema, "type") === "string" && format !== "" && !isKnownFormat(format);
  const properties = schemaAt(schema, "properties") ?? {};
  const parts = [...Object.keys(properties).map((name) => schemaAt(properties, name)), schemaAt(schema, "items"), schemaAt(schema, "additionalProperties")];
  return [...(isUnknown ? [format] : []), ...parts.flatMap((part) => (part === undefined ? [] : unknownFormats(part)))];
}

function validateDefinitionUpdate(definition: JsonObject, old: JsonObject): readonly FieldFault[] {
  const isEstablished = objectsAt(old, "status", "conditions").some((one) => textAt(one, "type") === "Established" && textAt(one, "status") === "True");
  const fixed: readonly (readonly string[])[] = [
    ["spec", "group"],
    ["spec", "names", "plural"],
    ...(isEstablished
      ? [
          ["spec", "scope"],
          ["spec", "names", "kind"],
        ]
      : []),
  ];
  const names = objectsAt(definition, "spec", "versions").map((version) => textAt(version, "name") ?? "");
  const missing = listAt(definition, "status", "storedVersions").flatMap((name, index) =>
    names.includes(String(name))
      ? []
      : [
          invalid(
            `status.storedVersions[${index}]`,
            name,
            `missing from spec.versions; ${String(name)} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${String(name)} and removes ${String(name)} from status.storedVersions`,
          ),
        ],
  );
  const changed = fixed
    .filter((path) => !equalJson(valueAt(definition, ...path), valueAt(old, ...path)))
    .map((path) => invalid(path.join("."), valueAt(definition, ...path) ?? "", "field is immutable"));
  return [...changed, ...missing];
}

/** The checks of a changed definition: its name has been checked when it was made. */
export function validateChangedDefinition(definition: JsonObject, old: JsonObject): readonly FieldFault[] {
  return [...validateDefinitionUpdate(definition, old), ...validateDefinition(definition).filter(({ field }) => field !== "metadata.name")];
}
