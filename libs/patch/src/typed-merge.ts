import { setOwn, type JsonObject, type JsonValue } from "@plumb/std";
import { own } from "./own-key.ts";
import type { PatchSchema } from "./patch-schema.ts";
import type { PathElement } from "./path-element.ts";
import { DEDUCED, elementOf, isAtomicList, isAtomicMap, itemSchema, keysOf, listOf, mapOf, memberSchema, shapeOf } from "./shape.ts";

/** `live` with everything that `applied` names. Nothing is removed: that is the matter of ownership. */
export function mergeTyped(live: JsonObject, applied: JsonObject, schema: PatchSchema): JsonObject {
  return mapOf(merge(live, applied, schema)) ?? {};
}

type Maybe = JsonValue | undefined;

/** undefined where nothing is left to write. Not both are undefined. */
function merge(live: Maybe, applied: Maybe, schema: PatchSchema): Maybe {
  if (applied === undefined) return live;
  switch (shapeOf(schema, applied)) {
    case "scalar":
      return kept(live, applied);
    case "list":
      return mergeList(live, applied, schema);
    default:
      return mergeMap(live, applied, schema);
  }
}

/** A leaf: what is applied, null included, or else what is there. */
function kept(live: Maybe, applied: Maybe): Maybe {
  return applied === undefined ? live : applied;
}

function mergeMap(live: Maybe, applied: Maybe, schema: PatchSchema): Maybe {
  const old = mapOf(live) ?? {};
  const now = mapOf(applied) ?? {};
  const keys = new Set([...keysOf(old), ...keysOf(now)]);
  if (isAtomicMap(schema) || keys.size === 0) return kept(live, applied);
  const merged: Record<string, JsonValue> = {};
  for (const key of keys) {
    const value = merge(own(old, key), own(now, key), memberSchema(schema, key) ?? DEDUCED);
    if (value !== undefined) setOwn(merged, key, value);
  }
  return Object.keys(merged).length === 0 ? undefined : merged;
}

function mergeList(live: Maybe, applied: Maybe, schema: PatchSchema): Maybe {
  const old = listOf(live) ?? [];
  const now = listOf(applied) ?? [];
  if (isAtomicList(schema) || (old.length === 0 && now.length === 0)) return kept(live, applied);
  const merged = mergeItems(named(old, schema), named(now, schema), itemSchema(schema));
  return merged.length === 0 ? undefined : merged;
}

interface NamedItem {
  readonly element: PathElement;
  readonly item: JsonValue;
}

function named(list: readonly JsonValue[], schema: PatchSchema): readonly NamedItem[] {
  return list.flatMap((item) => {
    const element = elementOf(schema, item);
    return typeof element === "string" ? [] : [{ element, item }];
  });
}

/**
 * Elements that both have stand in the order of `now`; those of `old` alone keep their place among them.
 * An element that is in `old` twice is no ground to merge on: what is applied replaces both.
 */
function mergeItems(old: readonly NamedItem[], now: readonly NamedItem[], schema: PatchSchema): readonly JsonValue[] {
  const oldById = new Map<string, Maybe>();
  for (const { element, item } of old) oldById.set(element.id, oldById.has(element.id) ? null : item);
  const newById = new Map(now.map(({ element, item }) => [element.id, item]));
  const shared = now
    .map(({ element }) => element.id)
    .filter((id) => oldById.has(id))
    .values();
  let nextShared = shared.next().value;
  const merged: JsonValue[] = [];
  const done = new Set<string>();
  const push = (value: Maybe): void => {
    if (value !== undefined) merged.push(value);
  };
  let left = 0;
  let right = 0;
  const takeRight = (id: string): void => {
    done.add(id);
    push(merge(oldById.get(id), newById.get(id), schema));
    right += 1;
  };
  while (left < old.length || right < now.length) {
    const mine = old[left];
    const theirs = now[right];
    if (mine !== undefined && theirs !== undefined) {
      if (mine.element.id === theirs.element.id) {
        takeRight(theirs.element.id);
        left += 1;
        nextShared = shared.next().value;
        continue;
      }
      if (newById.has(mine.element.id) && nextShared !== undefined && nextShared !== mine.element.id) {
        left += 1;
        continue;
      }
    }
    if (mine !== undefined) {
      if (!newById.has(mine.element.id)) {
        push(merge(mine.item, undefined, schema));
        left += 1;
        continue;
      }
      if (done.has(mine.element.id)) left += 1;
    }
    if (theirs !== undefined) {
      takeRight(theirs.element.id);
      if (nextShared === theirs.element.id) nextShared = shared.next().value;
    }
  }
  return merged;
}
