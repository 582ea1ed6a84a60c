import { stringifyJson, type JsonValue } from "@plumb/std";
import { goText, goTypeName } from "./go-text.ts";
import type { PatchSchema } from "./patch-schema.ts";
import { fieldElement, indexElement, pathText, type PathElement } from "./path-element.ts";
import { elementOf, isAtomicList, itemSchema, keysOf, listOf, mapOf, memberSchema, shapeOf } from "./shape.ts";

/**
 * Says what in `value` does not fit `schema`, one line a fault: an unknown field, a wrong type, an element without its keys
 * or one that is there twice. Empty where all fits.
 */
export function typeFaults(value: JsonValue, schema: PatchSchema): readonly string[] {
  const check = new TypeCheck();
  check.visit(value, schema);
  return check.faults;
}

/** Several faults in one message, as the API server writes them. */
export function faultText(lines: readonly string[]): string {
  return lines.length === 1 ? (lines[0] ?? "") : ["errors:", ...lines.map((line) => `  ${line}`)].join("\n");
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

class TypeCheck {
  readonly faults: string[] = [];
  /** Where the walk is; one list for all levels. */
  readonly #path: PathElement[] = [];

  visit(value: JsonValue, schema: PatchSchema): void {
    switch (shapeOf(schema, value)) {
      case "scalar":
        for (const message of scalarFaults(value, schema)) this.#fault(message);
        return;
      case "list":
        this.#list(value, schema);
        return;
      default:
        this.#map(value, schema);
    }
  }

  #fault(message: string): void {
    this.faults.push(this.#path.length === 0 ? message : `${pathText(this.#path)}: ${message}`);
  }

  #below(element: PathElement, visit: () => void): void {
    this.#path.push(element);
    visit();
    this.#path.pop();
  }

  #list(value: JsonValue, schema: PatchSchema): void {
    if (value === null) return;
    const list = listOf(value);
    if (list === undefined) return this.#fault(`expected list, got &{${goText(value)}}`);
    const seen = new Set<string>();
    for (const [index, item] of list.entries()) {
      const element = isAtomicList(schema) ? indexElement(index) : elementOf(schema, item);
      if (typeof element === "string") return this.#fault(`element ${index}: ${element}`);
      if (seen.has(element.id)) this.#fault(`duplicate entries for key ${pathText([element])}`);
      seen.add(element.id);
      this.#below(element, () => this.visit(item, itemSchema(schema)));
    }
  }

  #map(value: JsonValue, schema: PatchSchema): void {
    if (value === null) return;
    const map = mapOf(value);
    if (map === undefined) return this.#fault(`expected map, got &{${goText(value)}}`);
    for (const key of keysOf(map)) {
      const member = memberSchema(schema, key);
      this.#below(fieldElement(key), () => {
        if (member === undefined) this.#fault("field not declared in schema");
        else this.visit(map[key] ?? null, member);
      });
      // why: the API server looks no further at a map in which it has met an unknown field
      if (member === undefined) return;
    }
  }
}
