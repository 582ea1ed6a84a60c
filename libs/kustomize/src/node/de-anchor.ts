import { YamlNode, copyNode } from "@plumb/yaml";
import { invalid } from "../build-error.ts";
import type { BuildLimits } from "../build-limits.ts";
import { clearField } from "./fields.ts";

interface Budget {
  nodes: number;
  characters: number;
  readonly open: Set<YamlNode>;
}

/**
 * Replaces every alias by a copy of what it stands for and merges what `<<` names; the mapping's own fields win.
 *
 * @throws {ToolkitError} `invalid` for an alias inside itself, a merge of something else than mappings, or too much that they add
 */
export function deAnchor(root: YamlNode, { maxNodes, maxCopiedCharacters }: BuildLimits): YamlNode {
  return replace(root, { nodes: maxNodes, characters: maxCopiedCharacters, open: new Set() });
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
  spend(node, budget);
  return copyNode(node);
}

/** Takes what a copy of a node adds from the budget, and stops as soon as there is none left. */
function spend({ value, content }: YamlNode, budget: Budget): void {
  if (--budget.nodes < 0) throw invalid("document contains excessive aliasing (limit maxNodes)");
  budget.characters -= value.length;
  if (budget.characters < 0) throw invalid("document contains excessive aliasing (limit maxCopiedCharacters)");
  for (const child of content) spend(child, budget);
}

function mergeFields(node: YamlNode, budget: Budget): void {
  const value = mergeValue(node);
  const sources = value === undefined ? [] : mappingsOf(value);
  // Also a quoted key of that name goes, as in kustomize.
  clearField(node, "<<");
  if (value === undefined) return;
  const merged = copyWithin(node, budget);
  const places = new Map<string, number>();
  for (let i = merged.content.length - 2; i >= 0; i -= 2) places.set(merged.content[i]?.value ?? "", i);
  for (const source of [...sources, node]) {
    const { content } = copyWithin(source, budget);
    for (let i = 0; i + 1 < content.length; i += 2) {
      const key = content[i];
      const field = content[i + 1];
      if (key !== undefined && field !== undefined) setEntry(merged, places, key, field);
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

/** @param places where the first entry of each key stands */
function setEntry(node: YamlNode, places: Map<string, number>, key: YamlNode, value: YamlNode): void {
  const at = places.get(key.value);
  if (at === undefined) {
    places.set(key.value, node.content.length);
    node.append(key, value);
    return;
  }
  node.content[at] = key;
  node.content[at + 1] = value;
}
