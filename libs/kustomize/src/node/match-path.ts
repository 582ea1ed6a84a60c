import { YamlNode, emitNode, parseNodes, type NodeKind } from "@plumb/yaml";
import { invalid, within } from "../build-error.ts";
import { fieldOf, getField, mustBe, scalarNode, setField } from "./fields.ts";
import { goRegexp } from "./go-regexp.ts";
import { atoi, isListIndex, kindBefore, splitListIndex } from "./lookup.ts";

/**
 * Every node that a path leads to: field names, indices, `*` for every element and `[name=pattern]`, whose pattern is a regular
 * expression. A scalar on the way is read as YAML. With `create`, what is missing is made, the last node of that kind.
 *
 * @throws {ToolkitError} `invalid` when an index or a kind does not fit
 */
export function matchPath(node: YamlNode, path: readonly string[], create: NodeKind | undefined): readonly YamlNode[] {
  const [part, ...rest] = path;
  if (part === undefined) return [node];
  const index = atoi(part);
  if (index !== undefined && index >= 0) return matchIndex(node, index, part, rest, create);
  if (isListIndex(part)) return matchElements(node, part, rest, create);
  if (part === "*") return elementsOf(node).flatMap((item) => matchPath(item, rest, create));
  return matchField(node, part, rest, create);
}

function elementsOf(node: YamlNode): readonly YamlNode[] {
  mustBe("sequence", node);
  return node.content;
}

function matchField(node: YamlNode, name: string, rest: readonly string[], create: NodeKind | undefined): readonly YamlNode[] {
  let field = getField(node, name);
  if (field === undefined) {
    if (create === undefined) return [];
    field = new YamlNode(kindBefore(rest[0], create));
    setField(node, name, field);
  }
  if (field.kind !== "scalar" || rest.length === 0) return matchPath(field, rest, create);
  const inner = parseScalar(field);
  return inner === undefined ? [] : matchPath(inner, rest, create);
}

/**
 * What a scalar's text holds as YAML; undefined when it is empty.
 *
 * @param anchors is filled with the names of nodes that have one
 * @throws {ToolkitError} `invalid` when it is none
 */
export function parseScalar(scalar: YamlNode, anchors?: Map<YamlNode, string>): YamlNode | undefined {
  return parseNodes(scalar.value, { anchors })[0];
}

function matchIndex(node: YamlNode, index: number, part: string, rest: readonly string[], create: NodeKind | undefined): readonly YamlNode[] {
  const elements = elementsOf(node);
  if (elements.length === index && create !== undefined) {
    within(`failed to append element for "${part}"`, () => node.append(new YamlNode(kindBefore(rest[0], create))));
  }
  const element = node.content[index];
  if (element === undefined) throw invalid(`index ${index} specified but only ${node.content.length} elements found`);
  return matchPath(element, rest, create);
}

function matchElements(node: YamlNode, part: string, rest: readonly string[], create: NodeKind | undefined): readonly YamlNode[] {
  const { name, value } = splitListIndex(part);
  const isMatch = goRegexp(value);
  const found = elementsOf(node).flatMap((item) => {
    const tested = name === "" ? item : fieldOf(item, name);
    if (tested === undefined || !isMatch(emitNode(tested).trim())) return [];
    return name === "" ? [item] : matchPath(item, rest, create);
  });
  if (found.length > 0 || create === undefined) return found;
  const made = name === "" ? scalarNode(value) : new YamlNode("mapping");
  if (name !== "") made.append(scalarNode(name), scalarNode(value));
  node.append(made);
  return name === "" ? [made] : matchPath(made, rest, create);
}
