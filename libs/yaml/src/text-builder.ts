const CHUNK = 4096;

/**
 * Text from many pieces that lies in one piece itself. A chain of `+=` keeps 32 bytes for every link until somebody reads it, and
 * then goes through all of them.
 */
export class TextBuilder {
  readonly #chunks: string[] = [];
  #pieces: string[] = [];
  /** The piece that was added last, and how often in a row. */
  #last = "";
  #times = 0;
  #length = 0;

  /** Of all that was added. */
  get length(): number {
    return this.#length;
  }

  add(piece: string): void {
    this.#length += piece.length;
    if (piece === this.#last) {
      this.#times++;
      return;
    }
    this.#keepLast();
    this.#last = piece;
    this.#times = 1;
  }

  #keepLast(): void {
    if (this.#last === "" || this.#times === 0) return;
    this.#pieces.push(this.#times === 1 ? this.#last : this.#last.repeat(this.#times));
    if (this.#pieces.length < CHUNK) return;
    this.#chunks.push(this.#pieces.join(""));
    this.#pieces = [];
  }

  /** All that was added; nothing may be added afterwards. */
  text(): string {
    this.#keepLast();
    return this.#chunks.length === 0 ? this.#pieces.join("") : [...this.#chunks, ...this.#pieces].join("");
  }
}
