import type { JsonObject, JsonValue } from "@plumb/std";

/** The value under a key that the object itself has: `constructor` and `__proto__` are keys like any other. */
export function own(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

/** Sets a key of any name: assignment would take `__proto__` for the prototype. */
export function setOwn(target: Record<string, JsonValue | undefined>, key: string, value: JsonValue): void {
  if (key === "__proto__") Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
  else target[key] = value;
}
