import type { Schema } from "@plumb/openapi";
import { isObject, setOwn, timestampOf, type JsonObject, type JsonValue } from "@plumb/std";
import type { Draft, DraftValue } from "../draft.ts";
import { formatQuantity, parseQuantity } from "./quantity.ts";

/** A value that does not fit the type of its field. */
export class WireMismatch extends Error {
  override readonly name = "WireMismatch";
}

/**
 * Reads `object` as Go reads it into a struct and writes it again: unknown members are left out and listed in `unknown` by path,
 * empty members are omitted as the struct's tags say, times and quantities get their one spelling. `apiVersion` and `kind`
 * of the object itself are the caller's.
 *
 * @throws {WireMismatch} for a value of another type
 */
export function decodeStruct(object: JsonObject, schema: Schema, unknown: string[], path = ""): Draft {
  const draft: Draft = {};
  for (const [name, field] of schema.fields) {
    if (isTypeMeta(name, path)) continue;
    const value = decodeField(name, Object.hasOwn(object, name) ? object[name] : undefined, field, schema, unknown, path);
    if (value !== undefined) setOwn(draft, name, value);
  }
  for (const [key, value] of Object.entries(object)) {
    if (schema.fields.has(key) || value === undefined || isTypeMeta(key, path)) continue;
    if (schema.keepsUnknown) setOwn(draft, key, kept(value));
    else unknown.push(path === "" ? key : `${path}.${key}`);
  }
  return draft;
}

function isTypeMeta(key: string, path: string): boolean {
  return path === "" && (key === "apiVersion" || key === "kind");
}

function decodeField(name: string, value: JsonValue | undefined, field: Schema, owner: Schema, unknown: string[], path: string): DraftValue | undefined {
  const at = path === "" ? name : `${path}.${name}`;
  const decoded = value === undefined || value === null ? undefined : decodeValue(value, field, `${simpleName(owner)}.${name}`, at, unknown);
  const omits = field.go?.omitsEmpty === true || field.go?.omitsZero === true;
  if (field.go?.isPointer === true) return decoded ?? (omits ? undefined : null);
  if (isStruct(field)) return decodeStructField(decoded, field, at, unknown);
  if (decoded !== undefined && isEmptyContainer(decoded) && (field.type === "array" || field.type === "object" || field.format === "byte"))
    return omits ? undefined : decoded;
  if (decoded !== undefined && !(omits && isZero(decoded, field))) return decoded;
  if (field.go?.omitsZero === true) return undefined;
  const isAlwaysWritten = ALWAYS_WRITTEN.has(field.format) || !omits;
  return isAlwaysWritten ? zeroOf(field) : undefined;
}

/** Go structs that have no empty value for `omitempty`. */
const ALWAYS_WRITTEN: ReadonlySet<string> = new Set(["quantity", "int-or-string", "date-time", "micro-time", "duration"]);

function decodeStructField(decoded: DraftValue | undefined, field: Schema, at: string, unknown: string[]): DraftValue | undefined {
  const value = decoded ?? decodeStruct({}, field, unknown, at);
  return field.go?.omitsZero === true && isEmptyContainer(value) ? undefined : value;
}

/** `object` with null in place of its empty lists and maps, which storage does not keep; the object itself when it has none. */
export function withoutEmptyLists(object: JsonObject, schema: Schema): JsonObject {
  let result: JsonObject = object;
  for (const [name, field] of schema.fields) {
    const value = object[name];
    if (value === undefined || value === null) continue;
    const settled = settledValue(value, field);
    if (settled !== value) result = { ...result, [name]: settled };
  }
  return result;
}

function settledValue(value: JsonValue, field: Schema): JsonValue {
  if (isStruct(field)) return isObject(value) && field.fields.size > 0 ? withoutEmptyLists(value, field) : value;
  if (field.type === "array" && Array.isArray(value)) return value.length === 0 ? null : settledList(value, field.items);
  return field.type === "object" && field.values !== undefined && isObject(value) && Object.keys(value).length === 0 ? null : value;
}

function settledList(list: readonly JsonValue[], items: Schema | undefined): JsonValue {
  if (items === undefined || !isStruct(items)) return list;
  const settled = list.map((item) => settledValue(item, items));
  return settled.every((item, index) => item === list[index]) ? list : settled;
}

/** A named type; a map has no name. */
function isStruct(schema: Schema): boolean {
  return schema.type === "object" && schema.typeName !== "";
}

const simpleName = ({ typeName }: Schema): string => typeName.slice(typeName.lastIndexOf(".") + 1);

function isEmptyContainer(value: DraftValue): boolean {
  return value === "" || (Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0);
}

function isZero(value: DraftValue, { type, format }: Schema): boolean {
  if (ALWAYS_WRITTEN.has(format)) return false;
  switch (type) {
    case "string":
      return value === "";
    case "boolean":
      return value === false;
    case "integer":
    case "number":
      return value === 0;
    default:
      return false;
  }
}

function zeroOf({ type, format }: Schema): DraftValue {
  if (format === "quantity") return "0";
  if (format === "int-or-string") return 0;
  if (format === "duration") return "0s";
  if (format === "date-time" || format === "micro-time" || format === "byte") return null;
  switch (type) {
    case "string":
      return "";
    case "boolean":
      return false;
    case "integer":
    case "number":
      return 0;
    default:
      return null;
  }
}

/** An element of a list or a map that is null becomes the zero value of its type. */
function decodeElement(value: JsonValue | undefined, schema: Schema, owner: string, path: string, unknown: string[]): DraftValue {
  if (value !== null && value !== undefined) return decodeValue(value, schema, owner, path, unknown);
  return isStruct(schema) ? decodeStruct({}, schema, unknown, path) : zeroOf(schema);
}

function decodeValue(value: JsonValue, schema: Schema, owner: string, path: string, unknown: string[]): DraftValue {
  switch (schema.type) {
    case "object":
      return decodeObject(value, schema, owner, path, unknown);
    case "array": {
      if (!Array.isArray(value)) throw mismatch(value, owner, "slice");
      const items = schema.items;
      if (items === undefined) return kept(value);
      return value.map((item: JsonValue, index) => decodeElement(item, items, owner, `${path}[${index}]`, unknown));
    }
    default:
      return decodeLeaf(value, schema, owner);
  }
}

function decodeObject(value: JsonValue, schema: Schema, owner: string, path: string, unknown: string[]): DraftValue {
  if (isStruct(schema) && schema.fields.size > 0) {
    if (!isObject(value)) throw mismatch(value, owner, "struct");
    return decodeStruct(value, schema, unknown, path);
  }
  if (schema.typeName !== "" || schema.values === undefined || schema.format === "fields-v1") return kept(value);
  if (!isObject(value)) throw mismatch(value, owner, "map");
  const map: Draft = {};
  for (const [key, item] of Object.entries(value)) setOwn(map, key, decodeElement(item, schema.values, owner, `${path}.${key}`, unknown));
  return map;
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

function decodeLeaf(value: JsonValue, { type, format }: Schema, owner: string): DraftValue {
  switch (format) {
    case "byte":
      return decodeBytes(value, owner);
    case "quantity":
      return decodeQuantity(value);
    case "int-or-string":
      return typeof value === "string" ? value : decodeInteger(value, "int32", owner);
    case "date-time":
      return decodeTime(value, owner);
    case "micro-time":
      return decodeMicroTime(value, owner);
    default:
      break;
  }
  switch (type) {
    case "string":
      if (typeof value !== "string") throw mismatch(value, owner, "string");
      return value;
    case "boolean":
      if (typeof value !== "boolean") throw mismatch(value, owner, "bool");
      return value;
    case "integer":
      return decodeInteger(value, format === "int32" ? "int32" : "int64", owner);
    case "number":
      if (typeof value !== "number") throw mismatch(value, owner, "float64");
      return value;
    default:
      return kept(value);
  }
}

// why: a request's body is private to its request, so what is kept as it is may be changed like the rest
const kept = (value: JsonValue): DraftValue => value as DraftValue;

function decodeBytes(value: JsonValue, owner: string): string {
  if (typeof value !== "string") throw mismatch(value, owner, "[]uint8");
  const base64 = value.replaceAll(/[\r\n]/g, "");
  if (!BASE64.test(base64)) throw new WireMismatch("illegal base64 data at input byte 0");
  return base64;
}

function decodeInteger(value: JsonValue, wanted: "int32" | "int64", owner: string): DraftValue {
  if (typeof value === "bigint") {
    if (wanted === "int32" || value > 2n ** 63n - 1n || value < -(2n ** 63n)) throw mismatch(value, owner, wanted);
    return value;
  }
  if (typeof value !== "number" || !Number.isInteger(value)) throw mismatch(value, owner, wanted);
  if (wanted === "int32" && (value > 2 ** 31 - 1 || value < -(2 ** 31))) throw mismatch(value, owner, wanted);
  return value;
}

function decodeQuantity(value: JsonValue): string {
  const quantity = typeof value === "string" || typeof value === "number" ? parseQuantity(String(value)) : undefined;
  if (quantity === undefined) throw new WireMismatch("quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'");
  return formatQuantity(quantity);
}

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/;
const MICRO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}(?:Z|[+-]\d{2}:\d{2})$/;

function decodeTime(value: JsonValue, owner: string): string {
  if (typeof value !== "string") throw mismatch(value, owner, "string");
  const ms = Date.parse(value);
  if (!TIME.test(value) || Number.isNaN(ms)) throw unreadableTime(value, "2006-01-02T15:04:05Z07:00");
  return timestampOf(ms);
}

function decodeMicroTime(value: JsonValue, owner: string): string {
  if (typeof value !== "string") throw mismatch(value, owner, "string");
  if (!MICRO_TIME.test(value) || Number.isNaN(Date.parse(value))) throw unreadableTime(value, "2006-01-02T15:04:05.000000Z07:00");
  return value.endsWith("Z") ? value : `${new Date(value).toISOString().slice(0, 19)}${value.slice(19, 26)}Z`;
}

function unreadableTime(value: string, layout: string): WireMismatch {
  return new WireMismatch(`parsing time ${JSON.stringify(value)} as "${layout}": cannot parse ${JSON.stringify(value)} as "2006"`);
}

function mismatch(value: JsonValue, owner: string, wanted: string): WireMismatch {
  return new WireMismatch(`json: cannot unmarshal ${goKind(value)} into Go struct field ${owner} of type ${wanted}`);
}

function goKind(value: JsonValue): string {
  if (Array.isArray(value)) return "array";
  if (isObject(value)) return "object";
  if (typeof value === "string") return "string";
  return typeof value === "boolean" ? "bool" : "number";
}
