import { STYLE, parseNodes, type YamlNode } from "@plumb/yaml";

/** Lines that hold nothing but comments, one right below the other. */
interface Block {
  /** Line of the first of them; here all lines count from 0. */
  readonly line: number;
  readonly indent: number;
  readonly texts: string[];
}

interface Comments {
  readonly blocks: readonly Block[];
  /** What stands behind a value or key, by its line. */
  readonly beside: ReadonlyMap<number, string>;
  /** The lines on which something else begins, in order. */
  readonly content: readonly number[];
}

/** A text before and after, and how their lines belong together. */
interface Change {
  readonly before: readonly string[];
  readonly after: readonly string[];
  /** By the line of a node before, the line of the same node after. */
  readonly lines: ReadonlyMap<number, number>;
  /** Whether nothing was added. */
  readonly isSame: boolean;
}

/** Where a block goes: before which line, how far in, and whether an empty line is above or below it. */
interface Spot {
  readonly line: number;
  readonly indent: number;
  readonly isApart: boolean;
  readonly isFollowed: boolean;
}

/** Beyond these, comments are not worth the time. */
const LONGEST_TEXT = 2 ** 18;
const LONGEST_LINE = 2 ** 12;

/**
 * YAML text that was changed and written anew, with the comments that stood in it, as go-yaml keeps them. Where one stands in a
 * place from which go-yaml moves it, inside braces for one or below what it is not in line with, all are left out.
 *
 * @param before as it was written
 * @param after the same with other values, as `emitNode` writes it
 */
export function withComments(before: string, after: string): string {
  if (!/(?:^|\s)#/.test(before) || /[\r\ud800-\udbff]/.test(before) || before.length > LONGEST_TEXT) return after;
  const [old] = parseNodes(before, { places: true });
  const [made] = parseNodes(after, { places: true });
  if (old === undefined || made === undefined) return after;
  const oldLines = before.split("\n");
  if (oldLines.some(({ length }) => length > LONGEST_LINE)) return after;
  const comments = readComments(oldLines, old);
  const lines = new Map<number, number>();
  const isSame = matchLines(old, made, lines);
  return (comments === undefined ? undefined : woven(comments, { before: oldLines, after: after.split("\n"), lines, isSame })) ?? after;
}

/** Finds the line on which each old one begins again. @returns whether both have as many nodes everywhere */
function matchLines(old: YamlNode, made: YamlNode, lines: Map<number, number>): boolean {
  const line = lineOf(old);
  if (!lines.has(line)) lines.set(line, lineOf(made));
  let isSame = old.content.length === made.content.length;
  for (const [i, child] of old.content.entries()) {
    const other = made.content[i];
    if (other !== undefined && !matchLines(child, other, lines)) isSame = false;
  }
  return isSame;
}

function lineOf({ place }: YamlNode): number {
  return (place?.line ?? 1) - 1;
}

function columnOf({ place }: YamlNode): number {
  return (place?.column ?? 1) - 1;
}

/** undefined when a line is not wholly understood. */
function readComments(lines: readonly string[], root: YamlNode): Comments | undefined {
  if (hasWideBraces(root)) return undefined;
  const ends = new Map<number, LineEnd>();
  noteLineEnds(root, undefined, ends);
  const blocks: Block[] = [];
  const beside = new Map<number, string>();
  const content: number[] = [];
  /** What is further in than this is text of a scalar. */
  let outside = Infinity;
  for (const [i, line] of lines.entries()) {
    const indent = line.search(/\S/);
    if (indent === -1 || indent > outside) continue;
    outside = Infinity;
    if (line[indent] === "#") {
      addLine(blocks, i, indent, line.slice(indent));
      continue;
    }
    const end = ends.get(i);
    const match = end === undefined ? null : /^[\s\]},:]*?(?:\s(#.*))?$/.exec(restBehind(end.node, line) ?? "?");
    if (end === undefined || match === null || /^[\s-]*(?:#|$)/.test(line)) return undefined;
    if (match[1] !== undefined) beside.set(i, match[1]);
    content.push(i);
    if (isBlock(end.node)) outside = end.parent === undefined ? -1 : columnOf(end.parent);
  }
  return { blocks, beside, content };
}

/** Whether something in braces or brackets begins on another line than they do. */
function hasWideBraces(node: YamlNode): boolean {
  const isFlow = (node.style & STYLE.flow) !== 0;
  return node.content.some((child) => (isFlow && lineOf(child) !== lineOf(node)) || hasWideBraces(child));
}

function addLine(blocks: Block[], line: number, indent: number, text: string): void {
  const block = blocks.at(-1);
  if (block !== undefined && block.indent === indent && block.line + block.texts.length === line) block.texts.push(text);
  else blocks.push({ line, indent, texts: [text] });
}

/** The last node that begins on a line. */
interface LineEnd {
  readonly node: YamlNode;
  readonly parent: YamlNode | undefined;
}

function noteLineEnds(node: YamlNode, parent: YamlNode | undefined, ends: Map<number, LineEnd>): void {
  const known = ends.get(lineOf(node));
  if (known === undefined || columnOf(node) >= columnOf(known.node)) ends.set(lineOf(node), { node, parent });
  for (const child of node.content) noteLineEnds(child, node, ends);
}

function isBlock({ kind, style }: YamlNode): boolean {
  return kind === "scalar" && (style & (STYLE.literal | STYLE.folded)) !== 0;
}

/** What follows a node on its line; undefined when it goes on below, or begins in another way than expected. */
function restBehind(node: YamlNode, line: string): string | undefined {
  const text = line.slice(columnOf(node));
  if (node.kind !== "scalar") return /^[-[{]/.test(text) ? text.slice(1) : undefined;
  if (node.style === 0) return text.startsWith(node.value) ? text.slice(node.value.length) : undefined;
  const end = /^(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[|>][-+0-9]*(?=\s|$))/.exec(text)?.[0].length;
  return end === undefined ? undefined : text.slice(end);
}

function woven(comments: Comments, change: Change): string | undefined {
  const { after, lines } = change;
  const above = linesAbove(comments, change);
  if (above === undefined) return undefined;
  const beside = new Map([...comments.beside].map(([line, text]) => [lines.get(line), text]));
  const result: string[] = [];
  for (const [i, line] of after.entries()) {
    const comment = beside.get(i);
    if (comment !== undefined && /(?:^|[ :-])[|>][-+0-9]*$/.test(line)) return undefined;
    result.push(...(above.get(i) ?? []), comment === undefined ? line : `${line} ${comment}`);
  }
  return [...result, ...(above.get(after.length) ?? [])].join("\n");
}

/** The lines of all blocks by the line before which they go; undefined where go-yaml would move one. */
function linesAbove({ blocks, content }: Comments, change: Change): ReadonlyMap<number, readonly string[]> | undefined {
  const above = new Map<number, string[]>();
  let next = 0;
  for (const [i, block] of blocks.entries()) {
    while ((content[next] ?? Infinity) < block.line) next++;
    const line = content[next - 1] ?? -1;
    const [previous] = blocks.slice(Math.max(i - 1, 0), i).filter((other) => other.line > line);
    const spot = spotOf(block, { above: line, below: content[next] ?? change.before.length, previous }, change);
    if (spot === undefined) return undefined;
    const own = above.get(spot.line) ?? [];
    above.set(spot.line, own);
    if (spot.isApart) own.push("");
    for (const text of block.texts) own.push(" ".repeat(spot.indent) + text);
    if (spot.isFollowed) own.push("");
  }
  return above;
}

/** Where the content is above and below a block, -1 and the number of lines for none; and the block between it and that above. */
interface Surroundings {
  readonly above: number;
  readonly below: number;
  readonly previous: Block | undefined;
}

function spotOf(block: Block, around: Surroundings, change: Change): Spot | undefined {
  const opener = change.before[around.above] ?? "";
  const closer = change.before[around.below];
  if (/^[\s-]*-(?:\s+#.*)?$/.test(opener) || /^\s*-.*[[{]/.test(closer ?? "")) return undefined;
  return closer !== undefined && indentOf(closer) === block.indent ? headSpot(block, around, change) : footSpot(block, around, change);
}

/** Of a comment on what stands below it. */
function headSpot(block: Block, { above, below }: Surroundings, { before, after, lines }: Change): Spot | undefined {
  const opener = before[above] ?? "";
  const closer = before[below] ?? "";
  const isFirstInside =
    opensBlock(opener) && (indentOf(closer) > indentOf(opener) || (indentOf(closer) === indentOf(opener) && isItem(closer) && !isItem(opener)));
  const isFollowed = !isFirstInside && isBlank(before[block.line + block.texts.length]);
  // An empty line below makes it belong to what stands above, which not everything can own.
  const isOwned =
    indentOf(opener) === block.indent && isItem(opener) === isItem(closer) && (!isItem(opener) || isPlainItem(opener)) && !/[\]}"':]$|\s#/.test(opener);
  if (isFollowed && above !== -1 && !isOwned) return undefined;
  const line = lines.get(below);
  return line === undefined ? undefined : { line, indent: indentOf(after[line]), isApart: false, isFollowed };
}

/** Of a comment that ends what stands above it. */
function footSpot(block: Block, { above, below, previous }: Surroundings, { before, after, lines, isSame }: Change): Spot | undefined {
  const opener = before[above] ?? "";
  const closer = before[below];
  if (!isSame || opensBlock(opener) || (isItem(opener) && !isPlainItem(opener)) || indentOf(opener) !== block.indent || indentOf(closer) > block.indent)
    return undefined;
  const isAfterBlank = isBlank(before[block.line - 1]);
  const isBelowComment = previous !== undefined && previous.line + previous.texts.length === block.line;
  // Two that end the same thing are kept apart in ways of their own.
  if (closer !== undefined && previous?.indent === block.indent) return undefined;
  if (closer === undefined && ((isAfterBlank && block.indent > 0) || /[\]}"']$|\s#/.test(opener))) return undefined;
  const owner = lines.get(above);
  const line = closer === undefined ? after.length : lines.get(below);
  if (owner === undefined || line === undefined) return undefined;
  const indent = indentOf(after[owner]);
  // A list may stand as far in as what follows it: an empty line then tells them apart.
  const isFollowed = closer !== undefined && indent === indentOf(after[line]);
  return { line, indent, isApart: closer === undefined && (isAfterBlank || isBelowComment), isFollowed };
}

function opensBlock(line: string): boolean {
  return /[:-](?:\s+#.*)?$/.test(line);
}

function isItem(line: string): boolean {
  return /^\s*-/.test(line);
}

/** True for an item that is a single value. */
function isPlainItem(line: string): boolean {
  return /^\s*- (?![\s-])/.test(line) && !/:(?:\s|$)/.test(line);
}

function isBlank(line: string | undefined): boolean {
  return line?.trim() === "";
}

function indentOf(line: string | undefined): number {
  return Math.max(line?.search(/\S/) ?? 0, 0);
}
