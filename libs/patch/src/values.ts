import { isObject, type JsonValue } from "@plumb/std";
import type { FieldSet } from "./field-set.ts";
import { own } from "./own-key.ts";
import type { FieldPath, PathElement } from "./path-element.ts";
import { sameValue } from "./shape.ts";

/** What an object has at a path of a field set. */
export interface ValueAt {
  readonly path: FieldPath;
  /** RFC 6901; undefined where the object has no such field, as an element of a list has no place then. */
  readonly pointer: string | undefined;
  /** Undefined where the field is not there. Of an element of a list, or a map in which fields are named, `true` for being there. */
  readonly value: JsonValue | undefined;
}

/** Reads every path of `set` from `object`. Needs no schema: the paths themselves say how elements are named. */
export function valuesAt(set: FieldSet, object: JsonValue): readonly ValueAt[] {
  return [...read(set, object, [], "")];
}

function* read(set: FieldSet, value: JsonValue | undefined, above: FieldPath, pointer: string | undefined): Generator<ValueAt> {
  for (const { element, isMember, below } of set.nodes()) {
    const path = [...above, element];
    const place = placeOf(value, element);
    const child = childAt(value, place);
    const childPointer = pointer === undefined || child === undefined ? undefined : `${pointer}/${escaped(String(place))}`;
    if (isMember) yield { path, pointer: childPointer, value: child === undefined ? undefined : below.isEmpty && element.kind === "field" ? child : true };
    if (!below.isEmpty) yield* read(below, child, path, childPointer);
  }
}

/** Key or index of an element in `value`; undefined where it is not. */
function placeOf(value: JsonValue | undefined, element: PathElement): string | number | undefined {
  if (element.kind === "field") return isObject(value) && Object.hasOwn(value, element.name) ? element.name : undefined;
  if (!Array.isArray(value)) return undefined;
  if (element.kind === "index") return element.index < value.length ? element.index : undefined;
  const at = value.findIndex((item) => (element.kind === "value" ? sameValue(item, element.value) : hasKeys(item, element.keys)));
  return at === -1 ? undefined : at;
}

/** A key that the element lacks counts as its default, which is not known here: it is no difference. */
function hasKeys(item: JsonValue, keys: Extract<PathElement, { kind: "key" }>["keys"]): boolean {
  return (
    isObject(item) &&
    keys.some(([name]) => own(item, name) !== undefined) &&
    keys.every(([name, value]) => own(item, name) === undefined || sameValue(own(item, name), value))
  );
}

function childAt(value: JsonValue | undefined, place: string | number | undefined): JsonValue | undefined {
  if (place === undefined) return undefined;
  if (Array.isArray(value)) return typeof place === "number" ? value[place] : undefined;
  return isObject(value) ? own(value, String(place)) : undefined;
}

function escaped(token: string): string {
  return token.replaceAll("~", "~0").replaceAll("/", "~1");
}

/** The pointer of a field in `object`; undefined where it is not there. */
export function pointerOf(path: FieldPath, object: JsonValue): string | undefined {
  let value: JsonValue | undefined = object;
  let pointer = "";
  for (const element of path) {
    const place = placeOf(value, element);
    if (place === undefined) return undefined;
    value = childAt(value, place);
    pointer += `/${escaped(String(place))}`;
  }
  return pointer;
}
