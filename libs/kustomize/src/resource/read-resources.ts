import { isObject as isJsonObject, type JsonValue } from "@plumb/std";
import { decodeNode, parseNodes, type YamlNode } from "@plumb/yaml";
import { invalid, within } from "../build-error.ts";
import type { BuildContext } from "../build-context.ts";
import { yamlLimits, type BuildLimits } from "../build-limits.ts";
import { deAnchor } from "../node/de-anchor.ts";
import { fieldOf, isEmpty, isMissingOrNull } from "../node/fields.ts";
import { metadataMap, metadataText, topText } from "../node/metadata.ts";
import { encodeToNode } from "../node/encode.ts";
import type { ReadObject } from "./build-cache.ts";
import { Resource } from "./resource.ts";

/**
 * The objects in a text of YAML or JSON; lists are taken apart.
 *
 * @param path file below the root of the file system, or undefined for a text that stands in no file of its own
 * @throws {ToolkitError} `invalid`: not YAML, no kind, no name
 */
export function readResources(content: string | Uint8Array, path: string | undefined, context: BuildContext): readonly Resource[] {
  const { schema, cache, limits, show, places } = context;
  const read = (): readonly ReadObject[] => readObjects(content, path === undefined ? undefined : show(path), limits, places);
  const objects = cache === undefined || places || typeof content === "string" ? read() : cache.objects(content, limits, read);
  return objects.map(({ node, line }) => new Resource(node, schema, path === undefined ? undefined : { path, line }));
}

function readObjects(content: string | Uint8Array, path: string | undefined, limits: BuildLimits, places: boolean): readonly ReadObject[] {
  const nodes = within("MalformedYAMLError", () => readNodes(content, path, limits, places));
  const lines = new Map<YamlNode, number>();
  const unwrapped = unwrapList(nodes).map((node) => {
    const { line } = node;
    const plain = deAnchor(node, limits);
    lines.set(plain, line);
    return plain;
  });
  return inlineLists(unwrapped.filter(isObject), lines).map((node) => ({ node, line: lines.get(node) ?? 1 }));
}

function readNodes(content: string | Uint8Array, path: string | undefined, limits: BuildLimits, places: boolean): readonly YamlNode[] {
  return parseNodes(content, { path, places, limits: yamlLimits(limits) });
}

/** A file that holds a single List is the items of it. */
function unwrapList(nodes: readonly YamlNode[]): readonly YamlNode[] {
  const [only] = nodes;
  if (only === undefined || nodes.length > 1) return nodes.filter((node) => !isMissingOrNull(node));
  if (isMissingOrNull(only)) return [];
  const kind = topText(only, "kind");
  if (kind !== "List" && kind !== "ResourceList") return [only];
  const items = fieldOf(only, "items");
  if (items === undefined && fieldOf(only, "functionConfig") === undefined) return [only];
  return items?.content ?? [];
}

/** Drops what is empty. @throws {ToolkitError} `invalid` for what is no object */
function isObject(node: YamlNode): boolean {
  if (isEmpty(node)) return false;
  validateMetadata(node);
  return true;
}

/** @throws {ToolkitError} `invalid` when the kind, or the name of what is no list, is missing */
export function validateMetadata(node: YamlNode): void {
  const kind = fieldText(node, "kind");
  const apiVersion = fieldText(node, "apiVersion");
  const metadata = fieldOf(node, "metadata");
  if (kind === "" && apiVersion === "" && (isEmpty(metadata) || !hasMetadata(metadata))) throw invalid("missing Resource metadata");
  if (kind === "") throw invalid(`missing kind in object ${shown(node)}`);
  if (!kind.endsWith("List") && metadataText(node, "name") === "") throw invalid(`missing metadata.name in object ${shown(node)}`);
}

function fieldText(node: YamlNode, name: string): string {
  const value = fieldOf(node, name);
  return isEmpty(value) ? "" : (value?.value ?? "");
}

function hasMetadata(metadata: YamlNode | undefined): boolean {
  return ["name", "namespace", "labels", "annotations"].some((name) => !isEmpty(fieldOf(metadata, name)));
}

/** The metadata in the form in which Go prints it. */
function shown(node: YamlNode): string {
  const map = (name: "labels" | "annotations"): string => `map[${[...metadataMap(node, name)].map(([key, value]) => `${key}:${value}`).join(" ")}]`;
  return `{{${fieldText(node, "apiVersion")} ${fieldText(node, "kind")}} {{${metadataText(node, "name")} ${metadataText(node, "namespace")}} ${map("labels")} ${map("annotations")}}}`;
}

/** Puts the items of every `…List` at the end, each as an object of its own. */
function inlineLists(nodes: readonly YamlNode[], lines: Map<YamlNode, number>): readonly YamlNode[] {
  const waiting = [...nodes];
  const result: YamlNode[] = [];
  // The list grows while it is gone through.
  for (const node of waiting) {
    const kind = topText(node, "kind");
    const list = kind.endsWith("List") ? expanded(node, kind) : undefined;
    if (list === undefined) {
      result.push(node);
      continue;
    }
    const written = fieldOf(node, "items")?.content ?? [];
    for (const [i, item] of list.entries()) {
      const plain = encodeToNode(item, "json", node.place !== undefined);
      lines.set(plain, written[i]?.line || (lines.get(node) ?? 1));
      if (isObject(plain)) waiting.push(plain);
    }
  }
  return result;
}

/** The items of a list; undefined when it has no field for them. */
function expanded(list: YamlNode, kind: string): readonly JsonValue[] | undefined {
  if (fieldOf(list, "items") === undefined) return undefined;
  const value = within(`trouble expanding list of ${kind}`, () => decodeNode(list, { isDirect: true }));
  const items = isJsonObject(value) ? value["items"] : undefined;
  if (items === null || items === undefined) return [];
  if (Array.isArray(items)) return items;
  throw invalid(`expected array in List/items, but found ${typeof items === "object" ? "map[string]interface {}" : typeof items}: ${kind}`);
}
