import type { JsonValue } from "@plumb/std";
import { FieldSetBuilder, type FieldSet } from "./field-set.ts";
import { own } from "./own-key.ts";
import type { PatchSchema } from "./patch-schema.ts";
import { fieldElement, type PathElement } from "./path-element.ts";
import { DEDUCED, elementOf, isAtomicList, isAtomicMap, itemSchema, keysOf, listOf, mapOf, memberSchema, sameValue, shapeOf, type Shape } from "./shape.ts";

/** How one object became another; no path is in two of the sets. */
export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

export function compareTyped(before: JsonValue, after: JsonValue, schema: PatchSchema): Comparison {
  const walk = new CompareWalk();
  walk.compare(before, after, schema);
  return { added: walk.added.build(), modified: walk.modified.build(), removed: walk.removed.build() };
}

type Maybe = JsonValue | undefined;

class CompareWalk {
  readonly added = new FieldSetBuilder();
  readonly modified = new FieldSetBuilder();
  readonly removed = new FieldSetBuilder();

  /** Where the walk is; one list for all levels. */
  readonly #path: PathElement[] = [];

  /** At most one of the two is undefined, which means absent. */
  compare(before: Maybe, after: Maybe, schema: PatchSchema): void {
    // why: one value on both sides, as an apply leaves all that it does not name
    if (before === after) return;
    const shape = shapeOf(schema, after === undefined ? before : after);
    if (before !== undefined && after !== undefined && shapeOf(schema, before) !== shape) this.#as(shapeOf(schema, before), before, after, schema);
    const isLeaf = this.#as(shape, before, after, schema);
    if (isLeaf) return;
    if (before === undefined) this.added.add(this.#path);
    else if (after === undefined) this.removed.add(this.#path);
  }

  #compareBelow(element: PathElement, before: Maybe, after: Maybe, schema: PatchSchema): void {
    this.#path.push(element);
    this.compare(before, after, schema);
    this.#path.pop();
  }

  /** Returns whether the value was compared as a whole. */
  #as(shape: Shape, before: Maybe, after: Maybe, schema: PatchSchema): boolean {
    switch (shape) {
      case "scalar":
        return this.#leaf(before, after);
      case "list":
        return this.#list(before, after, schema);
      default:
        return this.#map(before, after, schema);
    }
  }

  #leaf(before: Maybe, after: Maybe): true {
    if (before === undefined) this.added.add(this.#path);
    else if (after === undefined) this.removed.add(this.#path);
    else if (!sameValue(before, after)) this.modified.add(this.#path);
    return true;
  }

  #map(before: Maybe, after: Maybe, schema: PatchSchema): boolean {
    const old = mapOf(before) ?? {};
    const now = mapOf(after) ?? {};
    const keys = new Set([...keysOf(old), ...keysOf(now)]);
    if (isAtomicMap(schema) || keys.size === 0) return this.#leaf(before, after);
    for (const key of keys) this.#compareBelow(fieldElement(key), own(old, key), own(now, key), memberSchema(schema, key) ?? DEDUCED);
    return false;
  }

  #list(before: Maybe, after: Maybe, schema: PatchSchema): boolean {
    const old = listOf(before) ?? [];
    const now = listOf(after) ?? [];
    if (isAtomicList(schema) || (old.length === 0 && now.length === 0)) return this.#leaf(before, after);
    const oldItems = grouped(old, schema);
    const newItems = grouped(now, schema);
    for (const { element, items } of oldItems.values()) this.#items(element, items, newItems.get(element.id)?.items ?? [], schema);
    for (const { element, items } of newItems.values()) if (!oldItems.has(element.id)) this.#items(element, [], items, schema);
    return false;
  }

  /** Elements of one name: compared one to one, or as a whole where the name is there twice. */
  #items(element: PathElement, old: readonly JsonValue[], now: readonly JsonValue[], schema: PatchSchema): void {
    if (old.length <= 1 && now.length <= 1) {
      this.#compareBelow(element, old[0], now[0], itemSchema(schema));
    } else if (old.length >= 2 && now.length >= 2) {
      if (!sameValue(old, now)) this.#mark(this.modified, element);
    } else if (old.length >= 2) {
      if (now[0] !== undefined) this.#compareBelow(element, undefined, now[0], itemSchema(schema));
      this.#mark(this.removed, element);
    } else {
      if (old[0] !== undefined) this.#compareBelow(element, old[0], undefined, itemSchema(schema));
      this.#mark(this.added, element);
    }
  }

  #mark(set: FieldSetBuilder, element: PathElement): void {
    set.add([...this.#path, element]);
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
