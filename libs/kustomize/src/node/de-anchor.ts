import { YamlNode, copyNode } from "@plumb/yaml";
import { invalid } from "../build-error.ts";
import { clearField } from "./fields.ts";

interface Budget {
  nodes: number;
  readonly open: Set<YamlNode>;
}

/**
 * Replaces every alias by a copy of what it stands for and merges what `<<` names; the mapping's own fields win.
 *
 * @param maxNodes how many nodes aliases and merges may add
 * @throws {ToolkitError} `invalid` for an alias inside itself, a merge of something else than mappings, or too many nodes
 */
export function deAnchor(root: YamlNode, maxNodes: number): YamlNode {
  return replace(root, { nodes: maxNodes, open: new Set() });
}

function replace(node: YamlNode, budget: Budget): YamlNode {
  if (node.kind === "alias") {
    const { target } = node;
    if (target === undefined) return node;
    if (budget.open.has(target)) throw invalid(`anchor '${node.value}' value contains itself`);
    budget.open.add(target);
    const copy = copyWithin(replace(target, budget), budget);
    budget.open.delete(target);
    return copy;
  }
  if (node.content.length === 0) return node;
  if (node.kind === "mapping") mergeFields(node, budget);
  for (let i = 0; i < node.content.length; i++) {
    const child = node.content[i];
    if (child !== undefined) node.content[i] = replace(child, budget);
  }
  return node;
}

function copyWithin(node: YamlNode, budget: Budget): YamlNode {
  budget.nodes -= size(node, budget.nodes);
  if (budget.nodes < 0) throw invalid("document contains excessive aliasing (limit maxNodes)");
  return copyNode(node);
}

function size(node: YamlNode, limit: number): number {
  let count = 1;
  for (const child of node.content) {
    if (count > limit) return count;
    count += size(child, limit - count);
  }
  return count;
}

function mergeFields(node: YamlNode, budget: Budget): void {
  const value = mergeValue(node);
  const sources = value === undefined ? [] : mappingsOf(value);
  // Also a quoted key of that name goes, as in kustomize.
  clearField(node, "<<");
  if (value === undefined) return;
  const merged = copyWithin(node, budget);
  for (const source of [...sources, node]) {
    const { content } = copyWithin(source, budget);
    for (let i = 0; i + 1 < content.length; i += 2) {
      const key = content[i];
      const field = content[i + 1];
      if (key !== undefined && field !== undefined) setEntry(merged, key, field);
    }
  }
  node.content = merged.content;
}

function mergeValue(node: YamlNode): YamlNode | undefined {
  let found: YamlNode | undefined;
  for (let i = 0; i + 1 < node.content.length; i += 2) {
    if (node.content[i]?.tag !== "!!merge") continue;
    if (found !== undefined) throw invalid("duplicate merge key");
    found = node.content[i + 1];
  }
  return found;
}

/** The mappings to merge, the weakest first. */
function mappingsOf(value: YamlNode): readonly YamlNode[] {
  if (value.kind === "mapping") return [value];
  if (value.kind === "alias") {
    if (value.target?.kind !== "mapping") throw invalid("invalid map merge: received alias for a non-map value");
    return [value.target];
  }
  if (value.kind !== "sequence") throw invalid("map merge requires map or sequence of maps as the value");
  return value.content.toReversed().flatMap((item) => {
    if (item.kind === "sequence") throw invalid("invalid map merge: received a nested sequence");
    return mappingsOf(item);
  });
}

function setEntry(node: YamlNode, key: YamlNode, value: YamlNode): void {
  for (let i = 0; i < node.content.length; i += 2) {
    if (node.content[i]?.value !== key.value) continue;
    node.content[i] = key;
    node.content[i + 1] = value;
    return;
  }
  node.append(key, value);
}
