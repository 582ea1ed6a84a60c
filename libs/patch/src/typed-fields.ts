import type { JsonValue } from "@plumb/std";
import { FieldSetBuilder, type FieldSet } from "./field-set.ts";
import type { PatchSchema } from "./patch-schema.ts";
import { fieldElement, type PathElement } from "./path-element.ts";
import { DEDUCED, elementOf, isAtomicList, isAtomicMap, itemSchema, keysOf, listOf, mapOf, memberSchema, shapeOf } from "./shape.ts";

/** The fields that `value` names: leaves, elements of keyed lists and sets, empty maps, and keys of maps that are no structs. */
export function fieldsOf(value: JsonValue, schema: PatchSchema): FieldSet {
  const root = new FieldSetBuilder();
  // why: the root itself is nobody's; a leaf at the root leaves the set empty
  collect(value, schema, root, () => {});
  return root.build();
}

/** @param addSelf makes the place of `value` itself a member */
function collect(value: JsonValue, schema: PatchSchema, into: FieldSetBuilder, addSelf: () => void): void {
  switch (shapeOf(schema, value)) {
    case "scalar":
      addSelf();
      return;
    case "list":
      if (isAtomicList(schema)) addSelf();
      else collectItems(listOf(value) ?? [], schema, into);
      return;
    default:
      if (isAtomicMap(schema)) addSelf();
      else collectMembers(value, schema, into);
  }
}

function collectItems(list: readonly JsonValue[], schema: PatchSchema, into: FieldSetBuilder): void {
  const items = list.flatMap((item) => {
    const element = elementOf(schema, item);
    return typeof element === "string" ? [] : [{ item, element }];
  });
  const counts = new Map<string, number>();
  for (const { element } of items) counts.set(element.id, (counts.get(element.id) ?? 0) + 1);
  for (const { item, element } of items) {
    into.addElement(element);
    // why: of an element that is there twice only its place is owned, nothing in it
    if (counts.get(element.id) === 1) collectBelow(item, itemSchema(schema), into, element);
  }
}

function collectMembers(value: JsonValue, schema: PatchSchema, into: FieldSetBuilder): void {
  const map = mapOf(value);
  if (map === undefined) return;
  for (const key of keysOf(map)) {
    const member = map[key] ?? null;
    const element = fieldElement(key);
    collectBelow(member, memberSchema(schema, key) ?? DEDUCED, into, element);
    const inner = mapOf(member);
    if (member === null || (inner !== undefined && keysOf(inner).length === 0) || !schema.fields.has(key)) into.addElement(element);
  }
}

function collectBelow(value: JsonValue, schema: PatchSchema, into: FieldSetBuilder, element: PathElement): void {
  collect(value, schema, into.at(element), () => into.addElement(element));
}
