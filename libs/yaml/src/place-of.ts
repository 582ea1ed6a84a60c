import type { YamlOptions } from "./documents.ts";
import { encodingOf } from "./encoding-of.ts";
import type { Place, YamlNode } from "./node.ts";
import { parseNode } from "./parse-nodes.ts";

/**
 * Where the value stands to which keys and indices lead in the first document of a text, or the nearest around it that is
 * written. For errors about what was read before; undefined for an empty text.
 *
 * @throws {ToolkitError} `invalid` for what is no YAML
 */
export function placeOf(input: string | Uint8Array, way: readonly (string | number)[], options: YamlOptions = {}): Place | undefined {
  const columns = new Map<YamlNode, number>();
  const text = typeof input === "string" ? input : new TextDecoder(encodingOf(input), { ignoreBOM: true }).decode(input);
  let node = parseNode(text, { ...options, columns });
  if (node === undefined) return undefined;
  for (const step of way) {
    const next: YamlNode | undefined = inside(node.target ?? node, step);
    if (next === undefined) break;
    node = next;
  }
  return { line: node.line, column: columns.get(node) ?? 1 };
}

function inside({ kind, content }: YamlNode, step: string | number): YamlNode | undefined {
  if (typeof step === "number") return kind === "sequence" ? content[step] : undefined;
  if (kind !== "mapping") return undefined;
  const at = content.findIndex((key, i) => i % 2 === 0 && key.value === step);
  return at === -1 ? undefined : content[at + 1];
}
