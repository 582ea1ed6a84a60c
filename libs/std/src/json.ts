import { isObject, type JsonValue } from "./json-value.ts";
import { compareText } from "./text.ts";

/** A run of digits that a double may not hold; without one, the plain parser is exact. */
const LONG_NUMBER = /\d{16}/;
const INTEGER = /^-?\d+$/;

/**
 * Parses JSON without losing an integer: one outside ±2^53 becomes a `bigint`. A key `__proto__` stays a key.
 *
 * @throws {SyntaxError} as `JSON.parse` does
 */
export function parseJson(text: string): JsonValue {
  if (!LONG_NUMBER.test(text)) return JSON.parse(text);
  // why: the standard library's type lacks the reviver's third argument, which Node 22 and newer pass
  const parse = JSON.parse as (text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown) => JsonValue;
  return parse(text, (_key, value, context) =>
    typeof value === "number" && !Number.isSafeInteger(value) && context.source !== undefined && INTEGER.test(context.source) ? BigInt(context.source) : value,
  );
}

/** Writes JSON, a `bigint` as a plain number. @param indent spaces a level; 0 for one line */
export function stringifyJson(value: unknown, indent = 0): string {
  return JSON.stringify(value, exactly, indent);
}

// why: the standard library's type lacks JSON.rawJSON, which Node 22 and newer have
const { rawJSON } = JSON as unknown as { rawJSON: (text: string) => unknown };

function exactly(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? rawJSON(value.toString()) : value;
}

/** Equal texts for equal values, whatever the order of their keys; what is undefined is left out. */
export function canonicalJson(value: unknown): string {
  return stringifyJson(inKeyOrder(value));
}

function inKeyOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inKeyOrder);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => compareText(a, b))
      .map(([key, child]) => [key, inKeyOrder(child)]),
  );
}
