import { isObject, type JsonObject, type JsonValue } from "@plumb/std";
import { PatchError } from "./patch-error.ts";
import { sameValue } from "./shape.ts";

/**
 * Applies an RFC 6902 patch as kube-apiserver's library does, which differs from the RFC: `replace` adds an absent member,
 * `copy` of an absent member writes null, an index may count from the end, and what comes before the first slash of a path
 * is lost. All or nothing: `document` itself is never changed.
 *
 * @throws {PatchError} `bad-request` for what is no patch, `unprocessable` for one that does not fit the document
 */
export function applyJsonPatch(document: JsonValue, patch: JsonValue): JsonValue {
  if (!Array.isArray(patch)) throw new PatchError("bad-request", "a JSON patch is a list of operations");
  let result = document;
  for (const operation of patch) {
    if (!isObject(operation)) throw new PatchError("bad-request", "an operation of a JSON patch is an object");
    result = applyOperation(result, operation);
  }
  return result;
}

function applyOperation(document: JsonValue, operation: JsonObject): JsonValue {
  const { op, value = null } = operation;
  switch (op) {
    case "add":
      return insert(document, textOf(operation, "path"), value, "add");
    case "remove":
      return remove(document, textOf(operation, "path"), "remove");
    case "replace":
      return replace(document, textOf(operation, "path"), value);
    case "move": {
      const from = textOf(operation, "from");
      const moved = read(document, from, "move");
      return insert(remove(document, from, "move"), textOf(operation, "path"), moved ?? null, "move");
    }
    case "copy":
      return insert(document, textOf(operation, "path"), read(document, textOf(operation, "from"), "copy") ?? null, "copy");
    case "test":
      return tested(document, textOf(operation, "path"), operation["value"]);
    default:
      throw unfit(`Unexpected kind: ${typeof op === "string" ? op : "unknown"}`);
  }
}

function unfit(message: string): PatchError {
  return new PatchError("unprocessable", message);
}

function textOf(operation: JsonObject, field: "path" | "from"): string {
  const text = operation[field];
  if (typeof text !== "string") throw unfit(`${String(operation["op"])} operation failed to decode ${field}: missing value`);
  return text;
}

/** Reference tokens of a pointer, unescaped; undefined for one that names no member. */
function tokensOf(pointer: string): readonly string[] | undefined {
  const tokens = pointer.split("/").slice(1);
  return tokens.length === 0 ? undefined : tokens.map((token) => token.replaceAll("~1", "/").replaceAll("~0", "~"));
}

type Container = readonly JsonValue[] | JsonObject;

function isContainer(value: JsonValue | undefined): value is Container {
  return Array.isArray(value) || isObject(value);
}

/** Rewrites the container that a pointer leads to; containers on the way are copied. */
function edit(document: JsonValue, pointer: string, verb: string, change: (container: Container, key: string) => Container): JsonValue {
  const tokens = tokensOf(pointer);
  const key = tokens?.at(-1);
  if (tokens === undefined || key === undefined) throw missing(verb, pointer);
  return descend(
    document,
    tokens.slice(0, -1),
    (container) => change(container, key),
    () => missing(verb, pointer),
  );
}

function missing(verb: string, pointer: string): PatchError {
  return unfit(`${verb} operation does not apply: doc is missing path: ${JSON.stringify(pointer)}: missing value`);
}

function descend(value: JsonValue | undefined, tokens: readonly string[], change: (container: Container) => Container, absent: () => PatchError): Container {
  if (!isContainer(value)) throw absent();
  const [token, ...rest] = tokens;
  if (token === undefined) return change(value);
  const at = Array.isArray(value) ? indexIn(value.length, token) : token;
  if (at === undefined) throw absent();
  return withMember(value, at, descend(member(value, at), rest, change, absent));
}

function member(container: Container, at: string | number): JsonValue | undefined {
  if (Array.isArray(container)) return typeof at === "number" ? container[at] : undefined;
  return isObject(container) && Object.hasOwn(container, at) ? container[at] : undefined;
}

function withMember(container: Container, at: string | number, value: JsonValue): Container {
  if (Array.isArray(container)) return container.with(Number(at), value);
  return { ...container, [at]: value };
}

/** Place in a list of `length`; counted from the end where it is negative. undefined outside. */
function indexIn(length: number, token: string): number | undefined {
  if (!/^[+-]?\d+$/.test(token)) return undefined;
  const index = Number(token);
  const place = index < 0 ? index + length : index;
  return place >= 0 && place < length ? place : undefined;
}

function read(document: JsonValue, pointer: string, verb: string): JsonValue | undefined {
  const tokens = tokensOf(pointer);
  if (tokens === undefined) throw missing(verb, pointer);
  let value: JsonValue | undefined = document;
  for (const [depth, token] of tokens.entries()) {
    if (!isContainer(value)) throw missing(verb, pointer);
    const at: string | number | undefined = Array.isArray(value) ? indexIn(value.length, token) : token;
    if (at === undefined) throw unfit(`error in ${verb} for path: '${pointer}': Unable to access invalid index: ${token}`);
    value = member(value, at);
    if (value === undefined && depth < tokens.length - 1) throw missing(verb, pointer);
  }
  return value;
}

function insert(document: JsonValue, pointer: string, value: JsonValue, verb: string): JsonValue {
  return edit(document, pointer, verb, (container, key) => {
    if (!Array.isArray(container)) return { ...container, [key]: value };
    const at = key === "-" ? container.length : indexIn(container.length + 1, key);
    if (at === undefined) throw unfit(`error in ${verb} for path: '${pointer}': Unable to access invalid index: ${key}`);
    return container.toSpliced(at, 0, value);
  });
}

function remove(document: JsonValue, pointer: string, verb: string): JsonValue {
  return edit(document, pointer, verb, (container, key) => {
    if (Array.isArray(container)) {
      const at = indexIn(container.length, key);
      if (at === undefined) throw unfit(`error in ${verb} for path: '${pointer}': Unable to access invalid index: ${key}`);
      return container.toSpliced(at, 1);
    }
    if (!isObject(container) || !Object.hasOwn(container, key))
      throw unfit(`error in ${verb} for path: '${pointer}': Unable to remove nonexistent key: ${key}: missing value`);
    const { [key]: _removed, ...rest } = container;
    return rest;
  });
}

function replace(document: JsonValue, pointer: string, value: JsonValue): JsonValue {
  if (pointer === "") {
    if (isContainer(value)) return value;
    throw unfit("replace operation value must be object or array");
  }
  return edit(document, pointer, "replace", (container, key) => {
    const at = Array.isArray(container) ? indexIn(container.length, key) : key;
    if (at === undefined) throw unfit(`replace operation does not apply: doc is missing key: ${pointer}: missing value`);
    return withMember(container, at, value);
  });
}

function tested(document: JsonValue, pointer: string, expected: JsonValue | undefined): JsonValue {
  const value = pointer === "" ? document : read(document, pointer, "test");
  if (!sameValue(value ?? null, expected ?? null)) throw unfit(`testing value ${pointer} failed: test failed`);
  return document;
}
