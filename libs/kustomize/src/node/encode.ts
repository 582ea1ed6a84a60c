import { isObject, type JsonValue } from "@plumb/std";
import { STYLE, YamlNode, goYamlNumber, isPlainString, resolveScalar, shortestFloat } from "@plumb/yaml";

/** What a value went through on its way to nodes: JSON text, or Go's floats and then YAML text. */
export type Passage = "json" | "floats";

/** The nodes of a JSON value as they are after Go has written it in that way and read it again. */
export function encodeToNode(value: JsonValue, passage: Passage): YamlNode {
  if (value === null) return new YamlNode("scalar", "!!null", "null");
  if (typeof value === "string") return textNode(value, passage);
  if (typeof value === "boolean") return new YamlNode("scalar", "!!bool", String(value));
  if (typeof value === "number" || typeof value === "bigint") {
    const text = passage === "json" ? goYamlNumber(value) : shortestFloat(Number(value));
    return new YamlNode("scalar", resolveScalar(text, "kustomize").tag, text);
  }
  const node = isObject(value) ? new YamlNode("mapping", "!!map") : new YamlNode("sequence", "!!seq");
  if (isObject(value)) for (const key of Object.keys(value)) node.append(textNode(key, passage), encodeToNode(value[key] ?? null, passage));
  else for (const item of value) node.append(encodeToNode(item, passage));
  return node;
}

function textNode(text: string, passage: Passage): YamlNode {
  const style = passage === "json" ? STYLE.doubleQuoted : text.includes("\n") ? STYLE.literal : isPlainString(text) ? 0 : STYLE.doubleQuoted;
  return new YamlNode("scalar", "!!str", text, style);
}
