import { TOKEN, type Token } from "./token.ts";

type Slot = { -readonly [Field in keyof Token]: Token[Field] };

const FIRST_SIZE = 8;

/** The tokens that are read and not yet taken, in a ring of slots that are used again. */
export class TokenQueue {
  #ring: Slot[] = Array.from({ length: FIRST_SIZE }, emptySlot);
  #head = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The next token; undefined when there is none. */
  get first(): Token | undefined {
    return this.#length === 0 ? undefined : this.#ring[this.#head];
  }

  /** Lets the next token go; its slot stays as it is until others have filled the ring. */
  shift(): void {
    this.#head = (this.#head + 1) & (this.#ring.length - 1);
    this.#length--;
  }

  push(kind: Token["kind"], line: number, column: number, value: string, suffix: string, style: number): void {
    fill(this.#newSlot(), kind, line, column, value, suffix, style);
  }

  /** Puts a token without content in front of the one at `index`. */
  insert(index: number, kind: Token["kind"], line: number, column: number): void {
    const added = this.#newSlot();
    const ring = this.#ring;
    const mask = ring.length - 1;
    for (let i = this.#length - 1; i > index; i--) {
      const before = ring[(this.#head + i - 1) & mask];
      if (before !== undefined) ring[(this.#head + i) & mask] = before;
    }
    ring[(this.#head + index) & mask] = added;
    fill(added, kind, line, column, "", "", 0);
  }

  #newSlot(): Slot {
    if (this.#length === this.#ring.length) this.#grow();
    const slot = this.#ring[(this.#head + this.#length++) & (this.#ring.length - 1)];
    if (slot === undefined) throw new RangeError("a ring has a slot at every place");
    return slot;
  }

  #grow(): void {
    const { length } = this.#ring;
    this.#ring = [...this.#ring.slice(this.#head), ...this.#ring.slice(0, this.#head), ...Array.from({ length }, emptySlot)];
    this.#head = 0;
  }
}

function emptySlot(): Slot {
  return { kind: TOKEN.streamEnd, line: 0, column: 0, value: "", suffix: "", style: 0 };
}

function fill(slot: Slot, kind: Token["kind"], line: number, column: number, value: string, suffix: string, style: number): void {
  slot.kind = kind;
  slot.line = line;
  slot.column = column;
  slot.value = value;
  slot.suffix = suffix;
  slot.style = style;
}
