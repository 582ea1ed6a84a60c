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

/** undefined where nothing is left to write. A leaf is what is applied, null included, or else what is there. */
function merge(live: Maybe, applied: Maybe, schema: PatchSchema): Maybe {
  if (applied === undefined) return live;
  switch (shapeOf(schema, applied)) {
    case "scalar":
      return applied;
    case "list":
      return mergeList(live, applied, schema);
    default:
      return mergeMap(live, applied, schema);
  }
}

function mergeMap(live: Maybe, applied: JsonValue, schema: PatchSchema): Maybe {
  const old = mapOf(live) ?? {};
  const now = mapOf(applied) ?? {};
  const keys = new Set([...keysOf(old), ...keysOf(now)]);
  if (isAtomicMap(schema) || keys.size === 0) return applied;
  const merged: Record<string, JsonValue> = {};
  for (const key of keys) {
    const value = merge(own(old, key), own(now, key), memberSchema(schema, key) ?? DEDUCED);
    if (value !== undefined) setOwn(merged, key, value);
  }
  return Object.keys(merged).length === 0 ? undefined : merged;
}

function mergeList(live: Maybe, applied: JsonValue, schema: PatchSchema): Maybe {
  const old = listOf(live) ?? [];
  const now = listOf(applied) ?? [];
  if (isAtomicList(schema) || (old.length === 0 && now.length === 0)) return applied;
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

/** An element that is in `old` twice is no ground to merge on: what is applied replaces both. */
function mergeItems(old: readonly NamedItem[], now: readonly NamedItem[], schema: PatchSchema): readonly JsonValue[] {
  const oldById = new Map<string, Maybe>();
  for (const { element, item } of old) oldById.set(element.id, oldById.has(element.id) ? null : item);
  const newById = new Map(now.map(({ element, item }) => [element.id, item]));
  return inMergedOrder(old, now)
    .map(({ element: { id }, item }) => (newById.has(id) ? merge(oldById.get(id), newById.get(id), schema) : item))
    .filter((item) => item !== undefined);
}

/** Elements that both have stand in the order of `now`; those of `old` alone keep their place among them. */
function inMergedOrder(old: readonly NamedItem[], now: readonly NamedItem[]): readonly NamedItem[] {
  const oldIds = new Set(old.map(({ element }) => element.id));
  const newIds = new Set(now.map(({ element }) => element.id));
  const shared = now.map(({ element }) => element.id).filter((id) => oldIds.has(id));
  const merged: NamedItem[] = [];
  const done = new Set<string>();
  let left = 0;
  let right = 0;
  let passed = 0;
  while (left < old.length || right < now.length) {
    const mine = old[left];
    const theirs = now[right];
    const nextShared = shared[passed];
    const myId = mine?.element.id ?? "";
    if (mine !== undefined && !newIds.has(myId)) {
      merged.push(mine);
      left += 1;
      continue;
    }
    const isSame = mine !== undefined && theirs?.element.id === myId;
    const isLater = mine !== undefined && theirs !== undefined && !isSame && nextShared !== undefined && nextShared !== myId;
    if (isSame || isLater || done.has(myId)) left += 1;
    if (isLater || theirs === undefined) continue;
    merged.push(theirs);
    done.add(theirs.element.id);
    right += 1;
    if (nextShared === theirs.element.id) passed += 1;
  }
  return merged;
}
