import { isObject, type JsonObject, type JsonValue } from "@plumb/std";
import { equalJson, listAt, numberAt, textAt, textsAt } from "../draft.ts";
import { duplicate, invalid, required, tooLong, tooMany, unsupported, wrongType, type FieldFault } from "../refusal.ts";
import { validateAnnotations, validateLabels } from "../validation/names.ts";
import { fitsFormat } from "./formats.ts";
import { schemaAt, type JsonSchema } from "./prune.ts";

/**
 * Checks a value against a structural schema.
 *
 * @param old what stood there before, where that is known: a part that has not changed is not held against the writer
 * @param path empty for the object itself
 */
export function validateValue(value: JsonValue, schema: JsonSchema, path: string, old?: JsonValue | undefined): readonly FieldFault[] {
  if (old !== undefined && equalJson(value, old)) return [];
  if (value === null && schema["nullable"] === true) return [];
  const typeFaults = checkType(value, schema, path);
  if (typeFaults.length > 0) return typeFaults;
  return [...checkEnum(value, schema, path), ...checkByType(value, schema, path, old), ...checkJunctors(value, schema, path)];
}

const INTEGER_RANGES: Readonly<Record<string, readonly [bigint, bigint]>> = {
  int32: [-(2n ** 31n), 2n ** 31n - 1n],
  int64: [-(2n ** 63n), 2n ** 63n - 1n],
};

function typeName(value: JsonValue): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (typeof value === "bigint") return "integer";
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number";
  return typeof value;
}

function checkType(value: JsonValue, schema: JsonSchema, path: string): readonly FieldFault[] {
  const wanted = textAt(schema, "type");
  const found = typeName(value);
  if (schema["x-kubernetes-int-or-string"] === true) {
    return found === "integer" || found === "string"
      ? []
      : [wrongType(path, found, `${path} in body must be of type integer,string: ${JSON.stringify(found)}`)];
  }
  if (wanted === undefined || wanted === found || (wanted === "number" && found === "integer")) return [];
  const own = wrongType(path, found, `${path} in body must be of type ${wanted}: ${JSON.stringify(found)}`);
  // A fraction where an integer belongs fails the range check of numbers too, which knows no path.
  return wanted === "integer" && found === "number" ? [own, invalid("<nil>", "", `Checked value must be of type integer in ${path}`)] : [own];
}

function checkEnum(value: JsonValue, schema: JsonSchema, path: string): readonly FieldFault[] {
  const allowed = schema["enum"];
  if (!Array.isArray(allowed) || allowed.some((one: JsonValue) => equalJson(one, value))) return [];
  return [
    unsupported(
      path,
      value,
      allowed.map((one: JsonValue) => (typeof one === "string" ? one : JSON.stringify(one))),
    ),
  ];
}

function checkByType(value: JsonValue, schema: JsonSchema, path: string, old: JsonValue | undefined): readonly FieldFault[] {
  if (typeof value === "string") return checkText(value, schema, path);
  if (typeof value === "number" || typeof value === "bigint") return checkNumber(value, schema, path);
  if (Array.isArray(value)) return checkList(value, schema, path, old);
  return isObject(value) ? checkObject(value, schema, path, isObject(old) ? old : undefined) : [];
}

function checkText(text: string, schema: JsonSchema, path: string): readonly FieldFault[] {
  const [min, max, pattern, format] = [numberAt(schema, "minLength"), numberAt(schema, "maxLength"), textAt(schema, "pattern"), textAt(schema, "format")];
  const length = [...text].length;
  const faults = [
    ...(max !== undefined && length > max ? [tooLong(path, max)] : []),
    ...(min !== undefined && length < min ? [invalid(path, text, `${path} in body should be at least ${min} chars long`)] : []),
    ...(pattern !== undefined && !matchesPattern(text, pattern) ? [invalid(path, text, `${path} in body should match '${pattern}'`)] : []),
  ];
  // Of length and pattern, the first that fails is told.
  return [
    ...faults.slice(0, 1),
    ...(format !== undefined && !fitsFormat(text, format) ? [wrongType(path, text, `${path} in body must be of type ${format}: ${JSON.stringify(text)}`)] : []),
  ];
}

const patterns = new Map<string, RegExp>();

function matchesPattern(text: string, pattern: string): boolean {
  let regexp = patterns.get(pattern);
  if (regexp === undefined) {
    regexp = compilePattern(pattern);
    if (patterns.size > 1000) patterns.clear();
    patterns.set(pattern, regexp);
  }
  return regexp.test(text);
}

/** Go's syntax as far as it differs from this language's: flags at the start, `\A`, `\z`, named groups. @throws {SyntaxError} */
export function compilePattern(pattern: string): RegExp {
  const flags = /^\(\?([ims]+)\)/.exec(pattern);
  const source = pattern
    .slice(flags?.[0].length ?? 0)
    .replaceAll("\\A", "^")
    .replaceAll("\\z", "$")
    .replaceAll("(?P<", "(?<");
  return new RegExp(source, workingFlags(source, flags?.[1] ?? ""));
}

/** With the flag `u` where the pattern allows it: without, an escape that means nothing is taken. */
function workingFlags(source: string, flags: string): string {
  try {
    new RegExp(source, `u${flags}`);
    return `u${flags}`;
  } catch {
    return flags;
  }
}

function checkNumber(value: number | bigint, schema: JsonSchema, path: string): readonly FieldFault[] {
  const [min, max, step] = [numberAt(schema, "minimum"), numberAt(schema, "maximum"), numberAt(schema, "multipleOf")];
  const range = INTEGER_RANGES[textAt(schema, "format") ?? ""];
  const faults: FieldFault[] = [];
  if (range !== undefined && (typeof value === "bigint" || Number.isInteger(value)) && (BigInt(value) < range[0] || BigInt(value) > range[1])) {
    faults.push(invalid("<nil>", "", `Checked value must be of type integer with format ${textAt(schema, "format") ?? ""} in ${path}`));
  }
  const number = Number(value);
  if (min !== undefined && (number < min || (schema["exclusiveMinimum"] === true && number === min))) {
    faults.push(invalid(path, value, `${path} in body should be greater than ${schema["exclusiveMinimum"] === true ? "" : "or equal to "}${min}`));
  }
  if (max !== undefined && (number > max || (schema["exclusiveMaximum"] === true && number === max))) {
    faults.push(invalid(path, value, `${path} in body should be less than ${schema["exclusiveMaximum"] === true ? "" : "or equal to "}${max}`));
  }
  if (step !== undefined && !Number.isInteger(Number((number / step).toFixed(9))))
    faults.push(invalid(path, value, `${path} in body should be a multiple of ${step}`));
  return faults;
}

function checkList(list: readonly JsonValue[], schema: JsonSchema, path: string, old: JsonValue | undefined): readonly FieldFault[] {
  const [min, max] = [numberAt(schema, "minItems"), numberAt(schema, "maxItems")];
  const items = schemaAt(schema, "items");
  const keys = listAt(schema, "x-kubernetes-list-map-keys").filter((key) => typeof key === "string");
  const before = Array.isArray(old) ? old : [];
  const twin = (item: JsonValue): JsonValue | undefined => (keys.length === 0 ? undefined : before.find((other: JsonValue) => sameKeys(item, other, keys)));
  return [
    ...(max !== undefined && list.length > max ? [tooMany(path, list.length, max)] : []),
    ...(min !== undefined && list.length < min ? [invalid(path, list.length, `${path} in body should have at least ${min} items`)] : []),
    ...(items === undefined ? [] : list.flatMap((item, index) => validateValue(item, items, `${path}[${index}]`, twin(item)))),
    ...checkUnique(list, schema, keys, path),
  ];
}

function keyValues(item: JsonValue, keys: readonly string[]): JsonObject {
  return isObject(item) ? Object.fromEntries(keys.filter((key) => item[key] !== undefined).map((key) => [key, item[key]])) : {};
}

function sameKeys(a: JsonValue, b: JsonValue, keys: readonly string[]): boolean {
  return equalJson(keyValues(a, keys), keyValues(b, keys));
}

function checkUnique(list: readonly JsonValue[], schema: JsonSchema, keys: readonly string[], path: string): readonly FieldFault[] {
  const type = textAt(schema, "x-kubernetes-list-type");
  if (type !== "set" && type !== "map") return [];
  const identity = (item: JsonValue): JsonValue => (type === "set" ? item : keyValues(item, keys));
  return list.flatMap((item, index) => {
    const isRepeated = list.slice(0, index).some((other) => equalJson(identity(item), identity(other)));
    return isRepeated ? [duplicate(`${path}[${index}]`, identity(item))] : [];
  });
}

function checkObject(object: JsonObject, schema: JsonSchema, path: string, old: JsonObject | undefined): readonly FieldFault[] {
  const [min, max] = [numberAt(schema, "minProperties"), numberAt(schema, "maxProperties")];
  const count = Object.values(object).filter((member) => member !== undefined).length;
  const at = (key: string): string => (path === "" ? key : `${path}.${key}`);
  const properties = schemaAt(schema, "properties");
  const values = schemaAt(schema, "additionalProperties");
  const missing = listAt(schema, "required")
    .filter((key) => typeof key === "string")
    .filter((key) => object[key] === undefined);
  const members = Object.entries(object).flatMap(([key, member]) => {
    const known = schemaAt(properties, key) ?? values;
    return known === undefined || member === undefined ? [] : validateValue(member, known, at(key), old?.[key]);
  });
  return [
    ...(max !== undefined && count > max ? [tooMany(path, count, max)] : []),
    ...(min !== undefined && count < min ? [invalid(path, count, `${path} in body should have at least ${min} properties`)] : []),
    ...missing.map((key) => required(at(key))),
    ...(schema["x-kubernetes-embedded-resource"] === true ? checkEmbedded(object, path) : []),
    ...members,
  ];
}

function checkEmbedded(object: JsonObject, path: string): readonly FieldFault[] {
  const apiVersion = textAt(object, "apiVersion") ?? "";
  const missing = ["apiVersion", "kind"].filter((key) => (textAt(object, key) ?? "") === "").map((key) => required(`${path}.${key}`, "must not be empty"));
  const isStrange = apiVersion.split("/").length > 2;
  return [
    ...missing,
    ...(isStrange ? [invalid(`${path}.apiVersion`, apiVersion, `unexpected GroupVersion string: ${apiVersion}`)] : []),
    ...validateLabels(textsAt(object, "metadata", "labels"), `${path}.metadata.labels`),
    ...validateAnnotations(textsAt(object, "metadata", "annotations"), `${path}.metadata.annotations`),
  ];
}

function checkJunctors(value: JsonValue, schema: JsonSchema, path: string): readonly FieldFault[] {
  const faultsOf = (part: JsonValue): readonly FieldFault[] => (isObject(part) ? validateValue(value, part, path) : []);
  const fits = (part: JsonValue): boolean => faultsOf(part).length === 0;
  const [allOf, anyOf, oneOf, not] = [listAt(schema, "allOf"), listAt(schema, "anyOf"), listAt(schema, "oneOf"), schemaAt(schema, "not")];
  // Upstream names no field for these; with none that fits, the faults of one of them follow.
  const junction = (says: string): FieldFault => invalid("<nil>", shown(value), `${path} in body ${says}`);
  const nearest = (parts: readonly JsonValue[]): readonly FieldFault[] => (parts.some(fits) ? [] : faultsOf(parts[0] ?? null));
  return [
    ...(allOf.every(fits) ? [] : [...allOf.flatMap(faultsOf), junction("must validate all the schemas (allOf)")]),
    ...(anyOf.length > 0 && !anyOf.some(fits) ? [junction("must validate at least one schema (anyOf)"), ...nearest(anyOf)] : []),
    ...(oneOf.length > 0 && oneOf.filter(fits).length !== 1 ? [junction("must validate one and only one schema (oneOf)"), ...nearest(oneOf)] : []),
    ...(not !== undefined && fits(not) ? [junction("must not validate the schema (not)")] : []),
  ];
}

const shown = (value: JsonValue): JsonValue => (isObject(value) || Array.isArray(value) ? "" : value);
