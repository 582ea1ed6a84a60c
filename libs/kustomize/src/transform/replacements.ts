import { isObject, setOwn, stringifyJson, type JsonValue } from "@plumb/std";
import { copyNode, decodeNode, emitNode, parseOne, type NodeKind, type YamlNode } from "@plumb/yaml";
import { invalid, messageOf, prefixed, within } from "../build-error.ts";
import type { BuildContext } from "../build-context.ts";
import type { Growth } from "../growth.ts";
import { Fields } from "../load/fields.ts";
import type { Replacement, ReplacementOptions, ReplacementSource, ReplacementTarget, Selector } from "../load/kustomization.ts";
import { readReplacement } from "../load/read-kustomization.ts";
import type { Loader } from "../load/loader.ts";
import { isEmpty, scalarNode, valueOf } from "../node/fields.ts";
import { escapedAsInGo } from "../node/go-json.ts";
import { lookup } from "../node/lookup.ts";
import { byBytes } from "../node/by-bytes.ts";
import { matchPath, parseScalar } from "../node/match-path.ts";
import { splitBracketedPath } from "../node/split-path.ts";
import { effectiveNamespace, idText, isSelected, type ResourceId } from "../resource/resource-id.ts";
import type { Resource } from "../resource/resource.ts";
import { selectorMatcher, type SelectorMatcher } from "../resource/select.ts";
import { withComments } from "./text-comments.ts";
import type { Transform } from "./transform.ts";

const DEFAULT_PATH = "metadata.name";

/** Copies values from one object to others. Entries with a `path` are read from their files. */
export async function replacementTransform(entries: readonly Replacement[], loader: Loader, { growth }: BuildContext): Promise<Transform> {
  const replacements: Replacement[] = [];
  for (const entry of entries) {
    if (entry.path !== "" && (entry.source !== undefined || (entry.targets?.length ?? 0) > 0)) throw invalid("cannot specify both path and inline replacement");
    if (entry.path === "") replacements.push(entry);
    else replacements.push(...(await readFile(entry.path, loader)));
  }
  return (resources) => {
    for (const replacement of replacements) applyReplacement(resources.items, replacement, growth);
  };
}

async function readFile(path: string, loader: Loader): Promise<readonly Replacement[]> {
  const value = parseOne(await loader.load(path), { path, dialect: "kubernetes" });
  if (value === null || typeof value !== "object")
    throw invalid(`unsupported replacement type encountered within replacement path: ${value === null ? "invalid" : typeof value} ('${path}')`);
  return within(`replacements in '${path}'`, () => (Array.isArray(value) ? value : [value]).map((item) => readReplacement(new Fields(item, "lenient"))));
}

function applyReplacement(resources: readonly Resource[], replacement: Replacement, growth: Growth): void {
  const { source, sourceValue, targets } = replacement;
  if ((sourceValue === undefined && source === undefined) || targets === undefined) throw invalid("replacements must specify a source and at least one target");
  if (sourceValue !== undefined && source !== undefined) throw invalid("value and resource selectors are mutually exclusive");
  const value = source === undefined ? scalarNode(sourceValue ?? "") : sourceNode(resources, source);
  for (const target of targets) applyToTarget(resources, value, target, growth);
}

/** The ids that an object has and had. */
function idsOf(resource: Resource): readonly ResourceId[] {
  const { group, version, kind, name, namespace } = resource.id;
  return [{ group, version, kind, name, namespace, isClusterScoped: false }, ...resource.previousIds];
}

function sourceNode(resources: readonly Resource[], source: ReplacementSource): YamlNode {
  const [found, ...more] = resources.filter((resource) => idsOf(resource).some((id) => isSource(id, source)));
  if (more.length > 0) throw invalid(`multiple matches for selector ${sourceText(source)}`);
  if (found === undefined) throw invalid(`nothing selected by ${sourceText(source)}`);
  const fieldPath = source.fieldPath === "" ? DEFAULT_PATH : source.fieldPath;
  const node = within("error looking up replacement source", () => lookup(found.node, splitBracketedPath(fieldPath, ".")));
  if (node === undefined || isEmpty(node)) throw invalid(`fieldPath \`${fieldPath}\` is missing for replacement source ${idText(source)}`);
  return refined(node, source.options);
}

function isSource(id: ResourceId, source: ReplacementSource): boolean {
  if (source.name !== "" && source.name !== id.name) return false;
  const wanted: ResourceId = { ...source, isClusterScoped: false };
  return (source.namespace === "" || effectiveNamespace(wanted) === effectiveNamespace(id)) && isSelected(id, source);
}

function sourceText(source: ReplacementSource): string {
  const { fieldPath, options } = source;
  const parts = [idText(source)];
  if (fieldPath !== "") parts.push(fieldPath);
  if (options !== undefined && (options.delimiter !== "" || options.create)) parts.push(`${options.delimiter}(${options.index}), create=${options.create}`);
  return parts.join(":");
}

/** The part of a value that the options ask for. */
function refined(node: YamlNode, options: ReplacementOptions | undefined): YamlNode {
  if (options === undefined || options.delimiter === "") return node;
  if (node.kind !== "scalar") throw invalid("delimiter option can only be used with scalar nodes");
  const part = options.index < 0 ? undefined : valueOf(node).split(options.delimiter)[options.index];
  if (part === undefined) throw invalid(`options.index ${options.index} is out of bounds for value ${valueOf(node)}`);
  const copy = copyNode(node);
  copy.value = part;
  return copy;
}

function applyToTarget(resources: readonly Resource[], value: YamlNode, target: ReplacementTarget, growth: Growth): void {
  const { select, reject } = target;
  if (select === undefined) throw invalid("target must specify resources to select");
  const selected = within("error creating target selector", () => selectorMatcher(select));
  const rejected = within("error creating target selector", () => reject.map((selector) => ({ selector, matcher: selectorMatcher(selector) })));
  for (const resource of resources) {
    if (resource.node === undefined || !hasLabels(selected, resource)) continue;
    if (rejected.some(({ selector, matcher }) => (selector.labelSelector !== "" || selector.annotationSelector !== "") && hasLabels(matcher, resource)))
      continue;
    const ids = idsOf(resource);
    if (rejected.some(({ selector, matcher }) => !isIdEmpty(selector) && ids.some((id) => matchesId(matcher, id)))) continue;
    if (ids.some((id) => matchesId(selected, id))) copyValue(resource.node, value, target, growth);
  }
}

/** Reads both selectors, also when the first one decides. */
function hasLabels(matcher: SelectorMatcher, resource: Resource): boolean {
  const isAnnotated = matcher.annotations(resource);
  return matcher.labels(resource) && isAnnotated;
}

function isIdEmpty({ group, version, kind, name, namespace }: Selector): boolean {
  return `${group}${version}${kind}${name}${namespace}` === "";
}

function matchesId(matcher: SelectorMatcher, id: ResourceId): boolean {
  return matcher.gvk(id) && matcher.name(id.name) && matcher.namespace(id.namespace);
}

function copyValue(node: YamlNode, value: YamlNode, { fieldPaths, options }: ReplacementTarget, growth: Growth): void {
  for (const fieldPath of fieldPaths.length === 0 ? [DEFAULT_PATH] : fieldPaths) {
    const path = splitBracketedPath(fieldPath, ".");
    const create = options?.create === true ? value.kind : undefined;
    if (setInText(node, value, path, create)) continue;
    const problem =
      create === undefined
        ? `unable to find field "${fieldPath}" in replacement target`
        : `unable to find or create field "${fieldPath}" in replacement target`;
    let fields: readonly YamlNode[];
    try {
      fields = matchPath(node, path, create);
    } catch (thrown) {
      throw prefixed(problem, thrown);
    }
    if (fields.length === 0) throw invalid(problem);
    for (const field of fields) {
      growth.addNode(value);
      if (options !== undefined && options.delimiter !== "") growth.add(0, field.value.length);
      setValue(field, value, options);
    }
  }
}

function setValue(field: YamlNode, value: YamlNode, options: ReplacementOptions | undefined): void {
  const copy = copyNode(value);
  if (options !== undefined && options.delimiter !== "") {
    if (field.kind !== "scalar") throw invalid("delimiter option can only be used with scalar nodes");
    const parts = field.value.split(options.delimiter);
    const text = valueOf(copy);
    if (options.index < 0) parts.unshift(text);
    else if (options.index >= parts.length) parts.push(text);
    else parts[options.index] = text;
    copy.value = parts.join(options.delimiter);
  }
  put(field, copy);
}

/** A scalar takes the text and keeps its type; anything else becomes the value. */
function put(field: YamlNode, value: YamlNode): void {
  if (field.kind === "scalar") field.value = value.value;
  else field.become(value);
}

/**
 * Sets a value inside a text that is YAML or JSON itself, when the path goes on behind a scalar. False when it does not, or what
 * it names is not there.
 */
function setInText(node: YamlNode, value: YamlNode, path: readonly string[], create: NodeKind | undefined): boolean {
  try {
    const found = findText(node, path);
    if (found === undefined) return false;
    const { scalar, root, anchors, rest } = found;
    const fields = matchPath(root, rest, create);
    if (fields.length === 0) return false;
    for (const field of fields) {
      if (field.kind !== "scalar") anchors.delete(field);
      put(field, value);
    }
    scalar.value = rewritten(root, anchors, scalar.value);
    return true;
  } catch (thrown) {
    messageOf(thrown);
    return false;
  }
}

interface FoundText {
  readonly scalar: YamlNode;
  /** What its text holds. */
  readonly root: YamlNode;
  /** Names of the nodes in there that have one. */
  readonly anchors: Map<YamlNode, string>;
  /** Of the path, what leads on in there. */
  readonly rest: readonly string[];
}

function findText(node: YamlNode, path: readonly string[]): FoundText | undefined {
  for (let length = 1; length < path.length; length++) {
    const scalar = attempt(() => lookup(node, path.slice(0, length)));
    if (scalar?.kind !== "scalar") continue;
    const anchors = new Map<YamlNode, string>();
    const root = attempt(() => parseScalar(scalar, anchors));
    if (root !== undefined) return { scalar, root, anchors, rest: path.slice(length) };
  }
  return undefined;
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (thrown) {
    messageOf(thrown);
    return undefined;
  }
}

/** The text of changed content, JSON as JSON, on several lines when it was. */
function rewritten(root: YamlNode, anchors: ReadonlyMap<YamlNode, string>, before: string): string {
  if (!/^\s*[{[]/.test(before)) return withComments(before, emitNode(root, anchors).trim());
  const isIndented = before.includes("\n") && before.includes("  ");
  return escapedAsInGo(stringifyJson(sorted(decodeNode(root)), isIndented ? 2 : 0));
}

/** Keys in Go's order. */
function sorted(value: JsonValue): JsonValue {
  if (value === null || typeof value !== "object") return value;
  if (!isObject(value)) return value.map(sorted);
  const result: Record<string, JsonValue> = {};
  for (const key of Object.keys(value).sort(byBytes)) setOwn(result, key, sorted(value[key] ?? null));
  return result;
}
