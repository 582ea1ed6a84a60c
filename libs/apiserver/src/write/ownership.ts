import { applyPatch, updateManaged, type FieldSet, type ManagedEntry, type VersionView } from "@plumb/patch";
import { ToolkitError, type JsonObject, type JsonValue } from "@plumb/std";
import { equalJson, listAt, objectAt, objectsAt, textAt, without } from "../draft.ts";
import { Refusal, serverError } from "../refusal.ts";
import type { Resource } from "../resource.ts";

/** Who writes, and through which endpoint. */
export interface Writer {
  readonly manager: string;
  /** Empty for the main resource. */
  readonly subresource: string;
  /** RFC 3339 in whole seconds. */
  readonly now: string;
  /** True for a write of `/scale`, whose entry has no time. */
  readonly isTimeless?: boolean;
}

/** Keeps stored managed fields as entries; what is stored was written by this file or checked by it. */
export function managedOf(object: JsonObject): readonly ManagedEntry[] | undefined {
  const entries = objectAt(object, "metadata")?.["managedFields"];
  return Array.isArray(entries) ? objectsAt(object, "metadata", "managedFields") : undefined;
}

/** `object` with `entries`, and without the member where there are none. */
export function withManaged(object: JsonObject, entries: readonly JsonObject[] | undefined): JsonObject {
  const metadata = objectAt(object, "metadata") ?? {};
  const isNone = entries === undefined || entries.length === 0;
  return { ...object, metadata: isNone ? without(metadata, "managedFields") : { ...metadata, managedFields: entries } };
}

/** @param isStrict true for an apply, which fails where an object does not fit another manager's version */
function versionsOf(resource: Resource, isStrict: boolean): (apiVersion: string) => VersionView | undefined {
  return (apiVersion) => {
    const schema = resource.schemaOf(apiVersion);
    if (schema === undefined) return undefined;
    const convert = (object: JsonObject): JsonObject => {
      const [first] = isStrict ? resource.undeclared(object, apiVersion) : [];
      if (first !== undefined) throw serverError(`failed to convert new object: .${first}: field not declared in schema`);
      return resource.convert(object, apiVersion) ?? object;
    };
    return { schema, convert };
  };
}

/**
 * The managed fields after a plain write.
 *
 * @param requested what the request itself says they should be
 */
export function ownAfterUpdate(
  resource: Resource,
  before: JsonObject | undefined,
  after: JsonObject,
  requested: JsonValue | undefined,
  writer: Writer,
): JsonObject {
  const entries = updateManaged({
    apiVersion: resource.apiVersion,
    schema: resource.schema,
    manager: writer.manager,
    subresource: writer.subresource === "" ? undefined : writer.subresource,
    now: writer.isTimeless === true ? undefined : writer.now,
    versions: versionsOf(resource, false),
    resetFields: resetOf(resource, writer),
    before: before ?? resource.codec.empty(),
    isCreate: before === undefined,
    after,
    managedFields: before === undefined ? undefined : managedOf(before),
    requested: Array.isArray(requested) ? listAt({ requested }, "requested").map((entry) => objectAt(entry) ?? {}) : undefined,
  });
  return withManaged(after, settled(entries, before));
}

const resetOf = ({ rules }: Resource, { subresource }: Writer): FieldSet => (subresource === "status" ? rules.statusResetFields : rules.resetFields);

/** Entries that differ in their times alone stay as they were, so that a write of the same is none. */
function settled(entries: readonly ManagedEntry[] | undefined, before: JsonObject | undefined): readonly ManagedEntry[] | undefined {
  const old = before === undefined ? undefined : managedOf(before);
  if (old === undefined || entries === undefined || old.length !== entries.length) return entries;
  const isSame = entries.every((entry, index) => equalJson(without(entry, "time"), without(old[index] ?? {}, "time")));
  return isSame ? old : entries;
}

/**
 * The merged object with its managed fields, not decoded yet.
 *
 * @throws {Refusal} 409 with a cause for each field that another manager owns; 500 for a body that does not fit its schema
 */
export function apply(resource: Resource, live: JsonObject | undefined, applied: JsonObject, force: boolean, writer: Writer): JsonObject {
  const result = attempt(() =>
    applyPatch({
      apiVersion: resource.apiVersion,
      schema: resource.schema,
      manager: writer.manager,
      subresource: writer.subresource === "" ? undefined : writer.subresource,
      now: writer.isTimeless === true ? undefined : writer.now,
      versions: versionsOf(resource, true),
      resetFields: resetOf(resource, writer),
      live: live ?? resource.codec.empty(),
      empty: resource.codec.empty(),
      isCreate: live === undefined,
      applied,
      managedFields: live === undefined ? undefined : managedOf(live),
      force,
    }),
  );
  switch (result.kind) {
    case "applied":
      return withManaged(result.object, result.managedFields);
    case "conflict": {
      const causes = result.conflicts.map(({ message, field }) => ({ reason: "FieldManagerConflict", message, field }));
      throw new Refusal(409, "Conflict", result.message, { causes });
    }
    case "untyped":
      throw serverError(`failed to create typed patch object (${subjectOf(applied, resource)}): ${result.message}`);
    default:
      return result satisfies never;
  }
}

/** With the namespace and the name that the body says, not the path. */
function subjectOf(object: JsonObject, { group, version, kind }: Resource): string {
  const groupVersion = group === "" ? `/${version}` : `${group}/${version}`;
  return `${textAt(object, "metadata", "namespace") ?? ""}/${textAt(object, "metadata", "name") ?? ""}; ${groupVersion}, Kind=${kind}`;
}

function attempt<Value>(run: () => Value): Value {
  try {
    return run();
  } catch (thrown) {
    if (thrown instanceof ToolkitError && thrown.kind === "invalid") throw serverError(thrown.message);
    throw thrown;
  }
}

/** The name of the writer: as the request says, else the first part of its user agent. */
export function managerName(asked: string, userAgent: string): string {
  if (asked !== "") return asked;
  const first = userAgent.split("/")[0] ?? "";
  return first.replaceAll(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, "").slice(0, 128);
}
