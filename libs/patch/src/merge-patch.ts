import { isObject, setOwn, type JsonObject, type JsonValue } from "@plumb/std";
import { own } from "./own-key.ts";

/** Applies an RFC 7386 patch: null removes, maps are merged, all else is replaced. Nulls in a map that is new are left out. */
export function applyMergePatch(document: JsonObject, patch: JsonObject): JsonObject {
  const merged: Record<string, JsonValue | undefined> = { ...document };
  for (const [key, change] of Object.entries(patch)) {
    if (change === null) delete merged[key];
    else if (change !== undefined) setOwn(merged, key, changed(own(merged, key), change));
  }
  return merged;
}

function changed(value: JsonValue | undefined, change: JsonValue): JsonValue {
  if (!isObject(value)) return withoutNulls(change);
  return isObject(change) ? applyMergePatch(value, change) : change;
}

/** A value that is new: nulls in its maps mean nothing. Nulls in lists stay: there they are elements. */
export function withoutNulls(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (!isObject(value)) return value;
  const kept: Record<string, JsonValue> = {};
  for (const [key, one] of Object.entries(value)) if (one !== null && one !== undefined) setOwn(kept, key, withoutNulls(one));
  return kept;
}
