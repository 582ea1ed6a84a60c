import type { YamlNode } from "./node.ts";

/**
 * Tells nodes where they stand, and lets those without content be bare, as Go has both.
 *
 * @param columns of all nodes of one document, in units of UTF-16
 * @param firstLine of that document in its file
 */
export function setPlaces(columns: ReadonlyMap<YamlNode, number>, text: string, firstLine: number): void {
  const pairs = pairsByLine(text);
  for (const [node, column] of columns) {
    const line = node.line - firstLine + 1;
    node.place = { line, column: column - pairsBefore(pairs?.[line - 1] ?? [], column - 1) };
    node.refill(node.content);
  }
}

/** Where in each line a character takes two units, for Go counts it as one; undefined when none does. */
function pairsByLine(text: string): readonly (readonly number[])[] | undefined {
  if (!/[\ud800-\udbff]/.test(text)) return undefined;
  return text.split(/\r\n|[\r\n\u0085\u2028\u2029]/).map((line) => Array.from(line.matchAll(/[\ud800-\udbff]/g), ({ index }) => index));
}

/** How many of them stand before `end`. */
function pairsBefore(pairs: readonly number[], end: number): number {
  let low = 0;
  let high = pairs.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((pairs[middle] ?? end) < end) low = middle + 1;
    else high = middle;
  }
  return low;
}
