import { isObject, type JsonValue } from "@plumb/std";
import { STYLE, YamlNode, compareKeys, emitNode, goYamlNumber, isPlainString, parseNodes, resolveScalar, shortestFloat } from "@plumb/yaml";
import { goJson } from "./go-json.ts";

/** What a value went through on its way to nodes: JSON text, or Go's floats and then YAML text. */
export type Passage = "json" | "floats";

/**
 * The nodes of a JSON value as they are after Go has written it in that way and read it again.
 *
 * @param places whether the nodes get the places that they have in that text
 */
export function encodeToNode(value: JsonValue, passage: Passage, places: boolean = false): YamlNode {
  const node = encode(value, passage);
  if (!places) return node;
  return parseNodes(passage === "json" ? goJson(value) : emitNode(sorted(node)), { places })[0] ?? node;
}

/** Go writes maps in its order of keys. */
function sorted(node: YamlNode): YamlNode {
  const children = node.content.map(sorted);
  if (node.kind === "mapping") {
    const pairs = children.flatMap((key, i) => (i % 2 === 0 ? [{ key, value: children[i + 1] ?? key }] : []));
    pairs.sort((a, b) => compareKeys(a.key.value, b.key.value));
    node.content = pairs.flatMap(({ key, value }) => [key, value]);
  }
  return node;
}

function encode(value: JsonValue, passage: Passage): YamlNode {
  if (value === null) return new YamlNode("scalar", "!!null", "null");
  if (typeof value === "string") return textNode(value, passage);
  if (typeof value === "boolean") return new YamlNode("scalar", "!!bool", String(value));
  if (typeof value === "number" || typeof value === "bigint") {
    const text = passage === "json" ? goYamlNumber(value) : shortestFloat(Number(value));
    return new YamlNode("scalar", resolveScalar(text, "kustomize").tag, text);
  }
  const style = passage === "json" ? STYLE.flow : 0;
  const node = isObject(value) ? new YamlNode("mapping", "!!map", "", style) : new YamlNode("sequence", "!!seq", "", style);
  if (isObject(value)) for (const key of Object.keys(value)) node.append(textNode(key, passage), encode(value[key] ?? null, passage));
  else for (const item of value) node.append(encode(item, passage));
  return node;
}

function textNode(text: string, passage: Passage): YamlNode {
  const style = passage === "json" ? STYLE.doubleQuoted : text.includes("\n") ? STYLE.literal : isPlainString(text) ? 0 : STYLE.doubleQuoted;
  return new YamlNode("scalar", "!!str", text, style);
}
