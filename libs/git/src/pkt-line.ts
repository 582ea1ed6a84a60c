import { ToolkitError } from "@plumb/std";

/** A packet: a payload, or one of the three that mark an end (gitprotocol-common, gitprotocol-v2). */
export type Packet = { readonly kind: "data"; readonly payload: Buffer } | { readonly kind: "flush" | "delim" | "end" };

const HEADER_BYTES = 4;
/** Largest packet the format knows, its header included. */
const MAX_PACKET_BYTES = 65_520;
const MARKS: Readonly<Record<number, "flush" | "delim" | "end">> = { 0: "flush", 1: "delim", 2: "end" };

export const FLUSH = "0000";
export const DELIM = "0001";

/** Writes one packet. A text gets no line feed of its own. */
export function packet(payload: string | Uint8Array): Buffer {
  const bytes = typeof payload === "string" ? Buffer.from(payload) : payload;
  const length = (bytes.length + HEADER_BYTES).toString(16).padStart(HEADER_BYTES, "0");
  return Buffer.concat([Buffer.from(length), bytes]);
}

/** Joins texts that already are packets or marks, such as `FLUSH`, with payloads that `packet` wrote. */
export function packets(...parts: readonly (string | Uint8Array)[]): Buffer {
  return Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part)));
}

/** The text of a packet without the line feed that most end in. */
export function lineOf(payload: Buffer): string {
  return payload.toString("utf8").replace(/\n$/, "");
}

/**
 * Reads packets from a stream. It is in one of two states: between packets, where `next` works, or handed over, after
 * `rest`, where the bytes that follow are the caller's.
 */
export class PacketReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  /** Bytes that arrived and were not yet read. */
  #buffered: Buffer = Buffer.alloc(0);
  /** True when the last packet was a flush, after which an answer usually ends. */
  #isAtMark = false;

  constructor(body: AsyncIterable<Uint8Array>) {
    this.#chunks = body[Symbol.asyncIterator]();
  }

  /**
   * The next packet; undefined at the end of the stream.
   *
   * @throws {ToolkitError} `unavailable` for a stream that ends inside a packet, `corrupt` for one that is malformed
   */
  async next(): Promise<Packet | undefined> {
    if (!(await this.#fill(HEADER_BYTES))) {
      if (this.#buffered.length === 0) return undefined;
      throw new ToolkitError("unavailable", "unexpected EOF");
    }
    const header = this.#buffered.toString("latin1", 0, HEADER_BYTES);
    const length = /^[0-9a-fA-F]{4}$/.test(header) ? Number.parseInt(header, 16) : Number.NaN;
    const mark = MARKS[length];
    this.#isAtMark = mark === "flush";
    if (mark !== undefined) {
      this.#buffered = this.#buffered.subarray(HEADER_BYTES);
      return { kind: mark };
    }
    if (!(length >= HEADER_BYTES && length <= MAX_PACKET_BYTES)) throw new ToolkitError("corrupt", `invalid pkt-len ${JSON.stringify(header)}`);
    if (!(await this.#fill(length))) throw new ToolkitError("unavailable", "unexpected EOF");
    const payload = this.#buffered.subarray(HEADER_BYTES, length);
    this.#buffered = this.#buffered.subarray(length);
    return { kind: "data", payload };
  }

  /** The next packets up to a mark or the end of the stream, and which of them it was. */
  async *section(): AsyncGenerator<Buffer, "flush" | "delim" | "end" | undefined> {
    for (;;) {
      const next = await this.next();
      if (next?.kind !== "data") return next?.kind;
      yield next.payload;
    }
  }

  /** The next `length` bytes as text, which stay unread; fewer at the end of the stream. */
  async peek(length: number): Promise<string> {
    await this.#fill(length);
    return this.#buffered.toString("latin1", 0, length);
  }

  /** Hands over whatever follows the packets that were read. */
  async *rest(): AsyncGenerator<Uint8Array> {
    if (this.#buffered.length > 0) yield this.#buffered;
    this.#buffered = Buffer.alloc(0);
    yield* { [Symbol.asyncIterator]: () => this.#chunks };
  }

  /** Leaves the stream: at its end, so that its connection can be used again, or else by giving up the rest. */
  async leave(): Promise<void> {
    if (this.#buffered.length === 0 && this.#isAtMark) await this.#chunks.next().catch(() => undefined);
    await this.#chunks.return?.();
  }

  async #fill(wanted: number): Promise<boolean> {
    while (this.#buffered.length < wanted) {
      const { value, done } = await this.#chunks.next();
      if (done === true) return false;
      this.#buffered = this.#buffered.length === 0 ? asBuffer(value) : Buffer.concat([this.#buffered, value]);
    }
    return true;
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
