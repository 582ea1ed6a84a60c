import { STYLE, YamlNode } from "@plumb/yaml";
import { byBytes } from "./by-bytes.ts";
import { clearField, fieldOf, isEmpty, setField, stringNode, type Maybe } from "./fields.ts";
import { lookup } from "./lookup.ts";

/** The text of a field at the top, whatever its type. */
export function topText(node: Maybe, name: string): string {
  return fieldOf(node, name)?.value ?? "";
}

/** The metadata of an object; absent where they hold nothing. */
export function metadataOf(node: Maybe): Maybe {
  const metadata = fieldOf(node, "metadata");
  return isEmpty(metadata) ? undefined : metadata;
}

/** The text of a field of `metadata`; empty for what is absent, null or empty. */
export function metadataText(node: Maybe, name: string): string {
  return filledText(metadataOf(node), name);
}

/** The text of a field that is set; empty for what is absent, null or empty. */
export function filledText(node: Maybe, name: string): string {
  const value = fieldOf(node, name);
  return value === undefined || isEmpty(value) ? "" : value.value;
}

/** `labels` or `annotations` as texts; of a repeated key the last counts. */
export function metadataMap(node: Maybe, name: "labels" | "annotations"): Map<string, string> {
  const result = new Map<string, string>();
  const field = fieldOf(metadataOf(node), name);
  if (field === undefined) return result;
  for (let i = 0; i + 1 < field.content.length; i += 2) result.set(field.content[i]?.value ?? "", field.content[i + 1]?.value ?? "");
  return result;
}

/** One annotation's text. */
export function annotationText(node: Maybe, key: string): string | undefined {
  return fieldOf(fieldOf(metadataOf(node), "annotations"), key)?.value;
}

/** Replaces `labels` or `annotations`; an empty map removes the field. */
export function setMetadataMap(node: Maybe, name: "labels" | "annotations", map: ReadonlyMap<string, string>): void {
  const metadata = lookup(node, ["metadata"], "mapping");
  if (metadata === undefined) return;
  clearField(metadata, name);
  if (map.size === 0) return;
  const field = lookup(metadata, [name], "mapping");
  if (field === undefined) return;
  for (const key of [...map.keys()].sort(byBytes)) setField(field, key, stringNode(map.get(key) ?? ""));
}

/** Sets one label or annotation, quoted. */
export function setMetadataEntry(node: YamlNode, name: "labels" | "annotations", key: string, text: string): void {
  const field = name === "annotations" ? annotationsToSet(node) : lookup(node, ["metadata", name], "mapping");
  if (field !== undefined) setEntry(field, key, text);
}

/** The annotations, made where they are missing or hold nothing. */
export function annotationsToSet(node: YamlNode): Maybe {
  const metadata = lookup(node, ["metadata"]);
  if (metadata !== undefined) clearField(metadata, "annotations", true);
  clearField(node, "metadata", true);
  return lookup(node, ["metadata", "annotations"], "mapping");
}

/** Sets an annotation, or appends to it behind a comma. */
export function appendEntry(annotations: Maybe, key: string, text: string): void {
  const known = fieldOf(annotations, key)?.value;
  if (annotations !== undefined) setEntry(annotations, key, known === undefined ? text : `${known},${text}`);
}

function setEntry(field: YamlNode, key: string, text: string): void {
  setField(field, key, new YamlNode("scalar", "!!str", text, STYLE.singleQuoted));
}
