import type { JsonObject } from "@plumb/std";
import { equalJson, listAt, numberAt, objectsAt, textAt, textsAt, valueAt } from "../draft.ts";
import { forbidden, invalid, required, type FieldFault } from "../refusal.ts";
import { nameProblems, qualifiedNameProblems, validateAnnotations, validateLabels, type NameRule } from "./names.ts";

const STANDARD_FINALIZERS: ReadonlySet<string> = new Set(["kubernetes", "orphan", "foregroundDeletion"]);

/** Checks `metadata`, of a new object and again of a changed one. @param field `metadata`, or where an embedded one stands */
export function validateObjectMeta(
  metadata: JsonObject,
  isNamespaced: boolean,
  names: NameRule,
  takesAnyFinalizer: boolean,
  field = "metadata",
): readonly FieldFault[] {
  return [
    ...nameFaults(metadata, names, field),
    ...namespaceFaults(textAt(metadata, "namespace") ?? "", isNamespaced, field),
    ...generationFaults(metadata, field),
    ...validateLabels(textsAt(metadata, "labels"), `${field}.labels`),
    ...validateAnnotations(textsAt(metadata, "annotations"), `${field}.annotations`),
    ...ownerFaults(objectsAt(metadata, "ownerReferences"), `${field}.ownerReferences`),
    ...finalizerFaults(metadata, takesAnyFinalizer, `${field}.finalizers`),
  ];
}

function nameFaults(metadata: JsonObject, names: NameRule, field: string): readonly FieldFault[] {
  const generateName = textAt(metadata, "generateName") ?? "";
  const prefix = generateName.endsWith("-") && generateName.length > 1 ? `${generateName.slice(0, -1)}a` : generateName;
  const faults = generateName === "" ? [] : nameProblems(prefix, names).map((says) => invalid(`${field}.generateName`, generateName, says));
  const name = textAt(metadata, "name") ?? "";
  if (name === "") return [...faults, required(`${field}.name`, "name or generateName is required")];
  return [...faults, ...nameProblems(name, names).map((says) => invalid(`${field}.name`, name, says))];
}

function namespaceFaults(namespace: string, isNamespaced: boolean, field: string): readonly FieldFault[] {
  if (!isNamespaced) return namespace === "" ? [] : [forbidden(`${field}.namespace`, "not allowed on this type")];
  if (namespace === "") return [required(`${field}.namespace`)];
  return nameProblems(namespace, "label").map((says) => invalid(`${field}.namespace`, namespace, says));
}

function generationFaults(metadata: JsonObject, field: string): readonly FieldFault[] {
  const generation = numberAt(metadata, "generation") ?? 0;
  return generation < 0 ? [invalid(`${field}.generation`, generation, "must be greater than or equal to 0")] : [];
}

function ownerFaults(owners: readonly JsonObject[], field: string): readonly FieldFault[] {
  const faults = owners.flatMap((owner) => oneOwnerFaults(owner, field));
  const controllers = owners.filter((owner) => valueAt(owner, "controller") === true);
  const [first, second] = controllers;
  if (first === undefined || second === undefined) return faults;
  const shown = (owner: JsonObject): string => `${textAt(owner, "kind") ?? ""}/${textAt(owner, "name") ?? ""}`;
  return [
    ...faults,
    invalid(field, owners, `Only one reference can have Controller set to true. Found "true" in references for ${shown(first)} and ${shown(second)}`),
  ];
}

function oneOwnerFaults(owner: JsonObject, field: string): readonly FieldFault[] {
  const parts = [
    ["apiVersion", "version"],
    ["kind", "kind"],
    ["name", "name"],
    ["uid", "uid"],
  ] as const;
  const empty = parts.filter(([key]) => (textAt(owner, key) ?? "") === "").map(([key, word]) => invalid(`${field}.${key}`, "", `${word} must not be empty`));
  const isEvent = textAt(owner, "apiVersion") === "v1" && textAt(owner, "kind") === "Event";
  return isEvent ? [...empty, invalid(field, "/v1, Kind=Event", "/v1, Kind=Event is disallowed from being an owner")] : empty;
}

function finalizersOf(metadata: JsonObject): readonly string[] {
  return listAt(metadata, "finalizers").filter((one) => typeof one === "string");
}

function finalizerFaults(metadata: JsonObject, takesAny: boolean, field: string): readonly FieldFault[] {
  const finalizers = finalizersOf(metadata);
  const faults = finalizers.flatMap((name) => qualifiedNameProblems(name).map((says) => invalid(field, name, says)));
  const conflict =
    finalizers.includes("orphan") && finalizers.includes("foregroundDeletion")
      ? [invalid(field, finalizers, "finalizer orphan and foregroundDeletion cannot be both set")]
      : [];
  return [...faults, ...conflict, ...(takesAny ? [] : finalizerNameFaults(metadata, field))];
}

/** A finalizer of a built-in kind is a standard one, or has a domain. */
export function finalizerNameFaults(metadata: JsonObject, field = "metadata.finalizers"): readonly FieldFault[] {
  return finalizersOf(metadata).flatMap((name, index) =>
    name.includes("/") || STANDARD_FINALIZERS.has(name)
      ? []
      : [invalid(`${field}[${index}]`, name, "name is neither a standard finalizer name nor is it fully qualified")],
  );
}

const IMMUTABLE = ["name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"] as const;

/** Checks what an update may not change, and what it brings. */
export function validateObjectMetaUpdate(metadata: JsonObject, old: JsonObject, field = "metadata"): readonly FieldFault[] {
  const immutable = IMMUTABLE.filter((key) => !equalJson(valueAt(metadata, key), valueAt(old, key))).map((key) =>
    invalid(`${field}.${key}`, valueAt(metadata, key) ?? "", "field is immutable"),
  );
  return [...immutable, ...addedFinalizerFaults(metadata, old, field)];
}

/** An object that is being deleted gets no new finalizers. */
function addedFinalizerFaults(metadata: JsonObject, old: JsonObject, field: string): readonly FieldFault[] {
  if (valueAt(old, "deletionTimestamp") === undefined) return [];
  const before = listAt(old, "finalizers");
  const added = listAt(metadata, "finalizers").filter((one) => !before.includes(one));
  return added.length === 0
    ? []
    : [
        forbidden(
          `${field}.finalizers`,
          `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((one) => JSON.stringify(one)).join(", ")}}`,
        ),
      ];
}

/** What an update is asked again, though nothing of it may have changed. Source: `ValidateObjectMetaAccessorUpdate`. */
export function validateChangedMeta(metadata: JsonObject, field = "metadata"): readonly FieldFault[] {
  return [
    ...validateLabels(textsAt(metadata, "labels"), `${field}.labels`),
    ...validateAnnotations(textsAt(metadata, "annotations"), `${field}.annotations`),
    ...ownerFaults(objectsAt(metadata, "ownerReferences"), `${field}.ownerReferences`),
  ];
}
