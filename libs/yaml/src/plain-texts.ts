import { resolveScalar } from "./resolve-scalar.ts";

/** A text without quotes and what it is without a tag. */
export interface PlainText {
  readonly value: string;
  readonly tag: string;
}

const SLOTS = 1024;
/** Longer texts are seldom there twice. */
const LONGEST = 40;

/** Keeps short texts that were read before, so that a key that is there a thousand times is one string, looked at once. */
export class PlainTexts {
  readonly #slots: (PlainText | undefined)[] = Array<PlainText | undefined>(SLOTS).fill(undefined);

  /** The text from `start` to `end`. */
  read(text: string, start: number, end: number): PlainText {
    const length = end - start;
    if (length > LONGEST || length === 0) return resolved(text.slice(start, end));
    const ends = Math.imul(text.charCodeAt(start), 31) + text.charCodeAt(end - 1);
    const inner = Math.imul(text.charCodeAt(start + (length >> 1)), 31) + text.charCodeAt(start + (length >> 2));
    const slot = (Math.imul(ends, 37) ^ Math.imul(inner, 101) ^ Math.imul(length, 7)) & (SLOTS - 1);
    const known = this.#slots[slot];
    if (known !== undefined && known.value.length === length && text.startsWith(known.value, start)) return known;
    const read = resolved(text.slice(start, end));
    this.#slots[slot] = read;
    return read;
  }

  /** The text from `start` to `end`, whatever it is. */
  share(text: string, start: number, end: number): string {
    return end - start > LONGEST ? text.slice(start, end) : this.read(text, start, end).value;
  }
}

/** A text that stands nowhere else and has to be looked at alone. */
export function resolved(value: string): PlainText {
  return { value, tag: value === "<<" ? "!!merge" : resolveScalar(value, "kustomize").tag };
}
