import { isObject, setOwn, type JsonObject, type JsonValue } from "@plumb/std";
import { goText } from "./go-text.ts";
import { withoutNulls } from "./merge-patch.ts";
import { own } from "./own-key.ts";
import { PatchError } from "./patch-error.ts";
import type { PatchSchema } from "./patch-schema.ts";
import { DEDUCED, itemSchema, memberSchema, sameValue } from "./shape.ts";
import { inMergeOrder, keyValue, partition } from "./strategic-order.ts";

const DIRECTIVE = "$patch";
const RETAIN_KEYS = "$retainKeys";
const DELETE_FROM = "$deleteFromPrimitiveList/";
const ELEMENT_ORDER = "$setElementOrder/";

/**
 * Applies a strategic merge patch as kube-apiserver does: lists with a merge strategy are merged by key or value, and the
 * directives `$patch` (replace, delete, merge), `$retainKeys`, `$deleteFromPrimitiveList` and `$setElementOrder` are obeyed.
 *
 * @throws {PatchError} as the API server refuses the patch
 */
export function applyStrategicMerge(document: JsonObject, patch: JsonObject, schema: PatchSchema): JsonObject {
  return mergeMap(document, patch, schema);
}

function mergeMap(original: JsonObject, patch: JsonObject, schema: PatchSchema): JsonObject {
  if (Object.hasOwn(patch, DIRECTIVE)) return directedMap(patch);
  const merged: Record<string, JsonValue | undefined> = { ...retained(original, patch) };
  const rest: Record<string, JsonValue | undefined> = { ...patch };
  delete rest[RETAIN_KEYS];
  for (const key of Object.keys(rest)) if (key.startsWith(ELEMENT_ORDER)) orderElements(merged, rest, key, schema);
  for (const [key, change] of Object.entries(rest)) {
    if (change === undefined) continue;
    if (key.startsWith(DELETE_FROM)) deleteElements(merged, key.slice(DELETE_FROM.length), change);
    else if (change === null) delete merged[key];
    else {
      const value = mergeValue(own(merged, key), change, memberSchema(schema, key) ?? DEDUCED);
      if (value === undefined) delete merged[key];
      else setOwn(merged, key, value);
    }
  }
  return merged;
}

function directedMap(patch: JsonObject): JsonObject {
  const { [DIRECTIVE]: directive, ...rest } = patch;
  if (directive === "replace") return rest;
  if (directive === "delete") return {};
  throw unknownDirective(directive, patch);
}

function unknownDirective(directive: JsonValue | undefined, patch: JsonObject): PatchError {
  return new PatchError("internal", `unknown patch type: ${goText(directive)} in map: ${goText(patch)}`);
}

/** `$retainKeys` names every key that stays; the patch may set no other. */
function retained(original: JsonObject, patch: JsonObject): JsonObject {
  const keys = patch[RETAIN_KEYS];
  if (keys === undefined) return original;
  if (!Array.isArray(keys)) throw new PatchError("bad-request", "invalid patch format of retainKeys");
  for (const [key, value] of Object.entries(patch)) {
    if (value === null || key === RETAIN_KEYS || key.startsWith(DELETE_FROM) || key.startsWith(ELEMENT_ORDER)) continue;
    if (!keys.includes(key)) throw new PatchError("bad-request", "invalid patch format of retainKeys");
  }
  return Object.fromEntries(Object.entries(original).filter(([key]) => keys.includes(key)));
}

/** undefined where nothing is to be kept. */
function mergeValue(original: JsonValue | undefined, change: JsonValue, schema: PatchSchema): JsonValue | undefined {
  const replaces = schema.patchStrategy.includes("replace");
  if (isObject(original) && isObject(change)) return replaces ? change : mergeMap(original, change, schema);
  if (Array.isArray(original) && Array.isArray(change)) return schema.patchStrategy.includes("merge") ? mergeList(original, change, schema) : change;
  return isObject(change) || Array.isArray(change) ? withoutDirectives(withoutNulls(change)) : change;
}

function withoutDirectives(value: JsonValue): JsonValue | undefined {
  if (Array.isArray(value)) return value.flatMap((item) => withoutDirectives(item) ?? []);
  if (!isObject(value)) return value;
  if (Object.hasOwn(value, DIRECTIVE)) return undefined;
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, one]) => {
      const kept = one === undefined ? undefined : withoutDirectives(one);
      return kept === undefined ? [] : [[key, kept] as const];
    }),
  );
}

type Items = readonly JsonValue[];

function mergeList(original: Items, patch: Items, schema: PatchSchema): Items {
  const [first] = [...original, ...patch];
  if (first === undefined) return original;
  refuseMixed(original, patch);
  if (!isObject(first)) return inMergeOrder({ merged: [...new Set([...original, ...patch])], first: patch, others: original, mergeKey: undefined });
  const { mergeKey } = schema;
  if (mergeKey === undefined) throw new PatchError("internal", "cannot merge lists without merge key for slice");
  const special = specialElements(original, patch, mergeKey);
  const merged = mergeElements(special.original, special.patch, mergeKey, itemSchema(schema));
  return inMergeOrder({ merged, first: special.patch, others: special.original, mergeKey });
}

function refuseMixed(original: Items, patch: Items): void {
  const kinds = new Set([...original, ...patch].map((item) => (Array.isArray(item) ? "list" : isObject(item) ? "map" : item === null ? "null" : typeof item)));
  if (kinds.has("list")) throw new PatchError("unprocessable", "lists of lists are not supported");
  if (kinds.size > 1) throw new PatchError("internal", `list element types are not identical: ${goText([original, patch])}`);
}

/** Obeys the elements that carry `$patch`; what is left of the patch are plain elements. */
function specialElements(original: Items, patch: Items, mergeKey: string): { readonly original: Items; readonly patch: Items } {
  let kept = original;
  let replaces = false;
  const plain: JsonValue[] = [];
  for (const element of patch) {
    const directive = isObject(element) ? element[DIRECTIVE] : undefined;
    if (!isObject(element) || directive === undefined) plain.push(element);
    else if (directive === "delete") {
      const value = requiredKey(element, mergeKey);
      kept = kept.filter((one) => !sameValue(keyValue(one, mergeKey), value));
    } else if (directive === "replace") replaces = true;
    else if (directive === "merge") throw new PatchError("internal", "merging lists cannot yet be specified in the patch");
    else throw unknownDirective(directive, element);
  }
  return replaces ? { original: plain, patch: [] } : { original: kept, patch: plain };
}

function requiredKey(element: JsonValue, mergeKey: string): JsonValue {
  const value = keyValue(element, mergeKey);
  if (value === undefined) throw new PatchError("internal", `map: ${goText(element)} does not contain declared merge key: ${mergeKey}`);
  return value;
}

function mergeElements(original: Items, patch: Items, mergeKey: string, schema: PatchSchema): Items {
  const merged = [...original];
  for (const element of patch) {
    const value = requiredKey(element, mergeKey);
    const at = merged.findIndex((one) => sameValue(keyValue(one, mergeKey), value));
    const found = merged[at];
    if (isObject(found) && isObject(element)) merged[at] = mergeMap(found, element, schema);
    else merged.push(element);
  }
  return merged;
}

function deleteElements(merged: Record<string, JsonValue | undefined>, key: string, change: JsonValue): void {
  const list = own(merged, key);
  if (Array.isArray(list) && Array.isArray(change)) merged[key] = list.filter((item) => !change.some((gone) => sameValue(item, gone)));
}

/** Merges the list that a `$setElementOrder` is about and brings it into that order; takes both out of the patch. */
function orderElements(
  merged: Record<string, JsonValue | undefined>,
  patch: Record<string, JsonValue | undefined>,
  directive: string,
  schema: PatchSchema,
): void {
  const key = directive.slice(ELEMENT_ORDER.length);
  const order = patch[directive];
  const change = own(patch, key);
  const live = own(merged, key);
  delete patch[directive];
  if (!Array.isArray(order)) throw new PatchError("internal", `expected a []interface {}, but received a ${typeof order}`);
  const field = memberSchema(schema, key) ?? DEDUCED;
  if (Array.isArray(change)) refuseOtherOrder(change, order, field.mergeKey);
  const all = Array.isArray(change) ? (Array.isArray(live) ? mergeValue(live, change, field) : withoutDirectives(change)) : live;
  delete patch[key];
  if (!Array.isArray(all)) return;
  const { inside, outside } = partition(all, order, field.mergeKey);
  merged[key] = inMergeOrder({ merged: [...inside, ...outside], first: order, others: Array.isArray(live) ? live : [], mergeKey: field.mergeKey });
}

function refuseOtherOrder(change: Items, order: Items, mergeKey: string | undefined): void {
  if (order.length === 0) return;
  const plain = change.filter((element) => !(isObject(element) && Object.hasOwn(element, DIRECTIVE)));
  let matched = 0;
  for (const place of order) {
    const element = plain[matched];
    if (element !== undefined && sameValue(keyValue(element, mergeKey), keyValue(place, mergeKey))) matched += 1;
  }
  if (matched < plain.length)
    throw new PatchError("internal", `The order in patch list:\n${goText(change)}\n doesn't match $setElementOrder list:\n${goText(order)}\n`);
}
