import { createHash } from "node:crypto";
import { inventoryEntry, type LiveObject, type ManagedFieldsEntry, type Manifest } from "@plumb/api";
import { FieldSet, valuesAt, type FieldPath } from "@plumb/patch";
import { canonicalJson, stringifyJson, type JsonValue } from "@plumb/std";
import { APPLY_MANAGER } from "./owner.ts";

/** What is remembered of an object from the answer to our own write: some 250 bytes, no name and no value of a field. */
export interface Baseline {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly generation: number | undefined;
  /** Hash of the fields that our entry of `managedFields` names; its time is no part of it. */
  readonly fieldsHash: string;
  /** Hash of the values at those fields. */
  readonly valuesHash: string;
  /** Hash of what the other managers of the main resource own. */
  readonly othersHash: string;
  /** Hash of what was sent. */
  readonly desiredHash: string;
  /** The revision that was applied. */
  readonly revision: string;
  /** When this was last proven by a write or a dry run, in milliseconds since 1970. */
  readonly provenMs: number;
}

/** Names an object wherever objects of many kinds are kept together: its inventory id. */
export type ObjectKey = string;

export function objectKey(object: Manifest): ObjectKey {
  return inventoryEntry(object).id;
}

export function baselineOf(answer: LiveObject, desiredHash: string, revision: string, provenMs: number): Baseline {
  const { uid, resourceVersion, generation } = answer.metadata;
  return { uid, resourceVersion, generation, ...ownershipOf(answer), valuesHash: valuesHash(answer), desiredHash, revision, provenMs };
}

/** What a metadata-only event tells of who owns what. */
export function ownershipOf(object: Pick<LiveObject, "metadata">): Pick<Baseline, "fieldsHash" | "othersHash"> {
  const entries = object.metadata.managedFields ?? [];
  const others = entries
    .filter((entry) => !isOwn(entry) && (entry.subresource ?? "") === "")
    .map(({ manager, operation, fieldsV1 }) => [manager, operation, fieldsV1]);
  return { fieldsHash: hashOf(ownEntry(object)?.fieldsV1 ?? {}), othersHash: hashOf(others.sort((a, b) => (stringifyJson(a) < stringifyJson(b) ? -1 : 1))) };
}

/** Hash of what an object has at the fields of `entry`, which is our own unless another is given. */
export function valuesHash(object: LiveObject, entry: ManagedFieldsEntry | undefined = ownEntry(object)): string {
  return hashOf(ownValues(object, entry).map(({ path, value }) => [path.map(({ id }) => id), value ?? null, value === undefined]));
}

/** What an object has at the fields of an entry. */
export function ownValues(
  object: LiveObject,
  entry: ManagedFieldsEntry | undefined,
): readonly { readonly path: FieldPath; readonly value: JsonValue | undefined }[] {
  return valuesAt(fieldsOfEntry(entry), object);
}

/** Empty for an entry that cannot be read: it then owns nothing that could be compared. */
export function fieldsOfEntry(entry: ManagedFieldsEntry | undefined): FieldSet {
  try {
    return FieldSet.parse(entry?.fieldsV1 ?? {});
  } catch {
    return FieldSet.EMPTY;
  }
}

/** Our entry in `managedFields`; undefined when it is gone. */
export function ownEntry({ metadata }: Pick<LiveObject, "metadata">): ManagedFieldsEntry | undefined {
  return metadata.managedFields?.find(isOwn);
}

function isOwn({ manager, operation, subresource }: ManagedFieldsEntry): boolean {
  return manager === APPLY_MANAGER && operation === "Apply" && (subresource ?? "") === "";
}

/** Equal for equal values, whatever the order of their keys; 16 bytes in base64. */
export function hashOf(value: unknown): string {
  return createHash("sha256").update(canonicalJson(value)).digest("base64url").slice(0, 22);
}
