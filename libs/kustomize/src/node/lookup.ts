import { YamlNode, type NodeKind } from "@plumb/yaml";
import { invalid } from "../build-error.ts";
import { getField, isMissingOrNull, mustBe, scalarNode, setField, type Maybe } from "./fields.ts";

const ATOI = /^[+-]?[0-9]+$/;

/** The number that Go's `strconv.Atoi` reads, undefined for another text. */
export function atoi(text: string): number | undefined {
  if (text.charCodeAt(0) > 0x39) return undefined;
  return ATOI.test(text) && Math.abs(Number(text)) <= Number.MAX_SAFE_INTEGER ? Number(text) : undefined;
}

/** `[name=value]` */
export function isListIndex(part: string): boolean {
  return part.startsWith("[") && part.endsWith("]");
}

/** Splits `[name=value]`; `[=value]` matches an element that is a scalar. */
export function splitListIndex(part: string): { readonly name: string; readonly value: string } {
  const inner = part.replace(/\]$/, "").replace(/^\[/, "");
  const equals = inner.indexOf("=");
  if (equals === -1) throw invalid("list path element must contain fieldName=fieldValue for element to match");
  return { name: inner.slice(0, equals), value: inner.slice(equals + 1) };
}

/** The kind of node to make for a part of a path, by the part that follows it. */
export function kindBefore(next: string | undefined, last: NodeKind): NodeKind {
  if (next === undefined || next === "") return last;
  const index = atoi(next);
  return isListIndex(next) || (index !== undefined && index >= 0) ? "sequence" : "mapping";
}

/**
 * Follows a path of field names, indices, `-` for the last element and `[name=value]`. With `create`, fields and elements that
 * are missing are made, the last one of that kind.
 *
 * @throws {ToolkitError} `invalid` when a node on the way is of another kind than the path says
 */
export function lookup(node: Maybe, path: readonly string[], create?: NodeKind): Maybe {
  let match: Maybe = node;
  const parts = path.every(isClean) ? path : path.map((part) => part.trim()).filter((part) => part !== "");
  for (let i = 0; i < parts.length; i++) {
    match = step(match, parts[i] ?? "", parts[i + 1], create);
    if (match === undefined) return undefined;
  }
  return match;
}

function isClean(part: string): boolean {
  return part !== "" && part.trim() === part;
}

function step(node: Maybe, part: string, next: string | undefined, create: NodeKind | undefined): Maybe {
  const index = atoi(part);
  if (index !== undefined || part === "-") return elementAt(node, part, index);
  if (part === "*") throw invalid("wildcard is not supported in PathGetter");
  if (isListIndex(part)) return matchingElement(node, part, create);
  if (isMissingOrNull(node)) return undefined;
  const field = getField(node, part);
  if (field !== undefined || create === undefined) return field;
  return setField(node, part, new YamlNode(kindBefore(next, create)));
}

function elementAt(node: Maybe, part: string, index: number | undefined): Maybe {
  if (index !== undefined && index < 0) throw invalid(`array index ${index} cannot be negative`);
  mustBe("sequence", node);
  const items = node?.content ?? [];
  if (index === undefined && items.length === 0) throw invalid(`"${part}" asks for the last element of an empty list`);
  return index === undefined ? items.at(-1) : items[index];
}

function matchingElement(node: Maybe, part: string, create: NodeKind | undefined): Maybe {
  const { name, value } = splitListIndex(part);
  mustBe("sequence", node);
  const found = node === undefined ? undefined : findElement(node, [name], [value]);
  if (found !== undefined || create === undefined) return found;
  const made = name === "" ? scalarNode(value) : new YamlNode("mapping");
  if (name !== "") made.append(scalarNode(name), scalarNode(value));
  node?.append(made);
  return made;
}

/** The first element all of whose `keys` have the `values`; with the key empty, the first scalar of that text. */
export function findElement(sequence: YamlNode, keys: readonly string[], values: readonly string[]): Maybe {
  const firstKey = keys[0] ?? "";
  if (firstKey === "") return sequence.content.find((item) => item.value === (values[0] ?? ""));
  return sequence.content.find((item) => {
    if (item.tag !== "!!null" && item.kind !== "mapping") return false;
    if (keys.length !== values.length) throw invalid("length of keys must equal length of values when MatchAnyValue is false");
    return keys.every((key, i) => {
      const field = getField(item, key);
      return field !== undefined && field.value === values[i];
    });
  });
}
