import type { JsonValue } from "@plumb/std";
import { FieldSetBuilder, type FieldSet } from "./field-set.ts";
import { fieldElement, type FieldPath, type PathElement } from "./path-element.ts";
import type { PatchSchema } from "./patch-schema.ts";
import { DEDUCED, elementOf, isAtomicList, isAtomicMap, itemSchema, keysOf, listOf, mapOf, memberSchema, sameValue, shapeOf, type Shape } from "./shape.ts";

/** How one object became another; no path is in two of the sets. */
export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

export function compareTyped(before: JsonValue, after: JsonValue, schema: PatchSchema): Comparison {
  const walk = new CompareWalk();
  walk.compare(before, after, schema, []);
  return { added: walk.added.build(), modified: walk.modified.build(), removed: walk.removed.build() };
}

type Maybe = JsonValue | undefined;

class CompareWalk {
  readonly added = new FieldSetBuilder();
  readonly modified = new FieldSetBuilder();
  readonly removed = new FieldSetBuilder();

  /** At most one of the two is undefined, which means absent. */
  compare(before: Maybe, after: Maybe, schema: PatchSchema, path: FieldPath): void {
    const shape = shapeOf(schema, after === undefined ? before : after);
    let isLeaf: boolean;
    if (before !== undefined && after !== undefined && shapeOf(schema, before) !== shape) {
      this.#as(shapeOf(schema, before), before, after, schema, path);
    }
    isLeaf = this.#as(shape, before, after, schema, path);
    if (isLeaf) return;
    if (before === undefined) this.added.add(path);
    else if (after === undefined) this.removed.add(path);
  }

  /** Returns whether the value was compared as a whole. */
  #as(shape: Shape, before: Maybe, after: Maybe, schema: PatchSchema, path: FieldPath): boolean {
    switch (shape) {
      case "scalar": return this.#leaf(before, after, path);
      case "list": return this.#list(before, after, schema, path);
      default: return this.#map(before, after, schema, path);
    }
  }

  #leaf(before: Maybe, after: Maybe, path: FieldPath): true {
    if (before === undefined) this.added.add(path);
    else if (after === undefined) this.removed.add(path);
    else if (!sameValue(before, after)) this.modified.add(path);
    return true;
  }

  #map(before: Maybe, after: Maybe, schema: PatchSchema, path: FieldPath): boolean {
    const old = mapOf(before) ?? {};
    const now = mapOf(after) ?? {};
    const keys = new Set([...keysOf(old), ...keysOf(now)]);
    if (isAtomicMap(schema) || keys.size === 0) return this.#leaf(before, after, path);
    for (const key of keys) this.compare(old[key], now[key], memberSchema(schema, key) ?? DEDUCED, [...path, fieldElement(key)]);
    return false;
  }

  #list(before: Maybe, after: Maybe, schema: PatchSchema, path: FieldPath): boolean {
    const old = listOf(before) ?? [];
    const now = listOf(after) ?? [];
    if (isAtomicList(schema) || (old.length === 0 && now.length === 0)) return this.#leaf(before, after, path);
    const oldItems = grouped(old, schema);
    const newItems = grouped(now, schema);
    for (const { element, items } of oldItems.values()) this.#items(element, items, newItems.get(element.id)?.items ?? [], schema, path);
    for (const { element, items } of newItems.values()) if (!oldItems.has(element.id)) this.#items(element, [], items, schema, path);
    return false;
  }

  /** Elements of one name: compared one to one, or as a whole where the name is there twice. */
  #items(element: PathElement, old: readonly JsonValue[], now: readonly JsonValue[], schema: PatchSchema, path: FieldPath): void {
    const inner = [...path, element];
    if (old.length <= 1 && now.length <= 1) {
      this.compare(old[0], now[0], itemSchema(schema), inner);
    } else if (old.length >= 2 && now.length >= 2) {
      if (!sameValue(old, now)) this.modified.add(inner);
    } else if (old.length >= 2) {
      if (now[0] !== undefined) this.compare(undefined, now[0], itemSchema(schema), inner);
      this.removed.add(inner);
    } else {
      if (old[0] !== undefined) this.compare(old[0], undefined, itemSchema(schema), inner);
      this.added.add(inner);
    }
  }
}

interface Group {
  readonly element: PathElement;
  readonly items: JsonValue[];
}

function grouped(list: readonly JsonValue[], schema: PatchSchema): ReadonlyMap<string, Group> {
  const groups = new Map<string, Group>();
  for (const item of list) {
    const element = elementOf(schema, item);
    if (typeof element === "string") continue;
    const group = groups.get(element.id);
    if (group === undefined) groups.set(element.id, { element, items: [item] });
    else group.items.push(item);
  }
  return groups;
}
