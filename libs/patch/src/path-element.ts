import { compareText, isObject, parseJson, stringifyJson, type JsonValue } from "@plumb/std";

/** One step into an object: a field, a list element by its keys, an element of a set by its value, or a place in a list. */
export type PathElement =
  | { readonly kind: "field"; readonly id: string; readonly name: string }
  | { readonly kind: "key"; readonly id: string; readonly keys: readonly (readonly [name: string, value: JsonValue])[] }
  | { readonly kind: "value"; readonly id: string; readonly value: JsonValue }
  | { readonly kind: "index"; readonly id: string; readonly index: number };

export type FieldPath = readonly PathElement[];

/** `id` is the wire form: `f:spec`, `k:{"name":"app"}`, `v:"finalizer"`, `i:0`. Equal elements have equal ids. */
export function fieldElement(name: string): PathElement {
  return { kind: "field", id: `f:${name}`, name };
}

export function keyElement(keys: readonly (readonly [name: string, value: JsonValue])[]): PathElement {
  const sorted = keys.length === 1 ? keys : [...keys].sort(([a], [b]) => compareText(a, b));
  return { kind: "key", id: `k:{${sorted.map(([name, value]) => `${JSON.stringify(name)}:${scalarText(value)}`).join(",")}}`, keys: sorted };
}

export function valueElement(value: JsonValue): PathElement {
  return { kind: "value", id: `v:${scalarText(value)}`, value };
}

/** What names an element is nearly always a text or a number, which needs no care for long integers. */
function scalarText(value: JsonValue): string {
  return typeof value === "string" || typeof value === "number" ? JSON.stringify(value) : stringifyJson(value);
}

export function indexElement(index: number): PathElement {
  return { kind: "index", id: `i:${index}`, index };
}

/** @throws {SyntaxError} for a text that is no path element; undefined for one of a kind that is not known */
export function parseElement(id: string): PathElement | undefined {
  if (id.length < 2 || id[1] !== ":") throw new SyntaxError(`missing colon: ${id}`);
  const rest = id.slice(2);
  switch (id[0]) {
    case "f":
      return { kind: "field", id, name: rest };
    case "v":
      return valueElement(parseJson(rest));
    case "i":
      return indexElement(parseIndex(rest));
    case "k":
      return keyElement(parseKeys(rest));
    default:
      return undefined;
  }
}

function parseIndex(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw new SyntaxError(`no index: ${text}`);
  return Number(text);
}

function parseKeys(text: string): readonly (readonly [string, JsonValue])[] {
  const keys = parseJson(text);
  if (!isObject(keys)) throw new SyntaxError(`no object of keys: ${text}`);
  return Object.entries(keys).map(([name, value]) => [name, value ?? null]);
}

const KIND_ORDER = { field: 0, key: 1, value: 2, index: 3 } as const;

/** The order in which the API server writes elements. */
export function compareElements(a: PathElement, b: PathElement): number {
  if (a.kind === "field" && b.kind === "field") return compareText(a.name, b.name);
  if (a.kind === "index" && b.kind === "index") return a.index - b.index;
  if (a.kind === "value" && b.kind === "value") return compareValues(a.value, b.value);
  if (a.kind === "key" && b.kind === "key") return compareKeys(a.keys, b.keys);
  return KIND_ORDER[a.kind] - KIND_ORDER[b.kind];
}

type Keys = Extract<PathElement, { kind: "key" }>["keys"];

function compareKeys(a: Keys, b: Keys): number {
  for (const [at, [name, value]] of a.entries()) {
    const other = b[at];
    if (other === undefined) return 1;
    const order = compareText(name, other[0]) || compareValues(value, other[1]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

/** Numbers before texts before booleans before the rest. */
function compareValues(a: JsonValue, b: JsonValue): number {
  const byType = typeOrder(a) - typeOrder(b);
  if (byType !== 0) return byType;
  if ((typeof a === "number" || typeof a === "bigint") && (typeof b === "number" || typeof b === "bigint")) return a < b ? -1 : a > b ? 1 : 0;
  return compareText(stringifyJson(a), stringifyJson(b));
}

function typeOrder(value: JsonValue): number {
  switch (typeof value) {
    case "number":
    case "bigint":
      return 0;
    case "string":
      return 1;
    case "boolean":
      return 2;
    default:
      return Array.isArray(value) ? 3 : value === null ? 5 : 4;
  }
}

/** A path as messages show it: `.spec.ports[port=80,protocol="TCP"].name`. */
export function pathText(path: FieldPath): string {
  return path.map(elementText).join("");
}

function elementText(element: PathElement): string {
  switch (element.kind) {
    case "field":
      return `.${element.name}`;
    case "key":
      return `[${element.keys.map(([name, value]) => `${name}=${stringifyJson(value)}`).join(",")}]`;
    case "value":
      return `[=${stringifyJson(element.value)}]`;
    case "index":
      return `[${element.index}]`;
    default:
      return element satisfies never;
  }
}
