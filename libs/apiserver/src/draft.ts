import { isObject, setOwn, type JsonObject, type JsonValue } from "@plumb/std";

/** JSON that its one holder may still change; stored objects never are drafts. */
export type DraftValue = null | boolean | number | bigint | string | DraftValue[] | Draft;

export interface Draft {
  [key: string]: DraftValue | undefined;
}

/** A deep copy that may be changed. Members that are `undefined` are left out. */
export function draftOf(object: JsonObject): Draft {
  const copy: Draft = {};
  for (const [key, value] of Object.entries(object)) {
    if (value !== undefined) setOwn(copy, key, draftValue(value));
  }
  return copy;
}

export function draftValue(value: JsonValue): DraftValue {
  if (Array.isArray(value)) return value.map(draftValue);
  return isObject(value) ? draftOf(value) : plain(value);
}

// why: arrays and objects are handled above, which the compiler cannot see for readonly arrays
const plain = (value: JsonValue): DraftValue => value as DraftValue;

export function isDraft(value: DraftValue | undefined): value is Draft {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The object at `key`, made when it is not there. */
export function within(draft: Draft, key: string): Draft {
  const present = draft[key];
  if (isDraft(present)) return present;
  const made: Draft = {};
  setOwn(draft, key, made);
  return made;
}

/** The object at `key`, or undefined. */
export function objectAt(value: JsonValue | undefined, ...path: readonly string[]): JsonObject | undefined {
  const found = valueAt(value, ...path);
  return isObject(found) ? found : undefined;
}

export function draftAt(draft: Draft | undefined, ...path: readonly string[]): Draft | undefined {
  let at: DraftValue | undefined = draft;
  for (const key of path) at = isDraft(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  return isDraft(at) ? at : undefined;
}

/** The objects in the list at `path`; an absent list is empty. */
export function draftsAt(draft: Draft | undefined, ...path: readonly string[]): readonly Draft[] {
  const last = path.at(-1);
  const parent = draftAt(draft, ...path.slice(0, -1));
  const list = last === undefined || parent === undefined ? undefined : parent[last];
  return Array.isArray(list) ? list.filter(isDraft) : [];
}

export function valueAt(value: JsonValue | undefined, ...path: readonly string[]): JsonValue | undefined {
  let at = value;
  for (const key of path) at = isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  return at;
}

export function textAt(value: JsonValue | undefined, ...path: readonly string[]): string | undefined {
  const found = valueAt(value, ...path);
  return typeof found === "string" ? found : undefined;
}

export function numberAt(value: JsonValue | undefined, ...path: readonly string[]): number | undefined {
  const found = valueAt(value, ...path);
  return typeof found === "number" ? found : undefined;
}

export function listAt(value: JsonValue | undefined, ...path: readonly string[]): readonly JsonValue[] {
  const found = valueAt(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** The objects in the list at `path`. */
export function objectsAt(value: JsonValue | undefined, ...path: readonly string[]): readonly JsonObject[] {
  return listAt(value, ...path).filter(isObject);
}

/** The members of the object at `path` whose values are strings. */
export function textsAt(value: JsonValue | undefined, ...path: readonly string[]): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const [key, text] of Object.entries(objectAt(value, ...path) ?? {})) {
    if (typeof text === "string") texts.set(key, text);
  }
  return texts;
}

/** `object` without the members `keys`, and the object itself when it has none of them. */
export function without(object: JsonObject, ...keys: readonly string[]): JsonObject {
  if (!keys.some((key) => Object.hasOwn(object, key))) return object;
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key)));
}

/** Equal as JSON: the order of keys does not count, members that are `undefined` are absent. */
export function equalJson(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, index) => equalJson(item, b[index]));
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a).filter((key) => a[key] !== undefined);
  if (keys.length !== Object.keys(b).filter((key) => b[key] !== undefined).length) return false;
  return keys.every((key) => Object.hasOwn(b, key) && equalJson(a[key], b[key]));
}
