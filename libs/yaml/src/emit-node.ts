import { foldedLines } from "./fold-text.ts";
import { STYLE, type YamlNode } from "./node.ts";
import { resolveScalar } from "./resolve-scalar.ts";
import {
  BLOCK_INDICATOR,
  BREAK,
  BREAK_THEN_SPACE,
  EDGE,
  FLOW_INDICATOR,
  LONGEST_SIMPLE_KEY_BYTES,
  NO_BLOCK,
  SPACE_THEN_BREAK,
  UNPRINTABLE,
} from "./style-rules.ts";
import { INDENT, isPlainString, put, startLine, writeStyled, type NodePosition, type ScalarStyle, type Sink } from "./write-scalar.ts";

/**
 * A node as go-yaml v3 writes it for kustomize: in the order and style it was read, two spaces, lists not indented, lines never
 * folded. Comments are not kept.
 *
 * @param anchors names of the nodes that have one, as `parseNodes` notes them
 */
export function emitNode(node: YamlNode, anchors: ReadonlyMap<YamlNode, string> = NO_ANCHORS): string {
  const sink: AnchorSink = { text: "", column: 0, anchors };
  emit(sink, node, -1, "root");
  if (sink.column > 0) sink.text += "\n";
  return sink.text;
}

const NO_ANCHORS: ReadonlyMap<YamlNode, string> = new Map();

interface AnchorSink extends Sink {
  readonly anchors: ReadonlyMap<YamlNode, string>;
}

/** What stands before a node: its anchor and its tag. */
function properties(node: YamlNode, { anchors }: AnchorSink): string {
  const anchor = anchors.get(node);
  const tag = shownTag(node);
  if (anchor === undefined) return tag;
  return tag === "" ? `&${anchor}` : `&${anchor} ${tag}`;
}

function emit(sink: AnchorSink, node: YamlNode, indent: number, place: NodePosition): void {
  const tag = properties(node, sink);
  const isBlock = (node.kind === "mapping" || node.kind === "sequence") && node.content.length > 0 && (node.style & STYLE.flow) === 0;
  if (tag !== "") put(sink, place === "root" ? tag : ` ${tag}`);
  if (isBlock && node.kind === "mapping") return emitMapping(sink, node, indent, tag === "" ? place : "value");
  if (isBlock) return emitSequence(sink, node, indent, tag === "" ? place : "value");
  const isNothing = node.kind === "scalar" && node.value === "" && styleFor(node, "block") === "plain";
  if ((place !== "root" || tag !== "") && !isNothing) put(sink, " ");
  if (node.kind === "mapping" || node.kind === "sequence") emitFlow(sink, node, indent);
  else emitScalar(sink, node, indent < 0 ? INDENT : indent + INDENT, "block");
}

function emitMapping(sink: AnchorSink, { content }: YamlNode, indent: number, place: NodePosition): void {
  const own = indent < 0 ? 0 : indent + INDENT;
  for (let i = 0; i + 1 < content.length; i += 2) {
    const key = content[i];
    const value = content[i + 1];
    if (key === undefined || value === undefined) return;
    startLine(sink, own, i === 0 && place !== "value");
    const isSimple = isSimpleKey(key);
    if (isSimple) {
      const tag = properties(key, sink);
      if (tag !== "") put(sink, `${tag} `);
      emitScalar(sink, key, own + INDENT, "key");
    } else {
      put(sink, "?");
      emit(sink, key, own, "late-value");
      startLine(sink, own, false);
    }
    put(sink, ":");
    emit(sink, value, own, isSimple ? "value" : "late-value");
  }
}

function emitSequence(sink: AnchorSink, { content }: YamlNode, indent: number, place: NodePosition): void {
  const own = indent < 0 ? 0 : place === "value" ? indent : indent + INDENT;
  content.forEach((item, i) => {
    startLine(sink, own, i === 0 && place !== "value");
    put(sink, "-");
    emit(sink, item, own, "item");
  });
}

/** A key of one line that is not long. */
function isSimpleKey({ kind, value, content }: YamlNode): boolean {
  return content.length === 0 && (kind !== "scalar" || (!BREAK.test(value) && Buffer.byteLength(value) <= LONGEST_SIMPLE_KEY_BYTES));
}

function emitFlow(sink: AnchorSink, node: YamlNode, indent: number): void {
  const isMapping = node.kind === "mapping";
  put(sink, isMapping ? "{" : "[");
  const step = isMapping ? 2 : 1;
  for (let i = 0; i < node.content.length; i += step) {
    if (i > 0) put(sink, ", ");
    const first = node.content[i];
    const second = node.content[i + 1];
    if (first !== undefined) emitInFlow(sink, first, indent, isMapping);
    if (!isMapping || second === undefined) continue;
    put(sink, ": ");
    emitInFlow(sink, second, indent, false);
  }
  put(sink, isMapping ? "}" : "]");
}

function emitInFlow(sink: AnchorSink, node: YamlNode, indent: number, isKey: boolean): void {
  const tag = properties(node, sink);
  if (tag !== "") put(sink, `${tag} `);
  if (node.kind === "mapping" || node.kind === "sequence") emitFlow(sink, node, indent);
  else emitScalar(sink, node, indent, isKey ? "flow-key" : "flow");
}

type ScalarPlace = "block" | "key" | "flow" | "flow-key";

function emitScalar(sink: Sink, node: YamlNode, indent: number, place: ScalarPlace): void {
  if (node.kind !== "scalar") return put(sink, node.kind === "alias" ? `*${node.value}` : "null");
  const style = styleFor(node, place);
  if (style === "folded") writeStyled(sink, foldedLines(node.value), "folded", indent, node.value);
  else writeStyled(sink, node.value, style, indent, node.value);
}

/** The tag as it has to be written: one that was written, or that the text alone would not have. */
function shownTag({ kind, tag, value, style }: YamlNode): string {
  if (tag === "" || kind === "alias" || kind === "none") return "";
  if ((style & STYLE.tagged) !== 0) return tag.startsWith("!") ? tag : `!<${tag}>`;
  if (kind === "mapping") return tag === "!!map" ? "" : tag;
  if (kind === "sequence") return tag === "!!seq" ? "" : tag;
  return tag === "!!str" || resolveScalar(value, "kustomize").tag === tag ? "" : tag;
}

function styleFor(node: YamlNode, place: ScalarPlace): ScalarStyle {
  const { value } = node;
  const isKey = place === "key" || place === "flow-key";
  const isInFlow = place === "flow" || place === "flow-key";
  const isMultiline = BREAK.test(value);
  let style = wantedStyle(node);
  if (isKey && isMultiline) style = "double";
  const isUnfit = SPACE_THEN_BREAK.test(value) || UNPRINTABLE.test(value);
  if (style === "plain") {
    const isBad = isMultiline || isUnfit || EDGE.test(value) || (isInFlow ? FLOW_INDICATOR : BLOCK_INDICATOR).test(value);
    if (isBad || (value === "" && (isInFlow || isKey))) style = "single";
  }
  if (style === "single" && (isUnfit || BREAK_THEN_SPACE.test(value))) style = "double";
  if (style === "literal" || style === "folded") {
    if (value === "" || NO_BLOCK.test(value) || isInFlow || isKey) style = "double";
  }
  return style;
}

/** Whether a scalar that is the value of a field is written as lines below it. */
export function isWrittenAsBlock(node: YamlNode): boolean {
  const style = styleFor(node, "block");
  return style === "literal" || style === "folded";
}

function wantedStyle({ tag, value, style }: YamlNode): ScalarStyle {
  if ((style & STYLE.doubleQuoted) !== 0) return "double";
  if ((style & STYLE.singleQuoted) !== 0) return "single";
  if ((style & STYLE.literal) !== 0) return "literal";
  if ((style & STYLE.folded) !== 0) return "folded";
  if (value.includes("\n")) return "literal";
  const isForced = tag === "!!str" && (style & STYLE.tagged) === 0 && !isPlainString(value) && resolveScalar(value, "kustomize").tag !== "!!str";
  return isForced ? "double" : "plain";
}
