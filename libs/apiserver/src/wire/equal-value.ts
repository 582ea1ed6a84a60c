import type { Schema } from "@plumb/openapi";
import { isObject, type JsonValue } from "@plumb/std";
import { equalJson } from "../draft.ts";
import { compareQuantities, parseQuantity } from "./quantity.ts";

/** As `equalJson`, and amounts are equal however they are written, as `1Gi` and `1073741824`. Source: k8s.io/apimachinery `equality.Semantic`. */
export function equalValue(a: JsonValue | undefined, b: JsonValue | undefined, schema: Schema | undefined): boolean {
  if (schema === undefined) return equalJson(a, b);
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, index) => equalValue(item, b[index], schema.items));
  if (isObject(a) && isObject(b)) {
    const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
    return [...keys].every((key) => equalValue(a[key], b[key], schema.fields.get(key) ?? schema.values));
  }
  return equalJson(a, b) || (schema.format === "quantity" && isSameAmount(a, b));
}

function isSameAmount(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  const [first, second] = [a, b].map((value) => (typeof value === "string" ? parseQuantity(value) : undefined));
  return first !== undefined && second !== undefined && compareQuantities(first, second) === 0;
}
