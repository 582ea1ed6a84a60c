import { STYLE, YamlNode } from "@plumb/yaml";
import { clearField, fieldOf, setField, valueOf } from "../node/fields.ts";
import { lookup } from "../node/lookup.ts";
import { byBytes } from "../node/metadata.ts";
import type { Resource } from "../resource/resource.ts";

export const DATA = "data";
export const BINARY_DATA = "binaryData";

/** The bytes of a value, or text that is known to be UTF-8. */
export type DataValue = string | Uint8Array;

/** The texts of `data` or `binaryData`. */
export function dataOf({ node }: Resource, field: string): ReadonlyMap<string, string> {
  const data = fieldOf(node, field);
  const result = new Map<string, string>();
  if (data?.kind !== "mapping") return result;
  for (let i = 0; i < data.content.length; i += 2) {
    const name = data.content[i]?.value ?? "";
    result.set(valueOf(data.content[i]), valueOf(fieldOf(data, name)));
  }
  return result;
}

/** Replaces `data` or `binaryData`; an empty map removes it. */
export function setData({ node }: Resource, field: string, values: ReadonlyMap<string, string>): void {
  clearField(node, field);
  for (const key of [...values.keys()].sort(byBytes)) setEntry(node, field, key, dataNode(values.get(key) ?? ""));
}

/** Adds the values of a ConfigMap: text to `data`, anything that is no UTF-8 to `binaryData`. */
export function addConfigMapData(node: YamlNode, values: ReadonlyMap<string, DataValue>): void {
  for (const key of [...values.keys()].sort(byBytes)) {
    const value = values.get(key) ?? "";
    const text = textOf(value);
    if (text === undefined) setEntry(node, BINARY_DATA, key, dataNode(base64Lines(value)));
    else setEntry(node, DATA, key, dataNode(text));
  }
}

/** Adds the values of a Secret, encoded. */
export function addSecretData(node: YamlNode, values: ReadonlyMap<string, DataValue>): void {
  lookup(node, [DATA], "mapping");
  for (const key of [...values.keys()].sort(byBytes)) setEntry(node, DATA, key, dataNode(base64Lines(values.get(key) ?? "")));
}

function setEntry(node: YamlNode | undefined, field: string, key: string, value: YamlNode): void {
  const data = lookup(node, [field], "mapping");
  if (data !== undefined) setField(data, key, value);
}

function dataNode(text: string): YamlNode {
  return new YamlNode("scalar", "!!str", text, text.includes("\n") ? STYLE.literal : 0);
}

/** undefined for bytes that are no UTF-8. */
function textOf(value: DataValue): string | undefined {
  if (typeof value === "string") return value;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(value);
  } catch {
    return undefined;
  }
}

/** Base64 in lines of 70 characters when there is more than one. */
function base64Lines(value: DataValue): string {
  const text = Buffer.from(value).toString("base64");
  return text.length < 70 ? text : text.replace(/.{1,70}/g, "$&\n");
}
