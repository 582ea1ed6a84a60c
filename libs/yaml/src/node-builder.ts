import type { ToolkitError } from "@plumb/std";
import { YamlNode, type NodeKind } from "./node.ts";
import type { TextBudget } from "./text-budget.ts";
import { limitError } from "./yaml-error.ts";
import type { YamlLimits } from "./yaml-limits.ts";

export interface NodeBuilderOptions {
  readonly path: string | undefined;
  /** Line of the text's first line in its file. */
  readonly firstLine: number;
  readonly limits: YamlLimits;
  /** Of the text; counted down. */
  readonly budget: TextBudget;
  /** Is filled with the column of every node; the first is 1. */
  readonly columns: Map<YamlNode, number> | undefined;
}

/** Makes the nodes of a document and gathers them into collections, within the limits. Lines and columns are the text's, from 0. */
export class NodeBuilder {
  readonly #options: NodeBuilderOptions;
  /** The entries of all collections that are open, one behind the other: each gets a list of its own size when it is closed. */
  readonly #entries: YamlNode[] = [];
  #entryCount = 0;
  /** By depth: where the entries of the open collection begin, and where they have to end. */
  readonly #begins: number[] = [];
  readonly #ends: number[] = [];
  #depth = 0;
  #root: YamlNode | undefined;
  /** Where the items of a Kubernetes List that is being read have to end; -1 while none is. */
  #objectsEnd = -1;
  /** Of the document or, in a Kubernetes List, of the item that is being read. */
  #objectNodes = 0;
  #objectLength = 0;

  constructor(options: NodeBuilderOptions) {
    this.#options = options;
  }

  limit(what: string, line: number): ToolkitError {
    return limitError(what, this.#options.path, line + this.#options.firstLine);
  }

  lineOf(node: YamlNode): number {
    return node.line - this.#options.firstLine;
  }

  /** @throws {ToolkitError} `invalid`, naming the limit */
  make(kind: NodeKind, tag: string, value: string, style: number, line: number, column: number): YamlNode {
    const { budget, limits, columns, firstLine } = this.#options;
    if (--budget.nodes < 0) throw this.limit(`has more than ${limits.maxFileNodes} nodes (limit maxFileNodes)`, line);
    if (++this.#objectNodes > limits.maxNodes) throw this.limit(`has an object with more than ${limits.maxNodes} nodes (limit maxNodes)`, line);
    this.#objectLength += value.length;
    const { maxObjectLength } = limits;
    if (this.#objectLength > maxObjectLength) throw this.limit(`has an object with more than ${maxObjectLength} characters (limit maxObjectLength)`, line);
    const node = new YamlNode(kind, tag, value, style, line + firstLine);
    columns?.set(node, column + 1);
    return node;
  }

  empty(line: number, column: number): YamlNode {
    return this.make("scalar", "!!null", "", 0, line, column);
  }

  /** A node begins where its tag or anchor does, for those who ask for its place. */
  startingAt(line: number, column: number, node: YamlNode): YamlNode {
    const { columns, firstLine } = this.#options;
    if (columns === undefined) return node;
    columns.set(node, column + 1);
    node.line = line + firstLine;
    return node;
  }

  /** Makes a collection, which takes what is added from now on, until it is closed. */
  open(kind: "sequence" | "mapping", tag: string, style: number, line: number, column: number): YamlNode {
    const { budget, limits } = this.#options;
    if (++this.#depth > limits.maxDepth) throw this.limit(`exceeded max depth of ${limits.maxDepth} (limit maxDepth)`, line);
    const node = this.make(kind, tag, "", style, line, column);
    this.#root ??= node;
    const begin = this.#entryCount;
    const end = begin + limits.maxEntries * (kind === "mapping" ? 2 : 1);
    if (kind === "sequence" && this.#isObjectList()) this.#objectsEnd = begin + budget.items;
    this.#begins[this.#depth] = begin;
    this.#ends[this.#depth] = this.#isInObjectList() ? Math.min(end, this.#objectsEnd) : end;
    return node;
  }

  /** Adds an item, a key or its value to the collection that was opened last. */
  add(node: YamlNode): void {
    if (this.#entryCount === this.#ends[this.#depth]) throw this.#tooMany(this.lineOf(node));
    this.#entries[this.#entryCount++] = node;
    if (!this.#isInObjectList()) return;
    this.#objectNodes = 0;
    this.#objectLength = 0;
  }

  /** @param node the collection that was opened last */
  close(node: YamlNode): void {
    const begin = this.#begins[this.#depth] ?? 0;
    if (this.#isInObjectList()) {
      this.#options.budget.items -= this.#entryCount - begin;
      this.#objectsEnd = -1;
    }
    if (this.#entryCount > begin) node.content = this.#entries.slice(begin, this.#entryCount);
    this.#entryCount = begin;
    this.#depth--;
  }

  /** True for `items` at the top, unless a kind that is no list stands before. */
  #isObjectList(): boolean {
    const entries = this.#entries;
    const count = this.#entryCount;
    if (this.#depth !== 2 || this.#root?.kind !== "mapping" || count % 2 === 0 || entries[count - 1]?.value !== "items") return false;
    for (let i = 0; i + 1 < count; i += 2) if (entries[i]?.value === "kind") return entries[i + 1]?.value.endsWith("List") === true;
    return true;
  }

  #isInObjectList(): boolean {
    return this.#depth === 2 && this.#objectsEnd !== -1;
  }

  #tooMany(line: number): ToolkitError {
    const { maxEntries, maxObjects } = this.#options.limits;
    if (this.#isInObjectList() && this.#entryCount === this.#objectsEnd) return this.limit(`has more than ${maxObjects} objects (limit maxObjects)`, line);
    return this.limit(`has more than ${maxEntries} entries in one collection (limit maxEntries)`, line);
  }
}
