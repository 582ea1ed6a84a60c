import { decodeNode, stringify, type YamlNode } from "@plumb/yaml";

/** A node as YAML, for messages; what cannot be decoded is named instead. */
export function nodeText(node: YamlNode): string {
  try {
    return stringify(decodeNode(node));
  } catch {
    return `(a ${node.kind} that cannot be shown)\n`;
  }
}
