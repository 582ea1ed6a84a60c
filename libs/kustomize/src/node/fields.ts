import { STYLE, YamlNode, parseOne, resolveScalar } from "@plumb/yaml";
import { invalid, messageOf } from "../build-error.ts";
import { nodeText } from "./node-text.ts";

/** A node that may be absent. */
export type Maybe = YamlNode | undefined;

export function isMissingOrNull(node: Maybe): boolean {
  return node === undefined || node.tag === "!!null";
}

/** Absent, null, `{}` or `[]`. */
export function isEmpty(node: Maybe): boolean {
  return node === undefined || node.tag === "!!null" || (node.content.length === 0 && (node.kind === "mapping" || node.kind === "sequence"));
}

/** `{}` */
export function isEmptyMapping(node: YamlNode): boolean {
  return node.kind === "mapping" && node.content.length === 0;
}

/** A scalar that is a string, or whose tag is open. */
export function isString(node: YamlNode): boolean {
  return node.kind === "scalar" && (node.tag === "!!str" || node.tag === "");
}

const KIND_NAMES = { none: "", scalar: "ScalarNode", mapping: "MappingNode", sequence: "SequenceNode", alias: "AliasNode" } as const;

/** Refuses a node of another kind than `kind`; an absent one and null pass. */
export function mustBe(kind: "scalar" | "mapping" | "sequence", node: Maybe): void {
  if (node === undefined || node.tag === "!!null" || node.kind === kind) return;
  throw invalid(`wrong node kind: expected ${KIND_NAMES[kind]} but got ${KIND_NAMES[node.kind]}: node contents:\n${nodeText(node)}`);
}

/** The value of the first field of that name; undefined where there is none or `node` is no mapping. */
export function fieldOf(node: Maybe, name: string): Maybe {
  if (node === undefined || node.kind !== "mapping") return undefined;
  const { content } = node;
  for (let i = 0; i < content.length; i += 2) if (content[i]?.value === name) return content[i + 1];
  return undefined;
}

/** As `fieldOf`, but refuses what is neither a mapping nor null. */
export function getField(node: Maybe, name: string): Maybe {
  if (node === undefined || node.tag === "!!null") return undefined;
  if (node.kind !== "mapping") mustBe("mapping", node);
  return fieldOf(node, name);
}

/** The text of a scalar; empty for what is absent or null. */
export function valueOf(node: Maybe): string {
  return node === undefined || node.tag === "!!null" ? "" : node.value;
}

/** Removes the first field of that name. With `ifEmpty`, only one whose value holds nothing (a scalar holds nothing). */
export function clearField(node: Maybe, name: string, ifEmpty = false): Maybe {
  mustBe("mapping", node);
  if (node === undefined) return undefined;
  const { content } = node;
  for (let i = 0; i < content.length; i += 2) {
    const value = content[i + 1];
    if (content[i]?.value !== name || (ifEmpty && value !== undefined && value.content.length > 0)) continue;
    node.content = [...content.slice(0, i), ...content.slice(i + 2)];
    return value;
  }
  return undefined;
}

export function scalarNode(value: string, tag = ""): YamlNode {
  return new YamlNode("scalar", tag, value);
}

/** A string, as a block when it has several lines. */
export function stringNode(value: string): YamlNode {
  return new YamlNode("scalar", "!!str", value, value.includes("\n") ? STYLE.literal : 0);
}

/** Quotes a string that YAML 1.1 would read as something else. */
function quoteIfOther(node: YamlNode): void {
  if (!isString(node) || node.style !== 0 || node.value === "" || node.value.includes("\n")) return;
  if (isOtherToOldYaml(node.value)) node.style = STYLE.doubleQuoted;
}

/** How a text begins, or what is in it, that may be more than one plain scalar. */
const MARKS = /^[\s&*!|>'"%@`#{[\]},?-]|:(?:\s|$)|\s#|^\.\.\./;

function isOtherToOldYaml(text: string): boolean {
  if (!MARKS.test(text)) {
    const { tag } = resolveScalar(text, "kubernetes");
    return tag !== "!!str" && tag !== "!!timestamp";
  }
  try {
    return typeof parseOne(text, { dialect: "kubernetes" }) !== "string";
  } catch (thrown) {
    messageOf(thrown);
    return false;
  }
}

/**
 * Sets a field: an existing value becomes `value` and keeps its own style; null removes the field unless `keepNull`.
 * Returns the value that now stands there.
 */
export function setField(node: Maybe, name: string, value: Maybe, { keepNull = false, keyStyle = 0 }: { keepNull?: boolean; keyStyle?: number } = {}): Maybe {
  if (value === undefined || (value.tag === "!!null" && !keepNull)) return clearField(node, name);
  return putField(node, getField(node, name), name, value, keyStyle);
}

/** @param field the value that stands there already, undefined where there is none */
export function putField(node: Maybe, field: Maybe, name: string, value: YamlNode, keyStyle: number): YamlNode {
  quoteIfOther(value);
  if (field !== undefined) {
    value.style = field.style;
    field.become(value);
    return field;
  }
  node?.append(new YamlNode("scalar", "", name, keyStyle), value);
  return value;
}

/** Sets a scalar in place, keeping its style. */
export function setScalar(node: YamlNode, value: YamlNode): void {
  quoteIfOther(value);
  mustBe("scalar", node);
  if (value.tag === "!!null") return;
  value.style = node.style;
  node.become(value);
}
