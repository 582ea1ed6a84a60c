/** A number as it was written, where a double would be written otherwise: `1.0`, `1e3`, an integer beyond 2^53. */
interface WrittenNumber {
  readonly rawJSON: string;
}

export type Json = null | boolean | number | string | WrittenNumber | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

// why: the compiler's library does not know this part of the language yet; Node 22 and newer have it
const { rawJSON, isRawJSON } = JSON as unknown as {
  rawJSON: (text: string) => WrittenNumber;
  isRawJSON: (value: unknown) => value is WrittenNumber;
};

/** Parses JSON so that `JSON.stringify` writes every number as it was. @throws {SyntaxError} as `JSON.parse` does */
export function parseExactly(text: string): Json {
  // why: the compiler's library does not know the reviver's third argument yet
  const parse = JSON.parse as (text: string, reviver: (key: string, value: Json, context: { source?: string }) => Json) => Json;
  return parse(text, (_key, value, { source }) => (typeof value === "number" && source !== undefined && source !== String(value) ? rawJSON(source) : value));
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isRawJSON(value);
}

/** The one text of a number's value, `1` for `1.0`, every digit of an integer kept; undefined for what is no number. */
export function numberText(value: unknown): string | undefined {
  if (typeof value === "number") return String(value);
  if (!isRawJSON(value)) return undefined;
  return /^-?\d+$/.test(value.rawJSON) ? BigInt(value.rawJSON).toString() : String(Number(value.rawJSON));
}
