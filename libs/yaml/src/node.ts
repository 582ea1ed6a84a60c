/** Style bits of a node, as many as hold; a plain block node has none. `nonSpecific` is the lone tag `!`. */
export const STYLE = { tagged: 1, doubleQuoted: 2, singleQuoted: 4, literal: 8, folded: 16, flow: 32, nonSpecific: 64 } as const;

/** Any of the styles that make an untagged scalar a string. */
export const STRING_STYLES: number = STYLE.doubleQuoted | STYLE.singleQuoted | STYLE.literal | STYLE.folded;

/** `none` is a node that has been made but not given a shape yet; it reads as null. */
export type NodeKind = "none" | "scalar" | "mapping" | "sequence" | "alias";

/** Shared by every node without content; frozen, so that a forgotten copy fails loudly. */
const NO_CONTENT: YamlNode[] = [];
Object.freeze(NO_CONTENT);

/** Where a node stands in its document, the first line and column are 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/**
 * A node as it was written: text, tag and style, so that `1.10` and `0x1F` keep their digits until they are decoded. A node may
 * become another by `become`, and two parents may hold the same one.
 */
export class YamlNode {
  kind: NodeKind;
  /** Short (`!!str`); resolved when read. Empty means that the text decides when it is decoded. */
  tag: string;
  /** Text of a scalar; the name an alias refers to. */
  value: string;
  /** Of `STYLE`. */
  style: number;
  /** Line in its file, the first is 1; 0 for a node that was not read from one. */
  line: number;
  /** Items of a sequence; key, value, key, value … of a mapping, where keys may repeat: decoding refuses it, reading does not. */
  content: YamlNode[];
  /** The very node that bears an alias's anchor; may contain the alias. */
  target: YamlNode | undefined;
  /** A comment beside it that looks like JSON, without the `#`: it may hold a schema. */
  comment: string | undefined;
  /** Of a node that was read by `eachNode` with `places`. */
  place: Place | undefined;

  constructor(kind: NodeKind, tag = "", value = "", style = 0, line = 0) {
    this.kind = kind;
    this.tag = tag;
    this.value = value;
    this.style = style;
    this.line = line;
    this.content = NO_CONTENT;
    this.target = undefined;
    this.comment = undefined;
    this.place = undefined;
  }

  /** Adds an item, or a key and its value. */
  append(...nodes: YamlNode[]): void {
    if (this.content === NO_CONTENT) this.content = nodes;
    else this.content.push(...nodes);
  }

  /** Takes over everything that `other` is; its content is shared, not copied. */
  become(other: YamlNode): void {
    this.kind = other.kind;
    this.tag = other.tag;
    this.value = other.value;
    this.style = other.style;
    this.line = other.line;
    this.content = other.content;
    this.target = other.target;
    this.comment = other.comment;
    this.place = other.place;
  }

  /** Replaces its content; without any it is bare. */
  refill(content: YamlNode[]): void {
    this.content = content.length === 0 ? NO_CONTENT : content;
  }

  /** True for one that never had content: Go tells it from one whose content was taken away. */
  get isBare(): boolean {
    return this.content === NO_CONTENT;
  }
}

/** A copy that shares nothing with `node` but the keys of mappings, which nobody changes in place, and the targets of aliases. */
export function copyNode(node: YamlNode): YamlNode {
  const copy = new YamlNode(node.kind, node.tag, node.value, node.style, node.line);
  copy.target = node.target;
  copy.comment = node.comment;
  copy.place = node.place;
  if (node.isBare) return copy;
  const content = [...node.content];
  const step = node.kind === "mapping" ? 2 : 1;
  for (let i = step - 1; i < content.length; i += step) {
    const child = content[i];
    if (child !== undefined) content[i] = copyNode(child);
  }
  copy.content = content;
  return copy;
}
