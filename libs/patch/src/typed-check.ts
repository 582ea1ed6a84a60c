import { stringifyJson, type JsonValue } from "@plumb/std";
import { goText, goTypeName } from "./go-text.ts";
import { fieldElement, indexElement, pathText, type FieldPath } from "./path-element.ts";
import type { PatchSchema } from "./patch-schema.ts";
import { elementOf, itemSchema, keysOf, listOf, mapOf, memberSchema, shapeOf } from "./shape.ts";

/**
 * Says what in `value` does not fit `schema`, one line a fault: an unknown field, a wrong type, an element without its keys
 * or one that is there twice. Empty where all fits.
 */
export function typeFaults(value: JsonValue, schema: PatchSchema, allowsDuplicates: boolean): readonly string[] {
  return [...faults(value, schema, [], allowsDuplicates)];
}

/** Several faults in one message, as the API server writes them. */
export function faultText(lines: readonly string[]): string {
  return lines.length === 1 ? (lines[0] ?? "") : ["errors:", ...lines.map((line) => `  ${line}`)].join("\n");
}

function at(path: FieldPath, message: string): string {
  return path.length === 0 ? message : `${pathText(path)}: ${message}`;
}

function* faults(value: JsonValue, schema: PatchSchema, path: FieldPath, allowsDuplicates: boolean): Generator<string> {
  switch (shapeOf(schema, value)) {
    case "scalar":
      yield* scalarFaults(value, schema).map((message) => at(path, message));
      return;
    case "list":
      yield* listFaults(value, schema, path, allowsDuplicates);
      return;
    default:
      yield* mapFaults(value, schema, path, allowsDuplicates);
  }
}

type ScalarKind = "numeric" | "string" | "boolean" | "untyped";

/** Strings with a format other than `byte` take any scalar. */
function scalarKind({ type, format }: PatchSchema): ScalarKind {
  if (type === "integer" || type === "number") return "numeric";
  if (type === "boolean") return "boolean";
  return type === "string" && (format === "" || format === "byte" || format === "duration") ? "string" : "untyped";
}

/** Faults of one value where a scalar belongs; null is a scalar of every kind. */
function scalarFaults(value: JsonValue | undefined, schema: PatchSchema): readonly string[] {
  if (value === undefined || value === null) return [];
  const kind = scalarKind(schema);
  const isNumber = typeof value === "number" || typeof value === "bigint";
  if (kind === "numeric") return isNumber ? [] : [`expected numeric (int or float), got ${goTypeName(value)}`];
  if (kind === "string") return typeof value === "string" ? [] : [`expected string, got &value.valueUnstructured{Value:${goLiteral(value)}}`];
  if (kind === "boolean") return typeof value === "boolean" ? [] : [`expected boolean, got &{${goText(value)}}`];
  return typeof value === "object" ? [`expected any scalar, got &{${goText(value)}}`] : [];
}

function goLiteral(value: JsonValue): string {
  return typeof value === "object" ? `${goTypeName(value)}{…}` : stringifyJson(value);
}

function* listFaults(value: JsonValue, schema: PatchSchema, path: FieldPath, allowsDuplicates: boolean): Generator<string> {
  if (value === null) return;
  const list = listOf(value);
  if (list === undefined) {
    yield at(path, `expected list, got &{${goText(value)}}`);
    return;
  }
  const seen = new Set<string>();
  for (const [index, item] of list.entries()) {
    const element = schema.listType === "atomic" || schema.type === "any" ? indexElement(index) : elementOf(schema, item);
    if (typeof element === "string") {
      yield at(path, `element ${index}: ${element}`);
      return;
    }
    if (seen.has(element.id) && !allowsDuplicates) yield at(path, `duplicate entries for key ${pathText([element])}`);
    seen.add(element.id);
    yield* faults(item, itemSchema(schema), [...path, element], allowsDuplicates);
  }
}

function* mapFaults(value: JsonValue, schema: PatchSchema, path: FieldPath, allowsDuplicates: boolean): Generator<string> {
  if (value === null) return;
  const map = mapOf(value);
  if (map === undefined) {
    yield at(path, `expected map, got &{${goText(value)}}`);
    return;
  }
  for (const key of keysOf(map)) {
    const member = memberSchema(schema, key);
    const inner = [...path, fieldElement(key)];
    if (member === undefined) {
      yield at(inner, "field not declared in schema");
      return;
    }
    yield* faults(map[key] ?? null, member, inner, allowsDuplicates);
  }
}
