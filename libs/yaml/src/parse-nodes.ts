import type { ToolkitError } from "@plumb/std";
import { STYLE, YamlNode, type NodeKind } from "./node.ts";
import { resolveScalar, type Dialect } from "./resolve-scalar.ts";
import { Scanner } from "./scanner.ts";
import { SyntaxProblem } from "./syntax-error.ts";
import { TOKEN, type Token, type TokenKind } from "./token.ts";
import { limitError, placedError } from "./yaml-error.ts";
import { DEFAULT_YAML_LIMITS, type YamlLimits } from "./yaml-limits.ts";

/** What the documents of one text share. */
export interface NodeBudget {
  nodes: number;
}

export interface ParseOptions {
  /** Names the text in errors. */
  readonly path?: string | undefined;
  readonly limits?: Partial<YamlLimits> | undefined;
  /** Line of the text's first line in its file; 1 when left out. */
  readonly firstLine?: number | undefined;
  /** How many nodes may still be made; counted down. */
  readonly budget?: NodeBudget | undefined;
  /** Is filled with the column of every node; the first is 1. */
  readonly columns?: Map<YamlNode, number> | undefined;
  /** Whose reader: go-yaml v3 looks two tokens ahead, v2 does not. `kustomize` when left out. */
  readonly dialect?: Dialect | undefined;
}

const STANDARD_PREFIX = "tag:yaml.org,2002:";

/** What Go's reader refuses: control characters, and what is no character. */
const CONTROL = /[^\t\n\r\u0020-\u007e\u0085\u00a0-\ufffd]/;

/**
 * The node of the first document; undefined when there is none. What follows it is not looked at, as in Go.
 *
 * @throws {ToolkitError} `invalid` with path, line and column
 */
export function parseNode(text: string, options: ParseOptions = {}): YamlNode | undefined {
  if (CONTROL.test(text)) throw controlError(text, options);
  try {
    return new Parser(text, options).document();
  } catch (thrown) {
    if (!(thrown instanceof SyntaxProblem)) throw thrown;
    const { path, firstLine = 1 } = options;
    const shown = thrown.shownLine === 0 ? "" : `line ${thrown.shownLine + firstLine - 1}: `;
    throw placedError(`yaml: ${shown}${thrown.message}`, path, thrown.line + firstLine, thrown.column + 1);
  }
}

function controlError(text: string, { path, firstLine = 1 }: ParseOptions): ToolkitError {
  const before = text.slice(0, text.search(CONTROL)).split("\n");
  return placedError("yaml: control characters are not allowed", path, before.length - 1 + firstLine, (before.at(-1) ?? "").length + 1);
}

/** Builds nodes from tokens by the grammar of YAML 1.1. */
class Parser {
  readonly #scanner: Scanner;
  readonly #path: string | undefined;
  readonly #firstLine: number;
  readonly #limits: YamlLimits;
  readonly #budget: NodeBudget;
  readonly #columns: Map<YamlNode, number> | undefined;
  readonly #anchors = new Map<string, YamlNode>();
  readonly #handles = new Map<string, string>();
  #aliases = 0;
  #depth = 0;

  constructor(text: string, { path, limits, firstLine = 1, budget, columns, dialect = "kustomize" }: ParseOptions) {
    this.#scanner = new Scanner(text, dialect === "kustomize" ? 2 : 0);
    this.#path = path;
    this.#firstLine = firstLine;
    this.#limits = { ...DEFAULT_YAML_LIMITS, ...limits };
    this.#budget = budget ?? { nodes: this.#limits.maxFileNodes };
    this.#columns = columns;
  }

  document(): YamlNode | undefined {
    let { kind } = this.#scanner.peek();
    if (kind === TOKEN.streamEnd) return undefined;
    if (kind === TOKEN.directive || kind === TOKEN.documentStart) {
      this.#directives();
      const start = this.#scanner.peek();
      if (start.kind !== TOKEN.documentStart) throw this.#problem("did not find expected <document start>", start);
      this.#scanner.take();
      ({ kind } = this.#scanner.peek());
      if (kind === TOKEN.directive || kind === TOKEN.documentStart || kind === TOKEN.documentEnd || kind === TOKEN.streamEnd) return this.#empty(start);
    }
    const root = this.#node(true, false);
    this.#scanner.peek();
    return root;
  }

  #directives(): void {
    for (let token = this.#scanner.peek(); token.kind === TOKEN.directive; token = this.#scanner.peek()) {
      const { value, suffix } = this.#scanner.take();
      if (this.#handles.has(value)) throw this.#problem(value === "" ? "found duplicate %YAML directive" : "found duplicate %TAG directive", token);
      this.#handles.set(value, suffix);
    }
  }

  /** An error of the parser: go-yaml names the line before the one it means, or none for the first. */
  #problem(message: string, { line, column }: Token, context?: Token): SyntaxProblem {
    const shown = context !== undefined && context.line !== 0 ? context.line : line;
    return new SyntaxProblem(message, shown, line, column);
  }

  #lineOf({ line }: Token): number {
    return line + this.#firstLine;
  }

  #make(kind: NodeKind, tag: string, value: string, style: number, at: Token): YamlNode {
    const line = this.#lineOf(at);
    if (--this.#budget.nodes < 0) throw limitError(`more than ${this.#limits.maxFileNodes} nodes (limit maxFileNodes)`, this.#path, line);
    const node = new YamlNode(kind, tag, value, style, line);
    this.#columns?.set(node, at.column + 1);
    return node;
  }

  #empty(at: Token): YamlNode {
    return this.#make("scalar", "!!null", "", 0, at);
  }

  #node(isBlock: boolean, mayBeIndentless: boolean): YamlNode {
    const first = this.#scanner.peek();
    if (first.kind === TOKEN.alias) return this.#alias();
    const { anchor, tag } = this.#properties();
    const token = this.#scanner.peek();
    const node = this.#content(token, anchor, tag, isBlock, mayBeIndentless);
    if (node !== undefined) return node;
    if (anchor === undefined && tag === "") throw this.#problem("did not find expected node content", token, first);
    // A tag or anchor alone belongs to an empty scalar.
    const empty = this.#make("scalar", isExplicit(tag) ? tag : "!!null", "", tagStyle(tag), first);
    if (anchor !== undefined) this.#anchors.set(anchor, empty);
    return empty;
  }

  #content(token: Token, anchor: string | undefined, tag: string, isBlock: boolean, mayBeIndentless: boolean): YamlNode | undefined {
    switch (token.kind) {
      case TOKEN.scalar:
        return this.#scalar(anchor, tag);
      case TOKEN.blockEntry:
        return mayBeIndentless ? this.#collection("sequence", token, anchor, tag, 0, (node) => this.#indentlessItems(node)) : undefined;
      case TOKEN.blockSequenceStart:
        return isBlock ? this.#collection("sequence", token, anchor, tag, 0, (node) => this.#blockItems(node)) : undefined;
      case TOKEN.blockMappingStart:
        return isBlock ? this.#collection("mapping", token, anchor, tag, 0, (node) => this.#blockPairs(node)) : undefined;
      case TOKEN.flowSequenceStart:
        return this.#collection("sequence", token, anchor, tag, STYLE.flow, (node) => this.#flowItems(node));
      case TOKEN.flowMappingStart:
        return this.#collection("mapping", token, anchor, tag, STYLE.flow, (node) => this.#flowPairs(node));
      default:
        return undefined;
    }
  }

  #alias(): YamlNode {
    const token = this.#scanner.take();
    const target = this.#anchors.get(token.value);
    if (target === undefined) throw new SyntaxProblem(`unknown anchor '${token.value}' referenced`, 0, token.line, token.column);
    const { maxAliases } = this.#limits;
    if (++this.#aliases > maxAliases) throw limitError(`more than ${maxAliases} aliases (limit maxAliases)`, this.#path, this.#lineOf(token));
    const node = this.#make("alias", "", token.value, 0, token);
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
    const token = this.#scanner.take();
    const { value, style } = token;
    const implicit = style !== 0 ? "!!str" : value === "<<" ? "!!merge" : resolveScalar(value, "kustomize").tag;
    const node = this.#make("scalar", isExplicit(tag) ? tag : implicit, value, style | tagStyle(tag), token);
    if (anchor !== undefined) this.#anchors.set(anchor, node);
    return node;
  }

  #collection(kind: "sequence" | "mapping", token: Token, anchor: string | undefined, tag: string, style: number, fill: (node: YamlNode) => void): YamlNode {
    const { maxDepth } = this.#limits;
    if (++this.#depth > maxDepth) throw limitError(`exceeded max depth of ${maxDepth} (limit maxDepth)`, this.#path, this.#lineOf(token));
    const implicit = kind === "sequence" ? "!!seq" : "!!map";
    const node = this.#make(kind, isExplicit(tag) ? tag : implicit, "", style | tagStyle(tag), token);
    if (anchor !== undefined) this.#anchors.set(anchor, node);
    fill(node);
    this.#depth--;
    return node;
  }

  #isAt(...kinds: readonly TokenKind[]): boolean {
    return kinds.includes(this.#scanner.peek().kind);
  }

  #blockItems(node: YamlNode): void {
    const start = this.#scanner.take();
    const items: YamlNode[] = [];
    for (let token = this.#scanner.take(); token.kind !== TOKEN.blockEnd; token = this.#scanner.take()) {
      if (token.kind !== TOKEN.blockEntry) throw this.#problem("did not find expected '-' indicator", token, start);
      items.push(this.#isAt(TOKEN.blockEntry, TOKEN.blockEnd) ? this.#empty(token) : this.#node(true, false));
    }
    node.content = items;
  }

  #indentlessItems(node: YamlNode): void {
    const items: YamlNode[] = [];
    while (this.#scanner.peek().kind === TOKEN.blockEntry) {
      const token = this.#scanner.take();
      items.push(this.#isAt(TOKEN.blockEntry, TOKEN.key, TOKEN.value, TOKEN.blockEnd) ? this.#empty(token) : this.#node(true, false));
    }
    node.content = items;
  }

  #blockPairs(node: YamlNode): void {
    const start = this.#scanner.take();
    const content: YamlNode[] = [];
    for (let token = this.#scanner.peek(); token.kind !== TOKEN.blockEnd; token = this.#scanner.peek()) {
      if (token.kind !== TOKEN.key) throw this.#problem("did not find expected key", token, start);
      this.#scanner.take();
      const key = this.#endsPair() ? this.#empty(token) : this.#node(true, true);
      const value = this.#blockValue(token);
      this.#attachComment(key, value);
      content.push(key, value);
    }
    this.#scanner.take();
    node.content = content;
  }

  #endsPair(): boolean {
    const { kind } = this.#scanner.peek();
    return kind === TOKEN.key || kind === TOKEN.value || kind === TOKEN.blockEnd;
  }

  #blockValue(key: Token): YamlNode {
    const token = this.#scanner.peek();
    if (token.kind !== TOKEN.value) return this.#empty(key);
    this.#scanner.take();
    return this.#endsPair() ? this.#empty(token) : this.#node(true, true);
  }

  /** A comment that looks like JSON belongs to the value on its line, or to the key of a value below it. */
  #attachComment(key: YamlNode, value: YamlNode): void {
    const { comments } = this.#scanner;
    if (comments.size === 0) return;
    const comment = comments.get(key.line - this.#firstLine);
    if (comment === undefined) return;
    if (value.line === key.line) value.comment = comment;
    else key.comment = comment;
  }

  #flowItems(node: YamlNode): void {
    const start = this.#scanner.take();
    const items: YamlNode[] = [];
    while (!this.#isAt(TOKEN.flowSequenceEnd)) {
      if (items.length > 0) {
        this.#flowEntry(start, "did not find expected ',' or ']'");
        if (this.#isAt(TOKEN.flowSequenceEnd)) break;
      }
      items.push(this.#isAt(TOKEN.key) ? this.#flowPair() : this.#node(false, false));
    }
    this.#scanner.take();
    node.content = items;
  }

  #flowEntry(start: Token, message: string): void {
    const token = this.#scanner.peek();
    if (token.kind !== TOKEN.flowEntry) throw this.#problem(message, token, start);
    this.#scanner.take();
  }

  /** A single pair in a list: `[a: b]`. */
  #flowPair(): YamlNode {
    const start = this.#scanner.take();
    const node = this.#make("mapping", "!!map", "", STYLE.flow, start);
    const isEmptyKey = this.#isAt(TOKEN.value, TOKEN.flowEntry, TOKEN.flowSequenceEnd);
    // Libyaml passes the token that shows that the key is empty, even where it ends the list.
    const key = isEmptyKey ? this.#empty(this.#scanner.take()) : this.#node(false, false);
    node.content = [key, this.#flowValue(start, TOKEN.flowSequenceEnd)];
    return node;
  }

  #flowPairs(node: YamlNode): void {
    const start = this.#scanner.take();
    const content: YamlNode[] = [];
    while (!this.#isAt(TOKEN.flowMappingEnd)) {
      if (content.length > 0) {
        this.#flowEntry(start, "did not find expected ',' or '}'");
        if (this.#isAt(TOKEN.flowMappingEnd)) break;
      }
      const token = this.#scanner.peek();
      if (token.kind === TOKEN.key) {
        this.#scanner.take();
        const key = this.#isAt(TOKEN.value, TOKEN.flowEntry, TOKEN.flowMappingEnd) ? this.#empty(token) : this.#node(false, false);
        content.push(key, this.#flowValue(token, TOKEN.flowMappingEnd));
      } else content.push(this.#node(false, false), this.#empty(token));
    }
    this.#scanner.take();
    node.content = content;
  }

  #flowValue(at: Token, end: TokenKind): YamlNode {
    if (!this.#isAt(TOKEN.value)) return this.#empty(at);
    this.#scanner.take();
    return this.#isAt(TOKEN.flowEntry, end) ? this.#empty(at) : this.#node(false, false);
  }
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
