import { isObject, type JsonValue } from "@plumb/std";
import { own } from "./own-key.ts";
import { sameValue } from "./shape.ts";

type Items = readonly JsonValue[];

/** What tells elements apart: the value under the merge key, or without one the element itself. */
export function keyValue(element: JsonValue, mergeKey: string | undefined): JsonValue | undefined {
  if (mergeKey === undefined) return element;
  return isObject(element) ? own(element, mergeKey) : undefined;
}

/** Splits a list by whether `others` has an element of the same key. */
export function partition(list: Items, others: Items, mergeKey: string | undefined): { readonly inside: Items; readonly outside: Items } {
  const isInside = (element: JsonValue): boolean => placeIn(others, element, mergeKey) >= 0;
  return { inside: list.filter(isInside), outside: list.filter((element) => !isInside(element)) };
}

function placeIn(list: Items, element: JsonValue, mergeKey: string | undefined): number {
  return list.findIndex((other) => sameValue(keyValue(other, mergeKey), keyValue(element, mergeKey)));
}

/**
 * The order of a merged list: elements of `first` in its order, the others in the order of `others`, the two interleaved so
 * that an other stands before an element that it preceded there.
 */
export function inMergeOrder({
  merged,
  first,
  others: rest,
  mergeKey,
}: {
  readonly merged: Items;
  readonly first: Items;
  readonly others: Items;
  readonly mergeKey: string | undefined;
}): Items {
  const { inside, outside } = partition(merged, first, mergeKey);
  const leading = sortedBy(inside, first, mergeKey);
  const others = sortedBy(outside, rest, mergeKey);
  const result: JsonValue[] = [];
  let next = 0;
  for (const element of leading) {
    const place = placeIn(rest, element, mergeKey);
    while (next < others.length && place >= 0) {
      const other = others[next];
      const otherPlace = other === undefined ? -1 : placeIn(rest, other, mergeKey);
      if (other === undefined || otherPlace < 0 || otherPlace >= place) break;
      result.push(other);
      next += 1;
    }
    result.push(element);
  }
  return [...result, ...others.slice(next)];
}

function sortedBy(list: Items, order: Items, mergeKey: string | undefined): Items {
  return list
    .map((element) => ({ element, place: placeIn(order, element, mergeKey) }))
    .sort((a, b) => a.place - b.place)
    .map(({ element }) => element);
}
