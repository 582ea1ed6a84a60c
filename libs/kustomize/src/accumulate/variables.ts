import { decodeNode, shortestFloat, type YamlNode } from "@plumb/yaml";
import { invalid } from "../build-error.ts";
import type { FieldSpec } from "../config/field-spec.ts";
import type { Variable } from "../load/kustomization.ts";
import { isMissingOrNull, isString } from "../node/fields.ts";
import { lookup } from "../node/lookup.ts";
import { splitBracketedPath } from "../node/split-path.ts";
import { byBytes } from "../node/by-bytes.ts";
import { gvkText } from "../resource/resource-id.ts";
import type { Resource } from "../resource/resource.ts";
import { applyFieldSpec } from "../transform/apply-field-spec.ts";

/** The value of a variable: text and the tag that a field gets which consists of nothing else. */
interface Value {
  readonly text: string;
  /** The form it takes inside a longer text, where that differs. */
  readonly inner?: string;
  /** undefined for what cannot stand in a text: the reference stays. */
  readonly tag: "!!str" | "!!int" | "!!bool" | "!!float" | undefined;
}

/** The value of the variable of a name, if there is one. */
type FindValue = (name: string) => Value | undefined;

/**
 * Replaces `$(NAME)` in the fields that `specs` name.
 *
 * @returns the names of variables that no field refers to
 * @throws {ToolkitError} `invalid` for a variable without a value
 */
export function resolveVariables(resources: readonly Resource[], variables: ReadonlyMap<string, Variable>, specs: readonly FieldSpec[]): readonly string[] {
  if (variables.size === 0) return [];
  const values = new Map<string, Value>();
  for (const name of [...variables.keys()].sort(byBytes)) {
    const variable = variables.get(name);
    if (variable !== undefined) values.set(name, valueOf(variable, resources));
  }
  const unused = new Set(values.keys());
  const find: FindValue = (name) => {
    const value = values.get(name);
    // A reference that stays was not replaced.
    if (value?.tag !== undefined) unused.delete(name);
    return value;
  };
  for (const { node } of resources) {
    if (node === undefined) continue;
    for (const spec of specs) applyFieldSpec(node, spec, (field) => replaceIn(field, find));
  }
  return [...unused];
}

function valueOf(variable: Variable, resources: readonly Resource[]): Value {
  const source = resources.find(({ variables }) => variables.includes(variable.name));
  if (source === undefined) throw invalid(`var '${shown(variable)}' cannot be mapped to a field in the set of known resources`);
  const node = lookup(source.node, indexed(splitBracketedPath(variable.fieldPath, ".")));
  if (node === undefined) throw invalid(`field specified in var '${shown(variable)}' not found in corresponding resource`);
  return readValue(node, variable);
}

function shown(variable: Variable): string {
  return `{${variable.name} ${gvkText(variable)} {${variable.fieldPath}}}`;
}

/** `ports[0]` is `ports` and `0`. */
function indexed(parts: readonly string[]): readonly string[] {
  return parts.flatMap((part) => {
    const match = /^(.*)\[(\d+)\]$/.exec(part);
    if (match === null) return [part];
    const [, name = "", index = ""] = match;
    return name === "" ? [index] : [name, index];
  });
}

function readValue(node: YamlNode, variable: Variable): Value {
  if (node.kind === "mapping" || node.kind === "sequence") {
    decodeNode(node);
    return { text: `$(${variable.name})`, tag: undefined };
  }
  const failed = (): never => {
    throw invalid(`field specified in var '${shown(variable)}' not found in corresponding resource: '${node.value}' is no ${node.tag}`);
  };
  switch (node.tag) {
    case "!!int":
      return /^[+-]?[0-9]+$/.test(node.value) ? { text: BigInt(node.value.replace(/^\+/, "")).toString(), tag: "!!int" } : failed();
    case "!!float":
      return Number.isFinite(Number(node.value))
        ? { text: plainFloat(Number(node.value)), inner: shortestFloat(Number(node.value)), tag: "!!float" }
        : failed();
    case "!!bool":
      return /^(?:true|True|TRUE|false|False|FALSE)$/.test(node.value) ? { text: node.value.toLowerCase(), tag: "!!bool" } : failed();
    default:
      return { text: node.value, tag: "!!str" };
  }
}

/** Without an exponent. */
function plainFloat(value: number): string {
  const text = String(value);
  if (!text.includes("e")) return text;
  const [mantissa = "", exponent = "0"] = text.split("e");
  const digits = mantissa.replace(/[-.]/g, "");
  const point = (mantissa.replace("-", "").split(".")[0] ?? "").length + Number(exponent);
  const sign = value < 0 ? "-" : "";
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${digits}`;
  return `${sign}${digits.padEnd(point, "0").slice(0, point)}${digits.length > point ? `.${digits.slice(point)}` : ""}`;
}

function replaceIn(node: YamlNode, find: FindValue): void {
  if (isMissingOrNull(node)) return;
  switch (node.kind) {
    case "scalar":
      if (isString(node)) setValue(node, expand(node.value, find));
      return;
    case "mapping":
      for (let i = 0; i + 1 < node.content.length; i += 2) {
        const key = node.content[i];
        const value = node.content[i + 1];
        if (key !== undefined && !isString(key)) throw invalid(`invalid map key: value='${key.value}', tag='${key.tag}'`);
        if (value !== undefined && isString(value)) setValue(value, expand(value.value, find));
      }
      return;
    case "sequence":
      for (const item of node.content) {
        if (!isString(item)) throw invalid("invalid value type expect a string");
        setValue(item, expand(item.value, find));
      }
      return;
    default:
      throw invalid(`invalid type encountered ${node.kind}`);
  }
}

function setValue(node: YamlNode, { text, tag }: Value): void {
  node.value = text;
  node.tag = tag ?? "!!str";
  node.style = 0;
}

/** Replaces every reference; a text that is one reference takes the type of the value. */
function expand(text: string, find: FindValue): Value {
  let result = "";
  let at = 0;
  const lastClose = text.lastIndexOf(")");
  for (let dollar = text.indexOf("$"); dollar !== -1 && dollar + 1 < text.length; dollar = text.indexOf("$", at)) {
    result += text.slice(at, dollar);
    const next = text.charAt(dollar + 1);
    const close = next === "(" && dollar < lastClose ? text.indexOf(")", dollar + 2) : -1;
    if (close !== -1) {
      const name = text.slice(dollar + 2, close);
      const value = find(name) ?? { text: `$(${name})`, tag: "!!str" };
      if (dollar === 0 && close === text.length - 1) return value;
      result += value.inner ?? value.text;
      at = close + 1;
    } else {
      result += next === "$" ? "$" : `$${next}`;
      at = dollar + 2;
    }
  }
  return { text: result + text.slice(at), tag: "!!str" };
}
