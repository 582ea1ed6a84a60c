import { isUtf8 } from "node:buffer";
import { ToolkitError } from "@plumb/std";
import { BLOCK_BYTES, bytesToNextBlock, decodeHeader, type TarHeader } from "./tar-header.ts";

/** Names and links in pax and GNU records may not be larger. */
const MAX_RECORD_BYTES = 64 * 1024;

/** Gives out an uneven stream by the byte count. */
class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** At most `count` bytes as they come; undefined at the end. */
  async some(count: number): Promise<Buffer | undefined> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#chunks.next();
      if (done === true) return undefined;
      this.#rest = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    }
    const part = this.#rest.subarray(0, count);
    this.#rest = this.#rest.subarray(part.length);
    return part;
  }

  /** Exactly `count` bytes, or undefined where the stream ends before the first of them. */
  async exactly(count: number): Promise<Buffer | undefined> {
    const parts: Buffer[] = [];
    for (let missing = count; missing > 0;) {
      const part = await this.some(missing);
      if (part === undefined && parts.length === 0) return undefined;
      if (part === undefined) throw truncated();
      parts.push(part);
      missing -= part.length;
    }
    return parts.length === 1 ? (parts[0] ?? Buffer.alloc(0)) : Buffer.concat(parts, count);
  }

  async skip(count: number): Promise<void> {
    for (let missing = count; missing > 0;) {
      const part = await this.some(missing);
      if (part === undefined) throw truncated();
      missing -= part.length;
    }
  }

  /** Tells the source that no more is wanted. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}

export interface TarMember extends TarHeader {
  /** The content; what is not read by the time the next member is asked for is skipped. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/**
 * Reads a tar: ustar, pax paths and sizes, GNU long names. Nothing is judged here but the format.
 *
 * @throws {ToolkitError} `invalid` for what is no tar, or uses a part of it that artifacts have no need of
 */
export async function* readTar(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<TarMember, void> {
  const reader = new ByteReader(bytes);
  let overrides: Partial<TarHeader> = {};
  try {
    for (let block = await reader.exactly(BLOCK_BYTES); block !== undefined; block = await reader.exactly(BLOCK_BYTES)) {
      if (isZero(block)) return await mustBeEnd(reader);
      const header = decodeHeader(block);
      if (header === undefined) throw new ToolkitError("invalid", "archive/tar: invalid tar header");
      if ("xgLK".includes(header.type)) {
        const content = await recordContent(reader, header);
        overrides = { ...overrides, ...overridesOf(header.type, content) };
      } else {
        const member = { ...header, ...overrides };
        overrides = {};
        yield* memberOf(reader, member);
      }
    }
  } finally {
    await reader.close();
  }
}

async function* memberOf(reader: ByteReader, header: TarHeader): AsyncGenerator<TarMember, void> {
  let left = header.sizeBytes;
  async function* chunks(): AsyncGenerator<Uint8Array, void> {
    while (left > 0) {
      const part = await reader.some(left);
      if (part === undefined) throw truncated();
      left -= part.length;
      yield part;
    }
  }
  yield { ...header, chunks: chunks() };
  await reader.skip(left + bytesToNextBlock(header.sizeBytes));
}

async function recordContent(reader: ByteReader, { sizeBytes }: TarHeader): Promise<Buffer> {
  if (sizeBytes > MAX_RECORD_BYTES) throw new ToolkitError("invalid", `archive/tar: a record is larger than ${MAX_RECORD_BYTES} bytes`);
  const content = sizeBytes === 0 ? Buffer.alloc(0) : await reader.exactly(sizeBytes);
  if (content === undefined) throw truncated();
  await reader.skip(bytesToNextBlock(sizeBytes));
  if (!isUtf8(content)) throw new ToolkitError("invalid", "archive/tar: a record is not UTF-8");
  return content;
}

/** What a record changes of the member after it. Records for all members after it (`g`), and links, change nothing here. */
function overridesOf(type: string, content: Buffer): Partial<TarHeader> {
  if (type === "L") return { name: content.toString("utf8").replace(/\0.*$/s, "") };
  if (type !== "x") return {};
  const records = paxRecords(content);
  for (const key of records.keys()) if (key.startsWith("GNU.sparse.")) throw new ToolkitError("invalid", "archive/tar: sparse files are not supported");
  const name = records.get("path");
  const size = records.get("size");
  if (size !== undefined && !/^\d{1,15}$/.test(size)) throw new ToolkitError("invalid", "archive/tar: invalid size in a pax record");
  return { ...(name === undefined ? {} : { name }), ...(size === undefined ? {} : { sizeBytes: Number(size) }) };
}

function paxRecords(content: Buffer): ReadonlyMap<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < content.length;) {
    const space = content.indexOf(0x20, at);
    const lengthText = content.subarray(at, space === -1 ? at : space).toString("latin1");
    const end = at + Number(lengthText);
    const record = content.subarray(space + 1, end - 1).toString("utf8");
    const equals = record.indexOf("=");
    if (!/^[1-9]\d{0,5}$/.test(lengthText) || end > content.length || end <= space || content[end - 1] !== 0x0a || equals < 1) {
      throw new ToolkitError("invalid", "archive/tar: invalid pax record");
    }
    records.set(record.slice(0, equals), record.slice(equals + 1));
    at = end;
  }
  return records;
}

function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

/** Reads to the end, so that the checksum of what contains the tar is looked at too; only zeros may be there. */
async function mustBeEnd(reader: ByteReader): Promise<void> {
  for (let rest = await reader.some(BLOCK_BYTES); rest !== undefined; rest = await reader.some(BLOCK_BYTES)) {
    if (!isZero(rest)) throw new ToolkitError("invalid", "archive/tar: data after the end of the archive");
  }
}

function truncated(): ToolkitError {
  return new ToolkitError("corrupt", "archive/tar: unexpected EOF");
}
