import { setOwn, type JsonValue } from "@plumb/std";
import type { Growth } from "../growth.ts";
import { goJson } from "../node/go-json.ts";

/** A number or text of a JSON text that Go would write otherwise: `1.0`, `"\u0041"`. */
export class Written {
  readonly value: number | bigint | string;
  readonly text: string;

  constructor(value: number | bigint | string, text: string) {
    this.value = value;
    this.text = text;
  }
}

/** A JSON value that is changed in place. */
export type Draft = Scalar | Draft[] | DraftObject;
export interface DraftObject {
  [key: string]: Draft;
}
type Scalar = null | boolean | number | bigint | string | Written;

export function isScalar(draft: Draft): draft is Scalar {
  return draft === null || typeof draft !== "object" || draft instanceof Written;
}

/** Reads JSON. @throws {SyntaxError} as `JSON.parse` does */
export function parseDraft(text: string): Draft {
  // why: the standard library's type lacks the reviver's third argument, and what comes out is a value still allowed to change
  const parse = JSON.parse as unknown as (text: string, reviver: (key: string, value: Draft, context: { source?: string }) => Draft) => Draft;
  return parse(text, (_key, value, { source }) => {
    if (source === undefined || (typeof value !== "number" && typeof value !== "string")) return value;
    const exact = typeof value === "number" && !Number.isSafeInteger(value) && /^-?\d+$/.test(source) ? BigInt(source) : value;
    return scalarText(exact) === source ? exact : new Written(exact, source);
  });
}

/** A copy to work on. @param growth is told of everything in it */
export function draftOf(value: JsonValue | Draft, growth?: Growth): Draft {
  growth?.add(1, typeof value === "string" ? value.length : 0);
  if (value === null || typeof value !== "object" || value instanceof Written) return value;
  if (Array.isArray(value)) return value.map((item: JsonValue | Draft) => draftOf(item, growth));
  const draft: DraftObject = {};
  for (const [key, item] of Object.entries(value)) if (item !== undefined) setOwn(draft, key, draftOf(item, growth));
  return draft;
}

/** Takes out, in place, how things were written. */
export function unwritten(draft: Draft): Draft {
  if (draft instanceof Written) return draft.value;
  if (isScalar(draft)) return draft;
  if (Array.isArray(draft)) for (const [i, item] of draft.entries()) draft[i] = unwritten(item);
  else for (const [key, item] of Object.entries(draft)) setOwn(draft, key, unwritten(item));
  return draft;
}

/** Whether two values are written alike, the order of keys aside. A list that holds null is like no other: kustomize crashes at one. */
export function isWrittenAlike(a: Draft, b: Draft): boolean {
  if (isScalar(a) || isScalar(b)) return isScalar(a) && isScalar(b) && scalarText(a) === scalarText(b);
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => item !== null && isWrittenAlike(item, b[i] ?? null));
  if (Array.isArray(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && isWrittenAlike(a[key] ?? null, b[key] ?? null));
}

function scalarText(scalar: Scalar): string {
  if (scalar instanceof Written) return scalar.text;
  return typeof scalar === "bigint" ? String(scalar) : goJson(scalar);
}
