import type { SyntaxProblem } from "./syntax-error.ts";

/** A token that turns out to be a key when a `:` follows it on the same line. */
export interface SimpleKey {
  isPossible: boolean;
  /** Nothing else could stand there, so a missing `:` is an error. */
  isRequired: boolean;
  /** Number of the token among all tokens. */
  tokenNumber: number;
  position: number;
  line: number;
  column: number;
}

/** Characters of a simple key. */
const LONGEST_KEY = 1024;

/** Where the scanner is. */
interface Position {
  readonly position: number;
  readonly line: number;
  readonly column: number;
  problem(message: string, at: { readonly line: number }): SyntaxProblem;
}

/**
 * The tokens that a `:` would make keys: of every flow collection that is open, and of the block around them, the last one that
 * could be.
 */
export class SimpleKeys {
  /** Whether a key may begin at the position of the scanner. */
  isAllowed = true;
  readonly #at: Position;
  /** One for the block and every level of flow collections, the innermost last. */
  readonly #levels: SimpleKey[] = [noKey()];
  #current: SimpleKey = this.#levels[0] ?? noKey();

  constructor(at: Position) {
    this.#at = at;
  }

  /** Remembers that the token that begins here may be a key, where one is allowed. @param isRequired whether it must be */
  save(tokenNumber: number, isRequired: boolean): void {
    if (!this.isAllowed) return;
    this.drop();
    const key = this.#current;
    const at = this.#at;
    key.isPossible = true;
    key.isRequired = isRequired;
    key.tokenNumber = tokenNumber;
    key.position = at.position;
    key.line = at.line;
    key.column = at.column;
  }

  /** Forgets the last one. @throws {SyntaxProblem} where it had to be a key */
  drop(): void {
    const key = this.#current;
    if (!key.isPossible) return;
    if (key.isRequired) throw this.#missesColon(key);
    key.isPossible = false;
  }

  /** The token that the `:` at the position makes a key; undefined for none. @throws {SyntaxProblem} where one had to be */
  take(): SimpleKey | undefined {
    const key = this.#current;
    if (!this.#isValid(key)) return undefined;
    key.isPossible = false;
    return key;
  }

  /** Whether a token may still turn out to be a key. @throws {SyntaxProblem} where it had to be and can no more */
  mayBeKey(tokenNumber: number): boolean {
    for (const key of this.#levels) {
      if (key.isPossible && key.tokenNumber === tokenNumber) return this.#isValid(key);
    }
    return false;
  }

  openFlow(): void {
    this.#current = noKey();
    this.#levels.push(this.#current);
  }

  closeFlow(): void {
    this.#levels.pop();
    this.#current = this.#levels.at(-1) ?? noKey();
  }

  /** A key that is too long or left behind on another line is none. */
  #isValid(key: SimpleKey): boolean {
    if (!key.isPossible) return false;
    if (key.line >= this.#at.line && key.position + LONGEST_KEY >= this.#at.position) return true;
    if (key.isRequired) throw this.#missesColon(key);
    key.isPossible = false;
    return false;
  }

  #missesColon(key: SimpleKey): SyntaxProblem {
    return this.#at.problem("could not find expected ':'", key);
  }
}

function noKey(): SimpleKey {
  return { isPossible: false, isRequired: false, tokenNumber: -1, position: 0, line: 0, column: 0 };
}
