import { YamlNode } from "@plumb/yaml";
import { invalid } from "../build-error.ts";
import { fieldOf, getField, isEmpty, isEmptyMapping, isMissingOrNull, scalarNode, setField, type Maybe } from "../node/fields.ts";
import { findElement } from "../node/lookup.ts";
import type { Shape } from "../schema/shape.ts";
import { isNamedList, mergeValue, type Merge, type Merged } from "./merge-node.ts";

/** Merges the elements of two lists that have the same keys. @param list the one to go on with; may be `patch` itself */
export function mergeList(list: YamlNode, patch: Maybe, shape: Shape | undefined, merge: Merge, path: readonly string[]): Merged {
  const sources: readonly Maybe[] = [list, patch];
  const keys = keysOf(sources, shape, path);
  const tuples = elementKeys(sources, keys, merge.prepend);
  if (tuples.length !== 0 || keys.length > 0) return mergeElements(tuples, keys, list, sources, shape, merge);
  return mergeElements(scalarKeys(sources, merge.prepend), [""], list, sources, shape, merge);
}

/** The keys by the schema; without one, `name`. */
function keysOf(sources: readonly Maybe[], shape: Shape | undefined, path: readonly string[]): readonly string[] {
  const keys = shape?.strategy === undefined ? [] : (shape.mapKeys ?? (shape.mergeKey === undefined ? [] : [shape.mergeKey]));
  if (shape?.strategy !== undefined || keys.length > 0) return keys;
  let key = "";
  for (const source of sources) {
    if (source === undefined || source.content.length === 0) continue;
    const next = isNamedList(source) ? "name" : "";
    if (key !== "" && key !== next) throw invalid(`conflicting merge keys [${key},${next}] for field ${path.join(".")}`);
    key = next;
  }
  if (key === "") throw invalid(`no merge key found for field ${path.join(".")}`);
  return [key];
}

type Tuple = readonly string[];

function inOrder(sources: readonly Maybe[], prepend: boolean): readonly YamlNode[] {
  return (prepend ? sources.toReversed() : sources).filter((source) => source !== undefined);
}

/** The values of the keys of every element, each tuple once; an element without a key has an empty one. */
function elementKeys(sources: readonly Maybe[], keys: readonly string[], prepend: boolean): readonly Tuple[] {
  const seen = new Map<string, Tuple>();
  for (const source of inOrder(sources, prepend)) {
    for (const item of source.content) {
      const tuple = keys.map((key) => {
        const value = fieldOf(item, key);
        return value === undefined || isEmpty(value) ? "" : value.value;
      });
      const id = JSON.stringify(tuple);
      if (tuple.length > 0 && !seen.has(id)) seen.set(id, tuple);
    }
  }
  return [...seen.values()];
}

function scalarKeys(sources: readonly Maybe[], prepend: boolean): readonly Tuple[] {
  return [...new Set(inOrder(sources, prepend).flatMap(({ content }) => content.map(({ value }) => value)))].map((value) => [value]);
}

function mergeElements(
  given: readonly Tuple[],
  keys: readonly string[],
  list: YamlNode,
  sources: readonly Maybe[],
  shape: Shape | undefined,
  merge: Merge,
): Merged {
  const tuples = keys.length > 1 ? completed(given) : given;
  const added = new YamlNode("sequence");
  const elementShape = shape?.items();
  const isUsed = usedKeys(tuples, keys);
  const finder = new ElementFinder(sources);
  const isSimple = isSimpleList(list, keys) && tuples.every(([value = ""]) => value !== "");
  const removed = new Set<string>();
  let used: Key = { keys: [], values: [] };
  for (const values of tuples) {
    if (values.length === 0) continue;
    used = usedKey(isUsed, values, keys);
    const own = usedKey(usedKeys([used.values], used.keys), used.values, used.keys);
    const [dest, theirs] = finder.find(own);
    const value = mergeValue(dest, theirs, elementShape, merge, []);
    if (value === undefined || isMissingOrNull(value) || isEmptyMapping(value)) {
      if (isSimple) removed.add(values[0] ?? "");
      else if (used.keys.length > 0) {
        setElement(list, undefined, used);
        finder.forget();
      }
      continue;
    }
    setMissingKeys(value, used);
    if (isSimple) added.append(value);
    else setElement(added, value, used);
  }
  if (tuples.length === 0) return list;
  if (removed.size > 0) list.refill(list.content.filter((item) => !removed.has(textOf(item, used.keys[0] ?? "") ?? "")));
  return merge.prepend ? appendElements(added, list, used.keys) : appendElements(list, added, used.keys);
}

/** A merged element that has lost a key by which it was found gets it back. */
function setMissingKeys(element: YamlNode, { keys, values }: Key): void {
  for (const [i, key] of keys.entries()) {
    const text = values[i] ?? "";
    if (text !== "" && fieldOf(element, key) === undefined && key !== "") setField(element, key, scalarNode(text));
  }
}

interface Key {
  readonly keys: readonly string[];
  readonly values: readonly string[];
}

/** For each key, whether any element has it. */
function usedKeys(tuples: readonly Tuple[], keys: readonly string[]): readonly boolean[] {
  return keys.map((_, i) => tuples.some((tuple) => (tuple[i] ?? "") !== ""));
}

/** Leaves out keys that no element has; all stay when no element has any. */
function usedKey(isUsed: readonly boolean[], values: Tuple, keys: readonly string[]): Key {
  if (!isUsed.includes(true)) return { keys, values };
  return { keys: keys.filter((_, i) => isUsed[i]), values: values.filter((value, i) => value !== "" || isUsed[i]) };
}

/** Finds elements as `findElement` does, in the same time however many there are. */
class ElementFinder {
  readonly #sources: readonly Maybe[];
  /** For each source, by the names of keys. */
  readonly #indices = new Map<string, readonly ReadonlyMap<string, YamlNode>[]>();

  constructor(sources: readonly Maybe[]) {
    this.#sources = sources;
  }

  /** One element of each source. */
  find({ keys, values }: Key): readonly Maybe[] {
    if (keys.length !== values.length) return this.#sources.map((source) => (source === undefined ? undefined : findElement(source, keys, values)));
    const id = JSON.stringify(keys);
    const indices = this.#indices.get(id) ?? this.#sources.map((source) => elementsByKey(source, keys));
    this.#indices.set(id, indices);
    return indices.map((elements) => elements.get(JSON.stringify(values)));
  }

  /** To be called when elements of a source went. */
  forget(): void {
    this.#indices.clear();
  }
}

function elementsByKey(source: Maybe, keys: readonly string[]): ReadonlyMap<string, YamlNode> {
  const result = new Map<string, YamlNode>();
  for (const item of source?.content ?? []) {
    const values = keys.map((key) => textOf(item, key));
    if (values.includes(undefined)) continue;
    const id = JSON.stringify(values);
    if (!result.has(id)) result.set(id, item);
  }
  return result;
}

/** The text of a field of an element; with the key empty, of the element itself. */
function textOf(item: YamlNode, key: string): string | undefined {
  if (key === "") return item.value;
  return item.kind === "mapping" ? fieldOf(item, key)?.value : undefined;
}

/** True when every element is a mapping with a text for the only key or, with the key empty, a scalar. */
function isSimpleList({ content }: YamlNode, keys: readonly string[]): boolean {
  const [key = ""] = keys;
  return keys.length === 1 && content.every((item) => (key === "" ? item.kind === "scalar" && item.tag !== "!!null" : (textOf(item, key) ?? "") !== ""));
}

/** Lets a tuple with an empty part stand for the one it agrees with in the rest. */
function completed(tuples: readonly Tuple[]): readonly Tuple[] {
  const result = [...tuples];
  for (let i = 0; i < result.length; i++) {
    for (let j = 0; j < result.length; j++) {
      const united = unite(result[i] ?? [], result[j] ?? []);
      if (united === undefined) continue;
      result[i] = united;
      result[j] = united;
    }
  }
  return result;
}

function unite(a: Tuple, b: Tuple): Tuple | undefined {
  if (a.length !== b.length || a.some((value, i) => value !== b[i] && value !== "" && b[i] !== "")) return undefined;
  return a.some((value, i) => value === b[i]) ? a.map((value, i) => (value === "" ? (b[i] ?? "") : value)) : undefined;
}

/** Adds the elements of `source` to `target`; one with the same keys takes the place of what is there. */
function appendElements(target: YamlNode, source: YamlNode, keys: readonly string[]): YamlNode {
  if (isSimpleList(target, keys) && isSimpleList(source, keys)) return appendSimple(target, source, keys[0] ?? "");
  for (const element of source.content) {
    if ((keys[0] ?? "") === "") {
      setElement(target, element, { keys: [""], values: [element.value] });
      continue;
    }
    const values: string[] = [];
    for (const key of keys) {
      const value = getField(element, key);
      if (value === undefined) target.append(element);
      else values.push(value.value);
    }
    if (keys.length > 1) setElement(target, undefined, { keys, values });
    setElement(target, element, { keys, values });
  }
  return target;
}

function appendSimple(target: YamlNode, source: YamlNode, key: string): YamlNode {
  const content = [...target.content];
  const places = new Map<string, number[]>();
  const note = (text: string, at: number): void => {
    const known = places.get(text);
    if (known === undefined) places.set(text, [at]);
    else known.push(at);
  };
  for (const [i, item] of content.entries()) note(textOf(item, key) ?? "", i);
  for (const element of source.content) {
    const text = textOf(element, key) ?? "";
    for (const at of places.get(text) ?? []) content[at] = element;
    if (places.has(text)) continue;
    note(text, content.length);
    content.push(element);
  }
  target.refill(content);
  return target;
}

/** Replaces the elements with these keys by `element`, or removes them; adds it when there is none. Drops what is empty. */
function setElement(list: YamlNode, element: Maybe, { keys, values }: Key): void {
  const isMappingKey = (keys[0] ?? "") !== "" && (values[0] ?? "") !== "";
  let isFound = false;
  const content: YamlNode[] = [];
  for (const item of list.content) {
    if (isMissingOrNull(item) || isEmptyMapping(item)) continue;
    if (item.kind !== "mapping" && isMappingKey) {
      content.push(item);
      continue;
    }
    if (!hasKey(item, keys, values)) {
      if (values.length > 0) content.push(item);
      continue;
    }
    isFound = true;
    if (element !== undefined) content.push(element);
  }
  if (element !== undefined && !isMissingOrNull(element) && !isFound) content.push(element);
  list.refill(content);
}

/** A key beyond the values matches when the one before it did. */
function hasKey(item: YamlNode, keys: readonly string[], values: readonly string[]): boolean {
  let isMatch = false;
  for (const [i, key] of keys.entries()) {
    const value = values[i];
    if (value !== undefined) isMatch = matchesField(item, key, value);
    if (!isMatch) return false;
  }
  return true;
}

/** An empty text matches any value that is there. */
function matchesField(item: YamlNode, key: string, text: string): boolean {
  if (key === "") {
    if (item.kind !== "scalar") throw invalid("wrong node kind: expected ScalarNode in a list of scalars");
    return item.value === text;
  }
  const field = getField(item, key);
  return field !== undefined && (text === "" || field.value === text);
}
