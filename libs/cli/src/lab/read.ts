import type { Condition, LiveObject } from "@plumb/api";
import { isObject, type JsonValue } from "@plumb/std";

/** The value at a path of keys; undefined where there is none. */
export function at(object: LiveObject | undefined, ...path: readonly string[]): JsonValue | undefined {
  return path.reduce<JsonValue | undefined>((value, key) => (isObject(value) ? value[key] : undefined), object);
}

export function conditionOf(object: LiveObject | undefined, type: string): Condition | undefined {
  const conditions = at(object, "status", "conditions");
  if (!Array.isArray(conditions)) return undefined;
  // why: the CRD's schema admits nothing but conditions here
  return (conditions as unknown as readonly Condition[]).find((condition) => condition.type === type);
}

/** `main@sha1:` and the first eight digits: enough to tell two commits apart. */
export function shortRevision(revision: string): string {
  return revision.replace(/([0-9a-f]{8})[0-9a-f]{32}/g, "$1");
}
