import type { YamlNode } from "@plumb/yaml";
import { setFields } from "../node/field-index.ts";
import { clearField, fieldOf, stringNode, valueOf } from "../node/fields.ts";
import { lookup } from "../node/lookup.ts";
import { byBytes } from "../node/by-bytes.ts";
import type { Resource } from "../resource/resource.ts";

export const DATA = "data";
export const BINARY_DATA = "binaryData";

/** The bytes of a value, or text that is known to be UTF-8. */
export type DataValue = string | Uint8Array;

/** The texts of `data` or `binaryData`. */
export function dataOf({ node }: Resource, field: string): ReadonlyMap<string, string> {
  const data = fieldOf(node, field);
  const result = new Map<string, string>();
  // Of a key that stands twice the first value counts.
  const values = new Map<string, YamlNode | undefined>();
  if (data?.kind !== "mapping") return result;
  for (let i = 0; i < data.content.length; i += 2) {
    const key = data.content[i];
    const first = values.get(key?.value ?? "") ?? data.content[i + 1];
    values.set(key?.value ?? "", first);
    result.set(valueOf(key), valueOf(first));
  }
  return result;
}

/** Replaces `data` or `binaryData`; an empty map removes it. */
export function setData({ node }: Resource, field: string, values: ReadonlyMap<string, string>): void {
  clearField(node, field);
  if (values.size === 0) return;
  const entries = [...values.keys()].sort(byBytes).map((key) => [key, stringNode(values.get(key) ?? "")] as const);
  setFields(lookup(node, [field], "mapping"), entries);
}

/** Adds the values of a ConfigMap: text to `data`, anything that is no UTF-8 to `binaryData`. */
export function addConfigMapData(node: YamlNode, values: ReadonlyMap<string, DataValue>): void {
  const entries = new Map<string, (readonly [string, YamlNode])[]>();
  for (const key of [...values.keys()].sort(byBytes)) {
    const value = values.get(key) ?? "";
    const text = textOf(value);
    const field = text === undefined ? BINARY_DATA : DATA;
    const own = entries.get(field) ?? [];
    entries.set(field, own);
    own.push([key, stringNode(text ?? base64Lines(value))]);
  }
  for (const [field, own] of entries) setFields(lookup(node, [field], "mapping"), own);
}

/** Adds the values of a Secret, encoded. */
export function addSecretData(node: YamlNode, values: ReadonlyMap<string, DataValue>): void {
  const entries = [...values.keys()].sort(byBytes).map((key) => [key, stringNode(base64Lines(values.get(key) ?? ""))] as const);
  setFields(lookup(node, [DATA], "mapping"), entries);
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
