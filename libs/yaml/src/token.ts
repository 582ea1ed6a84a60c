/** What the scanner finds, in the words of YAML 1.1. */
export const TOKEN = {
  streamEnd: 0,
  directive: 1,
  documentStart: 2,
  documentEnd: 3,
  blockSequenceStart: 4,
  blockMappingStart: 5,
  blockEnd: 6,
  flowSequenceStart: 7,
  flowSequenceEnd: 8,
  flowMappingStart: 9,
  flowMappingEnd: 10,
  blockEntry: 11,
  flowEntry: 12,
  key: 13,
  value: 14,
  alias: 15,
  anchor: 16,
  tag: 17,
  scalar: 18,
} as const;

export type TokenKind = (typeof TOKEN)[keyof typeof TOKEN];

/** What is between scanner and parser. The scanner uses tokens again, so one that was taken holds until the next is asked for. */
export interface Token {
  readonly kind: TokenKind;
  /** From 0. */
  readonly line: number;
  readonly column: number;
  /** Text of a scalar, name of an anchor or alias, handle of a tag or of a %TAG directive. */
  readonly value: string;
  /** Suffix of a tag, prefix of a %TAG directive; what a scalar is that has no tag. */
  readonly suffix: string;
  /** Style bits of a scalar; see `STYLE`. */
  readonly style: number;
}
