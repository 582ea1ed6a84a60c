import { isObject, type JsonObject, type JsonValue } from "@plumb/std";
import { ANY, type Schema } from "./schema.ts";

/**
 * An object of a built-in type as Go writes it after reading it: unknown fields and empty values are gone, and what Go
 * never leaves out is there (`status: {}`, `containers: null`). Values of the wrong type stay as they are.
 */
export function inGoForm(object: JsonObject, schema: Schema): JsonObject {
  const written: Record<string, JsonValue> = {};
  for (const [name, field] of schema.fields) {
    const value = fieldForm(object[name], field);
    if (value !== undefined) written[name] = value;
  }
  return written;
}

/** undefined where Go leaves the field out. */
function fieldForm(value: JsonValue | undefined, field: Schema): JsonValue | undefined {
  const { omitsEmpty, omitsZero, isPointer } = field.go ?? { omitsEmpty: true, omitsZero: false, isPointer: true };
  if (isPointer || isNilable(field)) {
    if (value === undefined || value === null) return omitsEmpty ? undefined : null;
    const written = valueForm(value, field);
    return omitsEmpty && !isPointer && isEmptyCollection(written) ? undefined : written;
  }
  const written = valueForm(value ?? zeroOf(field), field);
  if (omitsEmpty && isZeroScalar(written, field)) return undefined;
  return omitsZero && isZeroStruct(written, field) ? undefined : written;
}

/** Slices, maps, byte slices and raw JSON are nil when empty. */
function isNilable({ type, format, fields, typeName }: Schema): boolean {
  if (format === "int-or-string") return false;
  return type === "array" || format === "byte" || (type === "object" && fields.size === 0 && typeName === "") || type === "any";
}

function isEmptyCollection(value: JsonValue): boolean {
  return value === "" || (Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0);
}

function isZeroScalar(value: JsonValue, { type, format }: Schema): boolean {
  if (format === "date-time" || format === "micro-time" || format === "int-or-string" || format === "quantity" || format === "duration") return false;
  return (type === "string" && value === "") || ((type === "integer" || type === "number") && value === 0) || (type === "boolean" && value === false);
}

function isZeroStruct(value: JsonValue, { format, type }: Schema): boolean {
  return value === null || (type === "object" && format === "" && isObject(value) && Object.keys(value).length === 0);
}

function zeroOf({ type, format }: Schema): JsonValue {
  switch (format) {
    case "date-time":
    case "micro-time":
      return null;
    case "quantity":
      return "0";
    case "duration":
      return "0s";
    case "int-or-string":
      return 0;
    default:
      break;
  }
  return type === "string" ? "" : type === "boolean" ? false : type === "object" ? {} : type === "integer" || type === "number" ? 0 : null;
}

function valueForm(value: JsonValue, schema: Schema): JsonValue {
  if (Array.isArray(value) && schema.type === "array") return value.map((item) => elementForm(item, schema.items ?? ANY));
  if (!isObject(value) || schema.type !== "object") return value;
  if (schema.fields.size > 0 || (schema.typeName !== "" && schema.values === undefined)) return inGoForm(value, schema);
  const { values } = schema;
  if (values === undefined || values.type === "any") return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, elementForm(one ?? null, values)]));
}

/** An element of a list or a value of a map is never left out: null becomes the zero value of its type. */
function elementForm(value: JsonValue, schema: Schema): JsonValue {
  return valueForm(value === null && !isNilable(schema) ? zeroOf(schema) : value, schema);
}
