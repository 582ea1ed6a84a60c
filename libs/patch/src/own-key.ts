import type { JsonObject, JsonValue } from "@plumb/std";

/** The value under a key that the object itself has: `constructor` and `__proto__` are keys like any other. */
export function own(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}
