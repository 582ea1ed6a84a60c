import { setOwn, type JsonObject, type JsonValue } from "@plumb/std";
import type { FieldSet } from "./field-set.ts";
import type { PatchSchema } from "./patch-schema.ts";
import { fieldElement } from "./path-element.ts";
import { DEDUCED, elementOf, isAtomicList, isAtomicMap, itemSchema, keysOf, listOf, mapOf, memberSchema, shapeOf } from "./shape.ts";

/** `object` without the members of `fields`; a list or map that loses all it held goes with it. */
export function removeFields(object: JsonObject, fields: FieldSet, schema: PatchSchema): JsonObject {
  return mapOf(remove(object, fields, schema)) ?? {};
}

/** null where nothing is left. */
function remove(value: JsonValue, fields: FieldSet, schema: PatchSchema): JsonValue {
  switch (shapeOf(schema, value)) {
    case "scalar":
      return value;
    case "list":
      return removeItems(listOf(value) ?? [], fields, schema);
    default:
      return removeMembers(mapOf(value) ?? {}, fields, schema);
  }
}

function removeItems(list: readonly JsonValue[], fields: FieldSet, schema: PatchSchema): JsonValue {
  if (isAtomicList(schema)) return null;
  const kept = list.flatMap((item) => {
    const element = elementOf(schema, item);
    if (typeof element === "string") return [item];
    if (fields.hasElement(element)) return [];
    const below = fields.below(element);
    return [below.isEmpty ? item : remove(item, below, itemSchema(schema))];
  });
  return kept.length === 0 ? null : kept;
}

function removeMembers(map: JsonObject, fields: FieldSet, schema: PatchSchema): JsonValue {
  if (isAtomicMap(schema)) return null;
  const kept: Record<string, JsonValue> = {};
  for (const key of keysOf(map)) {
    const element = fieldElement(key);
    if (fields.hasElement(element)) continue;
    const value = map[key] ?? null;
    const below = fields.below(element);
    setOwn(kept, key, below.isEmpty ? value : remove(value, below, memberSchema(schema, key) ?? DEDUCED));
  }
  return Object.keys(kept).length === 0 ? null : kept;
}
