import { createHash } from "node:crypto";
import { isObject, type JsonValue } from "@plumb/std";
import { decodeNode, goJsonNumber, type YamlNode } from "@plumb/yaml";
import { fieldOf } from "../node/fields.ts";
import { lookup } from "../node/lookup.ts";
import { byBytes, topText } from "../node/metadata.ts";

/** The ten characters that a generated name ends in: they change with the content. */
export function contentHash(node: YamlNode): string {
  const text = hashedText(node);
  const hex = createHash("sha256").update(text).digest("hex").slice(0, 10);
  // Digits and letters that could spell something are replaced.
  return hex.replaceAll(/[013ae]/g, (digit) => ({ 0: "g", 1: "h", 3: "k", a: "m", e: "t" })[digit] ?? digit);
}

function hashedText(node: YamlNode): string {
  switch (topText(node, "kind")) {
    case "ConfigMap":
      return goJson({ kind: "ConfigMap", name: nameOf(node), data: dataOf(node, "data"), ...onlyMap("binaryData", dataOf(node, "binaryData")) });
    case "Secret":
      return goJson({
        kind: "Secret",
        type: dataOf(node, "type"),
        name: nameOf(node),
        data: dataOf(node, "data"),
        ...onlyMap("stringData", dataOf(node, "stringData")),
      });
    default:
      return goJson(goNode(node));
  }
}

function nameOf(node: YamlNode): JsonValue {
  return lookup(node, ["metadata/name"])?.value ?? "";
}

/** A field as it is hashed: empty when it is missing, its text when it is a scalar. Numbers pass through Go's floats. */
function dataOf(node: YamlNode, name: string): JsonValue {
  const field = fieldOf(node, name);
  if (field === undefined) return "";
  if (field.kind === "scalar") return field.value;
  const value = decodeNode(field);
  // A list fails to become the map that is expected and leaves nothing.
  return isObject(value) ? value : null;
}

function onlyMap(name: string, value: JsonValue): { readonly [name: string]: JsonValue } {
  return isObject(value) ? { [name]: value } : {};
}

const KINDS: Readonly<Record<YamlNode["kind"], number>> = { none: 0, sequence: 2, mapping: 4, scalar: 8, alias: 16 };

/** A node as Go writes the struct that it is there. */
function goNode(node: YamlNode): JsonValue {
  return {
    Kind: KINDS[node.kind],
    Style: node.style,
    Tag: node.tag,
    Value: node.value,
    Anchor: "",
    Alias: null,
    Content: node.content.length === 0 ? null : node.content.map(goNode),
    HeadComment: "",
    LineComment: "",
    FootComment: "",
    Line: node.line,
    Column: 0,
  };
}

/** Go's `json.Marshal` of a map: keys sorted, no spaces, `<`, `>` and `&` escaped. */
function goJson(value: JsonValue): string {
  if (value === null) return "null";
  if (typeof value === "string") return goText(value);
  if (typeof value === "number") return goJsonNumber(value);
  if (typeof value === "bigint") return goJsonNumber(Number(value));
  if (typeof value === "boolean") return String(value);
  if (!isObject(value)) return `[${value.map(goJson).join(",")}]`;
  return `{${Object.keys(value)
    .sort(byBytes)
    .map((key) => `${goText(key)}:${goJson(value[key] ?? null)}`)
    .join(",")}}`;
}

function goText(text: string): string {
  return JSON.stringify(text).replaceAll(/[<>&\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
