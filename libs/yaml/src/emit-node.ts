import { decodeNode } from "./decode-node.ts";
import type { YamlNode } from "./node.ts";
import { stringify } from "./stringify.ts";

/** A node as YAML. */
export function emitNode(node: YamlNode): string {
  return stringify(decodeNode(node));
}
