import { normalTimestamp } from "./timestamp.ts";

/**
 * Whose reading of plain scalars: `kustomize` is go-yaml v3, where `yes` and `on` are strings and a date is a timestamp;
 * `kubernetes` is go-yaml v2 under sigs.k8s.io/yaml, where they are booleans and a date stays a string.
 */
export type Dialect = "kustomize" | "kubernetes";

export interface ResolvedScalar {
  readonly tag: "!!null" | "!!bool" | "!!int" | "!!float" | "!!timestamp" | "!!str";
  /** For a timestamp its normal form. */
  readonly value: null | boolean | number | bigint | string;
}

const NULL: ResolvedScalar = { tag: "!!null", value: null };
const TRUE: ResolvedScalar = { tag: "!!bool", value: true };
const FALSE: ResolvedScalar = { tag: "!!bool", value: false };
const float = (value: number): ResolvedScalar => ({ tag: "!!float", value });

const WORDS: ReadonlyMap<string, ResolvedScalar> = new Map([
  ...["", "~", "null", "Null", "NULL"].map((word) => [word, NULL] as const),
  ...["true", "True", "TRUE"].map((word) => [word, TRUE] as const),
  ...["false", "False", "FALSE"].map((word) => [word, FALSE] as const),
  ...[".nan", ".NaN", ".NAN"].map((word) => [word, float(Number.NaN)] as const),
  ...[".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"].map((word) => [word, float(Infinity)] as const),
  ...["-.inf", "-.Inf", "-.INF"].map((word) => [word, float(-Infinity)] as const),
]);

/** The booleans that YAML 1.1 has and 1.2 has not. */
const OLD_BOOLEANS: ReadonlyMap<string, ResolvedScalar> = new Map([
  ...["y", "Y", "yes", "Yes", "YES", "on", "On", "ON"].map((word) => [word, TRUE] as const),
  ...["n", "N", "no", "No", "NO", "off", "Off", "OFF"].map((word) => [word, FALSE] as const),
]);

const LONGEST_WORD = 5;

const DECIMAL = /^[-+]?[1-9][0-9]*$|^[-+]?0$/;
const PREFIXED = /^([-+]?)0(?:[xX]([0-9a-fA-F]+)|[bB]([01]+)|[oO]?([0-7]+))$/;
const FLOAT = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const POINT_FLOAT = /^\.[0-9]+(?:[eE][-+]?[0-9]+)?$/;

/** More digits than any integer has that Go holds, in whatever base. */
const MOST_DIGITS = 64;

const MIN_INT64 = -(2n ** 63n);
const MAX_INT64 = 2n ** 63n - 1n;
const MAX_UINT64 = 2n ** 64n - 1n;

/** What a plain scalar without a tag is. */
export function resolveScalar(text: string, dialect: Dialect): ResolvedScalar {
  if (text === "") return NULL;
  const first = text.charCodeAt(0);
  // A sign or a digit; a point; or the first letter of a word.
  if (first === 0x2b || first === 0x2d || (first >= 0x30 && first <= 0x39)) return resolveNumber(text);
  if (first === 0x2e) {
    const word = WORDS.get(text);
    if (word !== undefined) return word;
    return POINT_FLOAT.test(text) && Number.isFinite(Number(text)) ? float(Number(text)) : string(text);
  }
  if (text.length > LONGEST_WORD) return string(text);
  return WORDS.get(text) ?? (dialect === "kubernetes" ? OLD_BOOLEANS.get(text) : undefined) ?? string(text);
}

function string(value: string): ResolvedScalar {
  return { tag: "!!str", value };
}

function resolveNumber(text: string): ResolvedScalar {
  const word = WORDS.get(text);
  if (word !== undefined) return word;
  if (text.length >= 8 && text.charCodeAt(4) === 0x2d) {
    const value = normalTimestamp(text);
    if (value !== undefined) return { tag: "!!timestamp", value };
  }
  const plain = text.replace(/_/g, "");
  const whole = integer(plain);
  if (whole !== undefined) return { tag: "!!int", value: whole };
  if (FLOAT.test(plain)) {
    const value = Number(plain);
    if (Number.isFinite(value)) return float(value);
  }
  return string(text);
}

/** An integer that Go's int64 or, without a sign, uint64 holds; as a number where that is exact. */
function integer(text: string): number | bigint | undefined {
  if (DECIMAL.test(text)) {
    if (text.length > MOST_DIGITS) return undefined;
    // A minus before zero is lost in Go's integers.
    return text.length < 16 ? Number(text) + 0 : inRange(BigInt(text.startsWith("+") ? text.slice(1) : text), /^[-+]/.test(text));
  }
  const match = PREFIXED.exec(text);
  if (match === null) return undefined;
  const [, sign = "", ...digits] = match;
  const [hex, binary, octal = ""] = digits.map((part) => part?.replace(/^0+(?=.)/, ""));
  if ([hex, binary, octal].some((part = "") => part.length > MOST_DIGITS)) return undefined;
  const size = BigInt(hex !== undefined ? `0x${hex}` : binary !== undefined ? `0b${binary}` : `0o${octal}`);
  return inRange(sign === "-" ? -size : size, sign !== "");
}

function inRange(value: bigint, isSigned: boolean): number | bigint | undefined {
  if (value < MIN_INT64 || value > (isSigned ? MAX_INT64 : MAX_UINT64)) return undefined;
  const small = Number(value);
  return Number.isSafeInteger(small) ? small : value;
}
