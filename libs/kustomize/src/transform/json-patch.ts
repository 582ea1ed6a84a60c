import { setOwn, type JsonValue } from "@plumb/std";
import { parseOne } from "@plumb/yaml";
import { invalid } from "../build-error.ts";
import { yamlLimits, type BuildLimits } from "../build-limits.ts";
import type { Growth } from "../growth.ts";
import { atoi } from "../node/lookup.ts";
import { draftOf, isScalar, isWrittenAlike, parseDraft, unwritten, Written, type Draft, type DraftObject } from "./json-draft.ts";

/** One operation of RFC 6902, not yet checked: a wrong one fails when it is applied. */
export interface PatchOperation {
  readonly op: string;
  readonly path: string | undefined;
  readonly from: string | undefined;
  /** undefined when the field is absent. */
  readonly value: Draft | undefined;
}

/** Reads a JSON patch written as JSON or YAML. @throws {ToolkitError} `invalid` for what is no list of objects */
export function readJsonPatch(text: string, limits: BuildLimits): readonly PatchOperation[] {
  const { maxObjectLength, maxEntries } = limits;
  if (text.length > maxObjectLength) throw invalid(`a JSON patch of more than ${maxObjectLength} characters (limit maxObjectLength)`);
  const value = text.startsWith("[") ? parseJsonText(text) : draftOf(parseOne(text, { dialect: "kubernetes", limits: yamlLimits(limits) }));
  if (value === null) return [];
  if (!Array.isArray(value)) throw invalid(`json: cannot unmarshal ${isScalar(value) ? typeof value : "object"} into Go value of type jsonpatch.Patch`);
  if (value.length > maxEntries) throw invalid(`a JSON patch of more than ${maxEntries} operations (limit maxEntries)`);
  return value.map(readOperation);
}

function readOperation(item: Draft): PatchOperation {
  if (isScalar(item) || Array.isArray(item))
    throw invalid(`json: cannot unmarshal ${Array.isArray(item) ? "array" : typeof item} into Go value of type jsonpatch.Operation`);
  const text = (name: string): string | undefined => {
    const field = item[name];
    const plain = field instanceof Written ? field.value : field;
    return typeof plain === "string" ? plain : undefined;
  };
  return { op: text("op") ?? "unknown", path: text("path"), from: text("from"), value: Object.hasOwn(item, "value") ? (item["value"] ?? null) : undefined };
}

function parseJsonText(text: string): Draft {
  try {
    return parseDraft(text);
  } catch (cause) {
    throw invalid(`the patch is no JSON: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
}

/** Applies the operations to a copy of `document`. @param growth is told what they add @throws {ToolkitError} `invalid` in the words of evanphx/json-patch 4 */
export function applyJsonPatch(document: JsonValue, operations: readonly PatchOperation[], growth: Growth): JsonValue {
  let root = draftOf(document);
  for (const operation of operations) root = applyOne(root, operation, growth);
  // why: a draft without what is written in its own way is a JSON value that is still allowed to change
  return unwritten(root) as JsonValue;
}

function applyOne(root: Draft, { op, path, from, value }: PatchOperation, growth: Growth): Draft {
  switch (op) {
    case "add":
      add(root, needed(path, op, "path"), draftOf(value ?? null, growth), op);
      return root;
    case "remove":
      remove(root, needed(path, op, "path"), op);
      return root;
    case "replace":
      return replace(root, needed(path, op, "path"), value, growth);
    case "move": {
      const source = needed(from, op, "from");
      const moved = getAt(root, source, op, "from path");
      remove(root, source, op);
      add(root, needed(path, op, "path"), moved, op, "destination path");
      return root;
    }
    case "copy": {
      const copied = getAt(root, needed(from, op, "from"), op, "from path");
      add(root, needed(path, op, "path"), draftOf(copied, growth), op, "destination path");
      return root;
    }
    case "test":
      test(root, needed(path, op, "path"), value);
      return root;
    default:
      throw invalid(`Unexpected kind: ${op}`);
  }
}

function needed(pointer: string | undefined, op: string, name: string): string {
  if (pointer === undefined) throw invalid(`${op} operation failed to decode ${name}: operation missing ${name} field: missing value`);
  return pointer;
}

interface Place {
  readonly container: DraftObject | Draft[];
  readonly key: string;
}

/** The container that a pointer ends in. */
function find(root: Draft, pointer: string): Place | undefined {
  const parts = pointer.split("/");
  if (parts.length < 2) return undefined;
  let current: Draft = root;
  for (const part of parts.slice(1, -1)) {
    const next = child(current, decodePart(part));
    if (next === undefined || isScalar(next)) return undefined;
    current = next;
  }
  return isScalar(current) ? undefined : { container: current, key: decodePart(parts.at(-1) ?? "") };
}

function decodePart(part: string): string {
  return part.replaceAll(/~[01]/g, (code) => (code === "~1" ? "/" : "~"));
}

function child(container: Draft, key: string): Draft | undefined {
  if (isScalar(container)) return undefined;
  if (!Array.isArray(container)) return Object.hasOwn(container, key) ? container[key] : undefined;
  const index = atoi(key);
  return index === undefined || index < -container.length ? undefined : container[index < 0 ? index + container.length : index];
}

function placeOf(root: Draft, pointer: string, op: string, what = "path"): Place {
  const place = find(root, pointer);
  if (place !== undefined) return place;
  throw invalid(
    `${op} operation does not apply: doc is missing ${what}: ${op === "add" || op === "remove" ? JSON.stringify(pointer) : pointer}: missing value`,
  );
}

function badIndex(pointer: string, op: string, index: number): Error {
  return invalid(`error in ${op} for path: '${pointer}': Unable to access invalid index: ${index}: invalid index referenced`);
}

function indexOf(key: string, pointer: string, op: string): number {
  const index = atoi(key);
  if (index === undefined) throw invalid(`error in ${op} for path: '${pointer}': value was not a proper array index: '${key}'`);
  return index;
}

function add(root: Draft, pointer: string, value: Draft, op: string, what = "path"): void {
  const { container, key } = placeOf(root, pointer, op, what);
  if (!Array.isArray(container)) return setOwn(container, key, value);
  if (key === "-") {
    container.push(value);
    return;
  }
  const index = indexOf(key, pointer, op);
  const size = container.length + 1;
  if (index >= size || index < -size) throw badIndex(pointer, op, index);
  container.splice(index < 0 ? index + size : index, 0, value);
}

function remove(root: Draft, pointer: string, op: string): void {
  const { container, key } = placeOf(root, pointer, op);
  if (!Array.isArray(container)) {
    if (!Object.hasOwn(container, key)) throw invalid(`error in ${op} for path: '${pointer}': Unable to remove nonexistent key: ${key}: missing value`);
    delete container[key];
    return;
  }
  const index = indexOf(key, pointer, op);
  if (index >= container.length || index < -container.length) throw badIndex(pointer, op, index);
  container.splice(index, 1);
}

function replace(root: Draft, pointer: string, value: Draft | undefined, growth: Growth): Draft {
  if (pointer === "") {
    if (value === undefined || isScalar(value)) throw invalid("replace operation value must be object or array");
    return draftOf(value, growth);
  }
  const { container, key } = placeOf(root, pointer, "replace");
  if (!Array.isArray(container)) {
    setOwn(container, key, draftOf(value ?? null, growth));
    return root;
  }
  const index = atoi(key);
  if (index === undefined || index >= container.length || index < -container.length) {
    throw invalid(`replace operation does not apply: doc is missing key: ${pointer}: missing value`);
  }
  container[index < 0 ? index + container.length : index] = draftOf(value ?? null, growth);
  return root;
}

function getAt(root: Draft, pointer: string, op: string, what: string): Draft {
  const { container, key } = placeOf(root, pointer, op, what);
  if (!Array.isArray(container)) return child(container, key) ?? null;
  const index = atoi(key);
  const value = child(container, key);
  if (index === undefined || value === undefined) throw badIndex(pointer, op, index ?? -1);
  return value;
}

function test(root: Draft, pointer: string, value: Draft | undefined): void {
  const actual = pointer === "" ? root : getAt(root, pointer, "test", "path");
  if (!isWrittenAlike(actual, value ?? null)) throw invalid(`testing value ${pointer} failed: test failed`);
}
