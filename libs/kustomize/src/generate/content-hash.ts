import { createHash } from "node:crypto";
import { isObject, type JsonValue } from "@plumb/std";
import { decodeNode, STYLE, type YamlNode } from "@plumb/yaml";
import { PlacesNeeded } from "../build-context.ts";
import { fieldOf } from "../node/fields.ts";
import { lookup } from "../node/lookup.ts";
import { goJson, goText } from "../node/go-json.ts";
import { topText } from "../node/metadata.ts";

/**
 * The ten characters that a generated name ends in: they change with the content.
 *
 * @throws {PlacesNeeded} for an object that a patch has made one of another kind, when it was read without places
 */
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
      if (node.place === undefined) throw new PlacesNeeded();
      return goNode(node);
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

/** A node as Go writes the struct that it is there: every field, in the order of the struct. */
function goNode(node: YamlNode): string {
  const { kind, style, tag, value, place = NOWHERE } = node;
  const content = node.isBare ? "null" : `[${node.content.map(goNode).join(",")}]`;
  return `{"Kind":${KINDS[kind]},"Style":${style & ~STYLE.nonSpecific},"Tag":${goText(tag)},"Value":${goText(value)},"Anchor":"","Alias":null,"Content":${content},"HeadComment":"","LineComment":"","FootComment":"","Line":${place.line},"Column":${place.column}}`;
}

const NOWHERE = { line: 0, column: 0 };
