import { groupVersionKind, type LiveObject, type ManagedFieldsEntry } from "@plumb/api";
import { pathText, pointerOf, type FieldPath, type FieldSet } from "@plumb/patch";
import { canonicalJson, type JsonValue } from "@plumb/std";
import { fieldsOfEntry, ownEntry, ownValues } from "../baseline.ts";
import { APPLY_MANAGER } from "../owner.ts";

/** One field that is not as it was applied. */
export interface FieldChange {
  /** RFC 6901, in the live object where the field is there, else in the desired one. */
  readonly pointer: string;
  /** Such as `.spec.template.spec.containers[name="app"].image`. */
  readonly field: string;
  readonly what: "changed" | "removed";
  /** Undefined where `isRedacted`, or for the mere presence of an element. */
  readonly desired: JsonValue | undefined;
  /** Undefined where `isRedacted`, or where the field is gone. */
  readonly live: JsonValue | undefined;
  /** True where the values may not be shown: data of Secrets, and whatever was encrypted in Git. */
  readonly isRedacted: boolean;
  /** Who owns the field now; `unknown` where the server names nobody. */
  readonly manager: string;
  /** When that manager last wrote any field, RFC 3339; an upper bound of the time of the change. */
  readonly since: string | undefined;
}

/**
 * Names what differs between an object as it is and as an apply would make it, field by field, at the fields that are ours.
 * No value of a Secret leaves this function. Pure.
 *
 * @param isSensitive true for an object that came encrypted
 */
export function explainDrift(live: LiveObject, desired: LiveObject, isSensitive: boolean): readonly FieldChange[] {
  const entry = ownEntry(desired);
  const there = new Map(ownValues(live, entry).map(({ path, value }) => [pathText(path), value]));
  const owners = ownersOf(live);
  const changes: FieldChange[] = [];
  for (const { path, value } of ownValues(desired, entry)) {
    const field = pathText(path);
    const found = there.get(field);
    if (value === undefined || isSame(value, found) || hasGoneWith(path, changes)) continue;
    const isRedacted = isSensitive || isSecretField(live, path);
    const { manager, since } = found === undefined ? UNKNOWN : (owners.find((owner) => owner.owns(path)) ?? UNKNOWN);
    const shown = isRedacted
      ? { desired: undefined, live: undefined }
      : { desired: value === true && path.at(-1)?.kind !== "field" ? undefined : value, live: found };
    changes.push({
      pointer: pointerOf(path, live) ?? pointerOf(path, desired) ?? "",
      field,
      what: found === undefined ? "removed" : "changed",
      ...shown,
      isRedacted,
      manager,
      since,
    });
  }
  return changes;
}

const UNKNOWN = { manager: "unknown", since: undefined };

function isSame(a: JsonValue, b: JsonValue | undefined): boolean {
  return a === b || (b !== undefined && canonicalJson(a) === canonicalJson(b));
}

/** A field of an element that is gone as a whole is said with the element. */
function hasGoneWith(path: FieldPath, changes: readonly FieldChange[]): boolean {
  const field = pathText(path);
  return changes.some((change) => change.what === "removed" && field.startsWith(change.field) && /^[.[]/.test(field.slice(change.field.length)));
}

function isSecretField(object: LiveObject, path: FieldPath): boolean {
  const { group, kind } = groupVersionKind(object);
  const [first] = path;
  if (group !== "" || kind !== "Secret" || first?.kind !== "field") return false;
  return first.name === "data" || first.name === "stringData" || pathText(path).includes("last-applied-configuration");
}

interface Owner {
  readonly manager: string;
  readonly since: string | undefined;
  readonly owns: (path: FieldPath) => boolean;
}

/** Everybody but us, the last writer first. */
function ownersOf({ metadata }: LiveObject): readonly Owner[] {
  const others = (metadata.managedFields ?? []).filter(
    ({ manager, operation, subresource }) => manager !== APPLY_MANAGER || operation !== "Apply" || (subresource ?? "") !== "",
  );
  return others
    .toSorted((a, b) => timeOf(b) - timeOf(a))
    .map((entry) => {
      const fields = fieldsOfEntry(entry);
      return { manager: nameOf(entry), since: entry.time, owns: (path) => hasShareOf(fields, path) };
    });
}

/** True for the field itself, for a value that it is part of, and for parts of it; naming parts of a map is not owning all of it. */
function hasShareOf(fields: FieldSet, path: FieldPath): boolean {
  let level = fields;
  for (const [at, element] of path.entries()) {
    const below = level.below(element);
    if (level.hasElement(element) && (below.isEmpty || at === path.length - 1)) return true;
    level = below;
  }
  return !level.isEmpty;
}

function nameOf({ manager = "", subresource }: ManagedFieldsEntry): string {
  return (subresource ?? "") === "" ? manager : `${manager} (${subresource})`;
}

function timeOf({ time }: ManagedFieldsEntry): number {
  return time === undefined ? 0 : Date.parse(time);
}
