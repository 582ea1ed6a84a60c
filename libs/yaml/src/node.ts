/** Style bits of a node, as many as hold; a plain block node has none. */
export const STYLE = { tagged: 1, doubleQuoted: 2, singleQuoted: 4, literal: 8, folded: 16, flow: 32 } as const;

/** Any of the styles that make an untagged scalar a string. */
export const STRING_STYLES: number = STYLE.doubleQuoted | STYLE.singleQuoted | STYLE.literal | STYLE.folded;

/**
 * A scalar as it was written: text, tag and style, so that `1.10` and `0x1F` keep their digits until they are decoded.
 * The tag is short (`!!str`) and resolved; an empty one means that the text decides when it is decoded.
 */
export class ScalarNode {
  readonly kind = "scalar";
  tag: string;
  value: string;
  style: number;
  /** Line in its file, the first is 1; 0 for a node that was not read from one. */
  line: number;

  constructor(tag: string, value: string, style = 0, line = 0) {
    this.tag = tag;
    this.value = value;
    this.style = style;
    this.line = line;
  }
}

/** A mapping; `keys[i]` belongs to `values[i]`. Keys may repeat: decoding refuses it, reading does not. */
export class MappingNode {
  readonly kind = "mapping";
  tag: string;
  style: number;
  line: number;
  readonly keys: YamlNode[] = [];
  readonly values: YamlNode[] = [];

  constructor(tag = "!!map", style = 0, line = 0) {
    this.tag = tag;
    this.style = style;
    this.line = line;
  }
}

export class SequenceNode {
  readonly kind = "sequence";
  tag: string;
  style: number;
  line: number;
  readonly items: YamlNode[] = [];

  constructor(tag = "!!seq", style = 0, line = 0) {
    this.tag = tag;
    this.style = style;
    this.line = line;
  }
}

/** `*name`; `target` is the very node that bears the anchor, and may contain this alias. */
export class AliasNode {
  readonly kind = "alias";
  readonly name: string;
  readonly target: ScalarNode | MappingNode | SequenceNode;
  readonly line: number;

  constructor(name: string, target: ScalarNode | MappingNode | SequenceNode, line = 0) {
    this.name = name;
    this.target = target;
    this.line = line;
  }
}

export type YamlNode = ScalarNode | MappingNode | SequenceNode | AliasNode;
