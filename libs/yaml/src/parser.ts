import { NodeBuilder } from "./node-builder.ts";
import { STYLE, type YamlNode } from "./node.ts";
import type { Dialect } from "./resolve-scalar.ts";
import { Scanner } from "./scanner.ts";
import { SyntaxProblem } from "./syntax-error.ts";
import { textBudget, type TextBudget } from "./text-budget.ts";
import { TOKEN, type Token, type TokenKind } from "./token.ts";
import { DEFAULT_YAML_LIMITS, type YamlLimits } from "./yaml-limits.ts";

export interface ParseOptions {
  /** Names the text in errors. */
  readonly path?: string | undefined;
  readonly limits?: Partial<YamlLimits> | undefined;
  /** Line of the text's first line in its file; 1 when left out. */
  readonly firstLine?: number | undefined;
  /** Of the text that this is one document of; counted down. */
  readonly budget?: TextBudget | undefined;
  /** Is filled with the column of every node; the first is 1. */
  readonly columns?: Map<YamlNode, number> | undefined;
  /** Is filled with the name of every node that has an anchor. */
  readonly anchors?: Map<YamlNode, string> | undefined;
  /** Whose reader: go-yaml v3 looks two tokens ahead, v2 does not. `kustomize` when left out. */
  readonly dialect?: Dialect | undefined;
}

const STANDARD_PREFIX = "tag:yaml.org,2002:";

/** More directives than any document has use for. */
const MAX_HANDLES = 100;

/** Builds nodes from tokens by the grammar of YAML 1.1. */
export class Parser {
  readonly #scanner: Scanner;
  readonly #nodes: NodeBuilder;
  readonly #maxAliases: number;
  readonly #anchorNames: Map<YamlNode, string> | undefined;
  readonly #dialect: Dialect;
  readonly #anchors = new Map<string, YamlNode>();
  readonly #handles = new Map<string, string>();
  #aliases = 0;

  constructor(text: string, { path, limits, firstLine = 1, budget = textBudget(limits), columns, anchors, dialect = "kustomize" }: ParseOptions) {
    const all = { ...DEFAULT_YAML_LIMITS, ...limits };
    this.#scanner = new Scanner(text, budget.plainTexts, all.maxObjectLength, dialect === "kustomize" ? 2 : 0);
    this.#nodes = new NodeBuilder({ path, firstLine, limits: all, budget, columns });
    this.#maxAliases = all.maxAliases;
    this.#anchorNames = anchors;
    this.#dialect = dialect;
  }

  document(): YamlNode | undefined {
    let { kind } = this.#scanner.peek();
    if (kind === TOKEN.streamEnd) return undefined;
    if (kind === TOKEN.directive || kind === TOKEN.documentStart) {
      this.#directives();
      const start = this.#scanner.take();
      if (start.kind !== TOKEN.documentStart) throw this.#problem("did not find expected <document start>", start);
      const { line, column } = start;
      ({ kind } = this.#scanner.peek());
      if (kind === TOKEN.directive || kind === TOKEN.documentStart || kind === TOKEN.documentEnd || kind === TOKEN.streamEnd)
        return this.#nodes.empty(line, column);
    }
    const root = this.#node(true, false);
    this.#scanner.peek();
    return root;
  }

  #directives(): void {
    for (let token = this.#scanner.peek(); token.kind === TOKEN.directive; token = this.#scanner.peek()) {
      const { value, suffix } = token;
      if (this.#handles.has(value)) throw this.#problem(value === "" ? "found duplicate %YAML directive" : "found duplicate %TAG directive", token);
      if (this.#handles.size >= MAX_HANDLES) throw this.#nodes.limit(`has more than ${MAX_HANDLES} directives`, token.line);
      this.#scanner.take();
      this.#handles.set(value, suffix);
    }
  }

  /** An error of the parser: go-yaml names the line before the one it means, or none for the first. @param context line of what it stands in */
  #problem(message: string, { line, column }: Token, context = 0): SyntaxProblem {
    const [first, second] = this.#dialect === "kustomize" ? [context, line] : [line, context];
    return new SyntaxProblem(message, first !== 0 ? first : second, line, column);
  }

  #node(isBlock: boolean, mayBeIndentless: boolean): YamlNode {
    const first = this.#scanner.peek();
    const { kind, line, column } = first;
    if (kind === TOKEN.alias) return this.#alias();
    if (kind !== TOKEN.anchor && kind !== TOKEN.tag) {
      const node = this.#content(first, undefined, "", isBlock, mayBeIndentless);
      if (node === undefined) throw this.#problem("did not find expected node content", first, line);
      return node;
    }
    const { anchor, tag } = this.#properties();
    const node = this.#content(this.#scanner.peek(), anchor, tag, isBlock, mayBeIndentless);
    if (node !== undefined) return this.#nodes.startingAt(line, column, node);
    // A tag or anchor alone belongs to an empty scalar.
    return this.#anchored(anchor, this.#nodes.make("scalar", isExplicit(tag) ? tag : "!!null", "", tagStyle(tag), line, column));
  }

  #anchored(anchor: string | undefined, node: YamlNode): YamlNode {
    if (anchor === undefined) return node;
    this.#anchors.set(anchor, node);
    this.#anchorNames?.set(node, anchor);
    return node;
  }

  /** undefined where no content begins. */
  #content(token: Token, anchor: string | undefined, tag: string, isBlock: boolean, mayBeIndentless: boolean): YamlNode | undefined {
    switch (token.kind) {
      case TOKEN.scalar:
        return this.#scalar(anchor, tag);
      case TOKEN.blockEntry:
        return mayBeIndentless ? this.#collection("sequence", token, anchor, tag) : undefined;
      case TOKEN.blockSequenceStart:
        return isBlock ? this.#collection("sequence", token, anchor, tag) : undefined;
      case TOKEN.blockMappingStart:
        return isBlock ? this.#collection("mapping", token, anchor, tag) : undefined;
      case TOKEN.flowSequenceStart:
        return this.#collection("sequence", token, anchor, tag);
      case TOKEN.flowMappingStart:
        return this.#collection("mapping", token, anchor, tag);
      default:
        return undefined;
    }
  }

  #alias(): YamlNode {
    const { value, line, column } = this.#scanner.take();
    const target = this.#anchors.get(value);
    if (target === undefined) throw new SyntaxProblem(`unknown anchor '${value}' referenced`, 0, line, column);
    if (++this.#aliases > this.#maxAliases) throw this.#nodes.limit(`has more than ${this.#maxAliases} aliases (limit maxAliases)`, line);
    const node = this.#nodes.make("alias", "", value, 0, line, column);
    node.target = target;
    return node;
  }

  /** An anchor and a tag, in either order. */
  #properties(): { readonly anchor: string | undefined; readonly tag: string } {
    let anchor: string | undefined;
    let tag = "";
    for (let i = 0; i < 2; i++) {
      const token = this.#scanner.peek();
      if (token.kind === TOKEN.anchor && anchor === undefined) anchor = this.#scanner.take().value;
      else if (token.kind === TOKEN.tag && tag === "") tag = this.#tag(this.#scanner.take());
      else break;
    }
    return { anchor, tag };
  }

  #tag(token: Token): string {
    const { value: handle, suffix } = token;
    if (handle === "") return shortTag(suffix);
    const prefix = this.#handles.get(handle) ?? (handle === "!" ? "!" : handle === "!!" ? STANDARD_PREFIX : undefined);
    if (prefix === undefined) throw this.#problem("found undefined tag handle", token);
    return shortTag(prefix + suffix);
  }

  #scalar(anchor: string | undefined, tag: string): YamlNode {
    const { value, suffix, style, line, column } = this.#scanner.take();
    return this.#anchored(anchor, this.#nodes.make("scalar", isExplicit(tag) ? tag : suffix, value, style | tagStyle(tag), line, column));
  }

  #collection(kind: "sequence" | "mapping", { kind: start, line, column }: Token, anchor: string | undefined, tag: string): YamlNode {
    const implicit = kind === "sequence" ? "!!seq" : "!!map";
    const style = start === TOKEN.flowSequenceStart || start === TOKEN.flowMappingStart ? STYLE.flow : 0;
    const node = this.#nodes.open(kind, isExplicit(tag) ? tag : implicit, style | tagStyle(tag), line, column);
    this.#anchored(anchor, node);
    this.#fill(start);
    this.#nodes.close(node);
    return node;
  }

  #fill(start: TokenKind): void {
    switch (start) {
      case TOKEN.blockSequenceStart:
        return this.#blockItems();
      case TOKEN.blockMappingStart:
        return this.#blockPairs();
      case TOKEN.flowSequenceStart:
        return this.#flowItems();
      case TOKEN.flowMappingStart:
        return this.#flowPairs();
      default:
        return this.#indentlessItems();
    }
  }

  #blockItems(): void {
    const start = this.#scanner.take().line;
    for (let token = this.#scanner.take(); token.kind !== TOKEN.blockEnd; token = this.#scanner.take()) {
      if (token.kind !== TOKEN.blockEntry) throw this.#problem("did not find expected '-' indicator", token, start);
      const { line, column } = token;
      const { kind } = this.#scanner.peek();
      this.#nodes.add(kind === TOKEN.blockEntry || kind === TOKEN.blockEnd ? this.#nodes.empty(line, column) : this.#node(true, false));
    }
  }

  #indentlessItems(): void {
    for (let token = this.#scanner.peek(); token.kind === TOKEN.blockEntry; token = this.#scanner.peek()) {
      const { line, column } = this.#scanner.take();
      const { kind } = this.#scanner.peek();
      this.#nodes.add(kind === TOKEN.blockEntry || endsPair(kind) ? this.#nodes.empty(line, column) : this.#node(true, false));
    }
  }

  #blockPairs(): void {
    const start = this.#scanner.take().line;
    for (let token = this.#scanner.peek(); token.kind !== TOKEN.blockEnd; token = this.#scanner.peek()) {
      if (token.kind !== TOKEN.key) throw this.#problem("did not find expected key", token, start);
      const { line, column } = this.#scanner.take();
      const key = endsPair(this.#scanner.peek().kind) ? this.#nodes.empty(line, column) : this.#node(true, true);
      this.#nodes.add(key);
      const value = this.#blockValue(line, column);
      this.#attachComment(key, value);
      this.#nodes.add(value);
    }
    this.#scanner.take();
  }

  /** @param keyLine of its key, as the column */
  #blockValue(keyLine: number, keyColumn: number): YamlNode {
    const token = this.#scanner.peek();
    if (token.kind !== TOKEN.value) return this.#nodes.empty(keyLine, keyColumn);
    const { line, column } = this.#scanner.take();
    return endsPair(this.#scanner.peek().kind) ? this.#nodes.empty(line, column) : this.#node(true, true);
  }

  /** A comment that looks like JSON belongs to the value on its line, or to the key of a value below it. */
  #attachComment(key: YamlNode, value: YamlNode): void {
    const { comments } = this.#scanner;
    if (comments.size === 0) return;
    const comment = comments.get(this.#nodes.lineOf(key));
    if (comment === undefined) return;
    if (value.line === key.line) value.comment = comment;
    else key.comment = comment;
  }

  #flowItems(): void {
    const start = this.#scanner.take().line;
    for (let isFirst = true; !this.#isAt(TOKEN.flowSequenceEnd); isFirst = false) {
      if (!isFirst) {
        this.#flowEntry(start, "did not find expected ',' or ']'");
        if (this.#isAt(TOKEN.flowSequenceEnd)) break;
      }
      this.#nodes.add(this.#isAt(TOKEN.key) ? this.#flowPair() : this.#node(false, false));
    }
    this.#scanner.take();
  }

  #isAt(kind: TokenKind): boolean {
    return this.#scanner.peek().kind === kind;
  }

  #flowEntry(start: number, message: string): void {
    const token = this.#scanner.peek();
    if (token.kind !== TOKEN.flowEntry) throw this.#problem(message, token, start);
    this.#scanner.take();
  }

  /** A single pair in a list: `[a: b]`. */
  #flowPair(): YamlNode {
    const { line, column } = this.#scanner.take();
    const node = this.#nodes.make("mapping", "!!map", "", STYLE.flow, line, column);
    const next = this.#scanner.peek();
    // Libyaml passes the token that shows that the key is empty, even where it ends the list.
    const isEmptyKey = endsFlowKey(next.kind, TOKEN.flowSequenceEnd);
    const key = isEmptyKey ? this.#nodes.empty(next.line, next.column) : this.#node(false, false);
    if (isEmptyKey) this.#scanner.take();
    node.content = [key, this.#flowValue(line, column, TOKEN.flowSequenceEnd)];
    return node;
  }

  #flowPairs(): void {
    const start = this.#scanner.take().line;
    for (let isFirst = true; !this.#isAt(TOKEN.flowMappingEnd); isFirst = false) {
      if (!isFirst) {
        this.#flowEntry(start, "did not find expected ',' or '}'");
        if (this.#isAt(TOKEN.flowMappingEnd)) break;
      }
      const { kind, line, column } = this.#scanner.peek();
      if (kind === TOKEN.key) {
        this.#scanner.take();
        this.#nodes.add(endsFlowKey(this.#scanner.peek().kind, TOKEN.flowMappingEnd) ? this.#nodes.empty(line, column) : this.#node(false, false));
        this.#nodes.add(this.#flowValue(line, column, TOKEN.flowMappingEnd));
      } else {
        this.#nodes.add(this.#node(false, false));
        this.#nodes.add(this.#nodes.empty(line, column));
      }
    }
    this.#scanner.take();
  }

  /** @param keyLine of its key, as the column */
  #flowValue(keyLine: number, keyColumn: number, end: TokenKind): YamlNode {
    if (!this.#isAt(TOKEN.value)) return this.#nodes.empty(keyLine, keyColumn);
    this.#scanner.take();
    const { kind } = this.#scanner.peek();
    return kind === TOKEN.flowEntry || kind === end ? this.#nodes.empty(keyLine, keyColumn) : this.#node(false, false);
  }
}

/** Whether a key or a value in a block is empty because of what comes next. */
function endsPair(kind: TokenKind): boolean {
  return kind === TOKEN.key || kind === TOKEN.value || kind === TOKEN.blockEnd;
}

/** Whether a key in a flow collection is empty because of what comes next. */
function endsFlowKey(kind: TokenKind, end: TokenKind): boolean {
  return kind === TOKEN.value || kind === TOKEN.flowEntry || kind === end;
}

/** A lone `!` says nothing. */
function isExplicit(tag: string): boolean {
  return tag !== "" && tag !== "!";
}

function tagStyle(tag: string): number {
  return tag === "" ? 0 : tag === "!" ? STYLE.nonSpecific : STYLE.tagged;
}

function shortTag(tag: string): string {
  return tag.startsWith(STANDARD_PREFIX) ? `!!${tag.slice(STANDARD_PREFIX.length)}` : tag;
}
