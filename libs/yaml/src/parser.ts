import type { ToolkitError } from "@plumb/std";
import { STYLE, YamlNode, type NodeKind } from "./node.ts";
import type { Dialect } from "./resolve-scalar.ts";
import { Scanner } from "./scanner.ts";
import { SyntaxProblem } from "./syntax-error.ts";
import { textBudget, type TextBudget } from "./text-budget.ts";
import { TOKEN, type Token, type TokenKind } from "./token.ts";
import { limitError } from "./yaml-error.ts";
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
  readonly #path: string | undefined;
  readonly #firstLine: number;
  readonly #limits: YamlLimits;
  readonly #budget: TextBudget;
  readonly #columns: Map<YamlNode, number> | undefined;
  readonly #anchorNames: Map<YamlNode, string> | undefined;
  readonly #dialect: Dialect;
  readonly #anchors = new Map<string, YamlNode>();
  readonly #handles = new Map<string, string>();
  /** The entries of all collections that are open, one behind the other: each gets a list of its own size when it is closed. */
  readonly #entries: YamlNode[] = [];
  #entryCount = 0;
  #root: YamlNode | undefined;
  /** Where the items of a Kubernetes List that is being read have to end. */
  #objectsEnd = -1;
  /** Of the document or, in a Kubernetes List, of the item that is being read. */
  #objectNodes = 0;
  #objectLength = 0;
  #aliases = 0;
  #depth = 0;

  constructor(text: string, { path, limits, firstLine = 1, budget = textBudget(limits), columns, anchors, dialect = "kustomize" }: ParseOptions) {
    this.#limits = { ...DEFAULT_YAML_LIMITS, ...limits };
    this.#scanner = new Scanner(text, budget.plainTexts, this.#limits.maxObjectLength, dialect === "kustomize" ? 2 : 0);
    this.#path = path;
    this.#firstLine = firstLine;
    this.#budget = budget;
    this.#columns = columns;
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
      if (kind === TOKEN.directive || kind === TOKEN.documentStart || kind === TOKEN.documentEnd || kind === TOKEN.streamEnd) return this.#empty(line, column);
    }
    const root = this.#node(true, false);
    this.#scanner.peek();
    return root;
  }

  #directives(): void {
    for (let token = this.#scanner.peek(); token.kind === TOKEN.directive; token = this.#scanner.peek()) {
      const { value, suffix } = token;
      if (this.#handles.has(value)) throw this.#problem(value === "" ? "found duplicate %YAML directive" : "found duplicate %TAG directive", token);
      if (this.#handles.size >= MAX_HANDLES) throw this.#limit(`more than ${MAX_HANDLES} directives`, token.line);
      this.#scanner.take();
      this.#handles.set(value, suffix);
    }
  }

  /** An error of the parser: go-yaml names the line before the one it means, or none for the first. @param context line of what it stands in */
  #problem(message: string, { line, column }: Token, context = 0): SyntaxProblem {
    const [first, second] = this.#dialect === "kustomize" ? [context, line] : [line, context];
    return new SyntaxProblem(message, first !== 0 ? first : second, line, column);
  }

  #limit(reason: string, line: number): ToolkitError {
    return limitError(reason, this.#path, line + this.#firstLine);
  }

  #make(kind: NodeKind, tag: string, value: string, style: number, line: number, column: number): YamlNode {
    if (--this.#budget.nodes < 0) throw this.#limit(`more than ${this.#limits.maxFileNodes} nodes (limit maxFileNodes)`, line);
    if (++this.#objectNodes > this.#limits.maxNodes) throw this.#limit(`an object with more than ${this.#limits.maxNodes} nodes (limit maxNodes)`, line);
    this.#objectLength += value.length;
    const { maxObjectLength } = this.#limits;
    if (this.#objectLength > maxObjectLength) throw this.#limit(`an object with more than ${maxObjectLength} characters (limit maxObjectLength)`, line);
    const node = new YamlNode(kind, tag, value, style, line + this.#firstLine);
    this.#columns?.set(node, column + 1);
    return node;
  }

  #empty(line: number, column: number): YamlNode {
    return this.#make("scalar", "!!null", "", 0, line, column);
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
    if (node !== undefined) return this.#startingAt(line, column, node);
    // A tag or anchor alone belongs to an empty scalar.
    return this.#anchored(anchor, this.#make("scalar", isExplicit(tag) ? tag : "!!null", "", tagStyle(tag), line, column));
  }

  /** A node begins where its tag or anchor does, for those who ask for its place. */
  #startingAt(line: number, column: number, node: YamlNode): YamlNode {
    if (this.#columns === undefined) return node;
    this.#columns.set(node, column + 1);
    node.line = line + this.#firstLine;
    return node;
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
    const { maxAliases } = this.#limits;
    if (++this.#aliases > maxAliases) throw this.#limit(`more than ${maxAliases} aliases (limit maxAliases)`, line);
    const node = this.#make("alias", "", value, 0, line, column);
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
    return this.#anchored(anchor, this.#make("scalar", isExplicit(tag) ? tag : suffix, value, style | tagStyle(tag), line, column));
  }

  #collection(kind: "sequence" | "mapping", { kind: start, line, column }: Token, anchor: string | undefined, tag: string): YamlNode {
    const { maxDepth } = this.#limits;
    if (++this.#depth > maxDepth) throw this.#limit(`exceeded max depth of ${maxDepth} (limit maxDepth)`, line);
    const implicit = kind === "sequence" ? "!!seq" : "!!map";
    const style = start === TOKEN.flowSequenceStart || start === TOKEN.flowMappingStart ? STYLE.flow : 0;
    const node = this.#make(kind, isExplicit(tag) ? tag : implicit, "", style | tagStyle(tag), line, column);
    this.#root ??= node;
    this.#anchored(anchor, node);
    const first = this.#entryCount;
    const isObjectList = kind === "sequence" && this.#isObjectList();
    const end = first + this.#limits.maxEntries * (kind === "mapping" ? 2 : 1);
    if (this.#depth === 2) this.#objectsEnd = isObjectList ? first + this.#budget.items : -1;
    this.#fill(start, isObjectList ? Math.min(end, this.#objectsEnd) : end);
    if (isObjectList) this.#budget.items -= this.#entryCount - first;
    if (this.#entryCount > first) node.content = this.#entries.slice(first, this.#entryCount);
    this.#entryCount = first;
    this.#depth--;
    return node;
  }

  /** True for `items` at the top, unless a kind that is no list stands before. */
  #isObjectList(): boolean {
    const entries = this.#entries;
    const count = this.#entryCount;
    if (this.#depth !== 2 || this.#root?.kind !== "mapping" || count % 2 === 0 || entries[count - 1]?.value !== "items") return false;
    for (let i = 0; i + 1 < count; i += 2) if (entries[i]?.value === "kind") return entries[i + 1]?.value.endsWith("List") === true;
    return true;
  }

  /** Reads the entries of a collection. @param end how many entries there may be of all open collections together */
  #fill(start: TokenKind, end: number): void {
    switch (start) {
      case TOKEN.blockSequenceStart:
        return this.#blockItems(end);
      case TOKEN.blockMappingStart:
        return this.#blockPairs(end);
      case TOKEN.flowSequenceStart:
        return this.#flowItems(end);
      case TOKEN.flowMappingStart:
        return this.#flowPairs(end);
      default:
        return this.#indentlessItems(end);
    }
  }

  #add(node: YamlNode, end: number): void {
    if (this.#entryCount === end) throw this.#tooMany(node.line - this.#firstLine, end);
    this.#entries[this.#entryCount++] = node;
    if (this.#depth !== 2 || this.#objectsEnd === -1) return;
    this.#objectNodes = 0;
    this.#objectLength = 0;
  }

  #tooMany(line: number, end: number): ToolkitError {
    const { maxEntries, maxObjects } = this.#limits;
    if (this.#depth === 2 && end === this.#objectsEnd) return this.#limit(`more than ${maxObjects} objects (limit maxObjects)`, line);
    return this.#limit(`more than ${maxEntries} entries in one collection (limit maxEntries)`, line);
  }

  #blockItems(end: number): void {
    const start = this.#scanner.take().line;
    for (let token = this.#scanner.take(); token.kind !== TOKEN.blockEnd; token = this.#scanner.take()) {
      if (token.kind !== TOKEN.blockEntry) throw this.#problem("did not find expected '-' indicator", token, start);
      const { line, column } = token;
      const { kind } = this.#scanner.peek();
      this.#add(kind === TOKEN.blockEntry || kind === TOKEN.blockEnd ? this.#empty(line, column) : this.#node(true, false), end);
    }
  }

  #indentlessItems(end: number): void {
    for (let token = this.#scanner.peek(); token.kind === TOKEN.blockEntry; token = this.#scanner.peek()) {
      const { line, column } = this.#scanner.take();
      const { kind } = this.#scanner.peek();
      this.#add(kind === TOKEN.blockEntry || endsPair(kind) ? this.#empty(line, column) : this.#node(true, false), end);
    }
  }

  #blockPairs(end: number): void {
    const start = this.#scanner.take().line;
    for (let token = this.#scanner.peek(); token.kind !== TOKEN.blockEnd; token = this.#scanner.peek()) {
      if (token.kind !== TOKEN.key) throw this.#problem("did not find expected key", token, start);
      const { line, column } = this.#scanner.take();
      const key = endsPair(this.#scanner.peek().kind) ? this.#empty(line, column) : this.#node(true, true);
      this.#add(key, end);
      const value = this.#blockValue(line, column);
      this.#attachComment(key, value);
      this.#add(value, end);
    }
    this.#scanner.take();
  }

  /** @param keyLine of its key, as the column */
  #blockValue(keyLine: number, keyColumn: number): YamlNode {
    const token = this.#scanner.peek();
    if (token.kind !== TOKEN.value) return this.#empty(keyLine, keyColumn);
    const { line, column } = this.#scanner.take();
    return endsPair(this.#scanner.peek().kind) ? this.#empty(line, column) : this.#node(true, true);
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

  #flowItems(end: number): void {
    const start = this.#scanner.take().line;
    for (let isFirst = true; !this.#isAt(TOKEN.flowSequenceEnd); isFirst = false) {
      if (!isFirst) {
        this.#flowEntry(start, "did not find expected ',' or ']'");
        if (this.#isAt(TOKEN.flowSequenceEnd)) break;
      }
      this.#add(this.#isAt(TOKEN.key) ? this.#flowPair() : this.#node(false, false), end);
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
    const node = this.#make("mapping", "!!map", "", STYLE.flow, line, column);
    const next = this.#scanner.peek();
    // Libyaml passes the token that shows that the key is empty, even where it ends the list.
    const isEmptyKey = endsFlowKey(next.kind, TOKEN.flowSequenceEnd);
    const key = isEmptyKey ? this.#empty(next.line, next.column) : this.#node(false, false);
    if (isEmptyKey) this.#scanner.take();
    node.content = [key, this.#flowValue(line, column, TOKEN.flowSequenceEnd)];
    return node;
  }

  #flowPairs(end: number): void {
    const start = this.#scanner.take().line;
    for (let isFirst = true; !this.#isAt(TOKEN.flowMappingEnd); isFirst = false) {
      if (!isFirst) {
        this.#flowEntry(start, "did not find expected ',' or '}'");
        if (this.#isAt(TOKEN.flowMappingEnd)) break;
      }
      const { kind, line, column } = this.#scanner.peek();
      if (kind === TOKEN.key) {
        this.#scanner.take();
        this.#add(endsFlowKey(this.#scanner.peek().kind, TOKEN.flowMappingEnd) ? this.#empty(line, column) : this.#node(false, false), end);
        this.#add(this.#flowValue(line, column, TOKEN.flowMappingEnd), end);
      } else {
        this.#add(this.#node(false, false), end);
        this.#add(this.#empty(line, column), end);
      }
    }
    this.#scanner.take();
  }

  /** @param keyLine of its key, as the column */
  #flowValue(keyLine: number, keyColumn: number, end: TokenKind): YamlNode {
    if (!this.#isAt(TOKEN.value)) return this.#empty(keyLine, keyColumn);
    this.#scanner.take();
    const { kind } = this.#scanner.peek();
    return kind === TOKEN.flowEntry || kind === end ? this.#empty(keyLine, keyColumn) : this.#node(false, false);
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
