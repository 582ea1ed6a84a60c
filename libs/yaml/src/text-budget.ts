import { PlainTexts } from "./plain-texts.ts";
import { DEFAULT_YAML_LIMITS, type YamlLimits } from "./yaml-limits.ts";

/** What the documents of one text share. */
export interface TextBudget {
  /** How many nodes may still be made. */
  nodes: number;
  /** How many items of Kubernetes Lists there may still be. */
  items: number;
  readonly plainTexts: PlainTexts;
}

export function textBudget({
  maxFileNodes = DEFAULT_YAML_LIMITS.maxFileNodes,
  maxObjects = DEFAULT_YAML_LIMITS.maxObjects,
}: Partial<YamlLimits> = {}): TextBudget {
  return { nodes: maxFileNodes, items: maxObjects, plainTexts: new PlainTexts() };
}
