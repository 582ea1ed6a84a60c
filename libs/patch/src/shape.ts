import { isObject, stringifyJson, type JsonObject, type JsonValue } from "@plumb/std";
import { own } from "./own-key.ts";
import type { PatchSchema } from "./patch-schema.ts";
import { keyElement, valueElement, type PathElement } from "./path-element.ts";

/** How a value is taken: as a struct or map, as a list, or as one whole. */
export type Shape = "map" | "list" | "scalar";

/** Nothing is known of the value: its maps go key by key, its lists as a whole. */
export const DEDUCED: PatchSchema = {
  type: "any",
  format: "",
  typeName: "",
  fields: new Map(),
  items: undefined,
  values: undefined,
  listType: "atomic",
  listKeys: [],
  mapType: "granular",
  patchStrategy: [],
  mergeKey: undefined,
  default: undefined,
};

/** Nothing is known of the value, and it goes as a whole. */
const WHOLE: PatchSchema = { ...DEDUCED, mapType: "atomic" };

/** The shape that `schema` gives `value`; where any is allowed the value itself says, null and absence as a map would. */
export function shapeOf(schema: PatchSchema, value: JsonValue | undefined): Shape {
  switch (schema.type) {
    case "object":
      return "map";
    case "array":
      return "list";
    case "any":
      return shapeOfAny(value);
    default:
      return "scalar";
  }
}

function shapeOfAny(value: JsonValue | undefined): Shape {
  if (value === undefined || value === null) return "map";
  if (Array.isArray(value)) return "list";
  return typeof value === "object" ? "map" : "scalar";
}

/** undefined for a value that is no map, and for null. */
export function mapOf(value: JsonValue | undefined): JsonObject | undefined {
  return isObject(value) ? value : undefined;
}

export function listOf(value: JsonValue | undefined): readonly JsonValue[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

export function isAtomicMap(schema: PatchSchema): boolean {
  return schema.mapType === "atomic";
}

export function isAtomicList(schema: PatchSchema): boolean {
  return schema.type === "any" || schema.listType === "atomic";
}

/** Schema of a member of a map; undefined for a field that the schema does not declare. */
export function memberSchema(schema: PatchSchema, key: string): PatchSchema | undefined {
  const declared = schema.fields.get(key);
  if (declared !== undefined) return declared;
  if (schema.type === "any") return schema.values ?? (isAtomicMap(schema) ? WHOLE : DEDUCED);
  return schema.values;
}

export function itemSchema(schema: PatchSchema): PatchSchema {
  return schema.items ?? WHOLE;
}

/** What names an element of a set or a keyed list; a text says why it has no name. */
export function elementOf(list: PatchSchema, item: JsonValue): PathElement | string {
  return list.listKeys.length > 0 ? keyedElement(list, item) : setElement(item);
}

function keyedElement(list: PatchSchema, item: JsonValue): PathElement | string {
  if (item === null) return "associative list with keys may not have a null element";
  if (!isObject(item)) return "associative list with keys may not have non-map elements";
  const fields = itemSchema(list).fields;
  const keys: (readonly [string, JsonValue])[] = [];
  for (const name of list.listKeys) {
    const value = own(item, name) ?? (Object.hasOwn(item, name) ? null : fields.get(name)?.default);
    if (value !== undefined) keys.push([name, value]);
  }
  if (keys.length > 0) return keyElement(keys);
  return `associative list with keys has an element that omits all key fields [${list.listKeys.map((key) => stringifyJson(key)).join(" ")}] (and doesn't have default values for any key fields)`;
}

function setElement(item: JsonValue): PathElement | string {
  if (item === null) return "associative list without keys has an element that's an explicit null";
  if (Array.isArray(item)) return "not supported: associative list with lists as elements";
  if (typeof item === "object") return "associative list without keys has an element that's a map type";
  return valueElement(item);
}

/** Equal JSON; 1 and 1.0 are equal, and so are a bigint and the number it is. Maps are compared without order. */
export function sameValue(a: JsonValue | undefined, b: JsonValue | undefined): boolean {
  if (a === b) return true;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, at) => sameValue(item, b[at]));
  if (isObject(a) && isObject(b)) return sameMap(a, b);
  // why: a bigint equals the number of its value
  return (typeof a === "bigint" || typeof b === "bigint") && a == b;
}

function sameMap(a: JsonObject, b: JsonObject): boolean {
  const keys = keysOf(a);
  return keys.length === keysOf(b).length && keys.every((key) => own(b, key) !== undefined && sameValue(a[key], own(b, key)));
}

/** Keys whose value is there; a key that is undefined is absent. */
export function keysOf(object: JsonObject): readonly string[] {
  return Object.keys(object).filter((key) => object[key] !== undefined);
}
