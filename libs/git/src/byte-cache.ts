/** Buffers by number, at most `limitBytes` together; what was used longest ago goes first. */
export class ByteCache {
  readonly #limitBytes: number;
  /** Insertion order is the order of use. */
  readonly #entries = new Map<number, Buffer>();
  #bytes = 0;

  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get(key: number): Buffer | undefined {
    const bytes = this.#entries.get(key);
    if (bytes === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, bytes);
    return bytes;
  }

  /** Keeps nothing that is larger than an eighth of the limit, lest one file drive out all others. */
  set(key: number, bytes: Buffer): void {
    if (bytes.length > this.#limitBytes / 8 || this.#entries.has(key)) return;
    this.#entries.set(key, bytes);
    this.#bytes += bytes.length;
    for (const [oldest, dropped] of this.#entries) {
      if (this.#bytes <= this.#limitBytes) break;
      this.#entries.delete(oldest);
      this.#bytes -= dropped.length;
    }
  }
}
