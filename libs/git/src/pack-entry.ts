import { inflateSync } from "node:zlib";
import { ToolkitError } from "@plumb/std";
import { HASH_BYTES, type ObjectType } from "./object.ts";

/** One entry of a pack as it is stored (gitformat-pack). */
export interface PackEntry {
  /** Where its compressed data start. */
  readonly start: number;
  /** undefined for a delta whose base is not yet known. */
  type: ObjectType | undefined;
  /** Bytes it inflates to; of a delta those of the delta itself. */
  readonly size: number;
  /** Index of the base of a delta. */
  base: number | undefined;
  /** More than the limit for one object, so that it is neither kept nor resolved. */
  readonly isOversized: boolean;
}

/** What stands before the data of an object. */
export interface PackHeader {
  readonly kind: ObjectType | "ofs-delta" | "ref-delta";
  readonly size: number;
  readonly start: number;
  readonly baseOffset?: number;
  readonly baseHash?: string;
}

const KINDS: Readonly<Record<number, PackHeader["kind"]>> = { 1: "commit", 2: "tree", 3: "blob", 4: "tag", 6: "ofs-delta", 7: "ref-delta" };

/** Reads what stands before the data of an object. @throws {ToolkitError} `corrupt` */
export function readHeader(pack: Buffer, offset: number): PackHeader {
  const end = pack.length - HASH_BYTES;
  const byteAt = (at: number): number => {
    if (at >= end) throw new ToolkitError("corrupt", "malformed pack: it is cut off");
    return pack[at] ?? 0;
  };
  let at = offset;
  let byte = byteAt(at++);
  const kind = KINDS[(byte >> 4) & 7];
  if (kind === undefined) throw new ToolkitError("corrupt", `malformed pack: the object at ${offset} is of an unknown type`);
  let size = byte & 0x0f;
  for (let scale = 0x10; byte & 0x80; scale *= 0x80) {
    byte = byteAt(at++);
    size += (byte & 0x7f) * scale;
    if (!Number.isSafeInteger(size)) throw new ToolkitError("corrupt", `malformed pack: the object at ${offset} has no valid size`);
  }
  if (kind === "ref-delta") {
    byteAt(at + HASH_BYTES - 1);
    return { kind, size, start: at + HASH_BYTES, baseHash: pack.toString("hex", at, at + HASH_BYTES) };
  }
  if (kind !== "ofs-delta") return { kind, size, start: at };
  byte = byteAt(at++);
  let distance = byte & 0x7f;
  while (byte & 0x80) {
    byte = byteAt(at++);
    distance = (distance + 1) * 0x80 + (byte & 0x7f);
    if (distance > offset) break;
  }
  return { kind, size, start: at, baseOffset: offset - distance };
}

/** Inflates an object, never to more bytes than it declares. @throws {ToolkitError} `corrupt` */
export function inflateEntry(pack: Buffer, entry: PackEntry): { readonly bytes: Buffer; readonly next: number } {
  try {
    // why: the type of Node lacks the answer of the option `info`, which is the bytes and the engine that made them
    const { buffer, engine } = inflateSync(pack.subarray(entry.start), {
      info: true,
      chunkSize: Math.max(64, entry.size),
      maxOutputLength: Math.max(1, entry.size),
    } as object) as unknown as { readonly buffer: Buffer; readonly engine: { readonly bytesWritten: number } };
    if (buffer.length !== entry.size) throw wrongSize(entry);
    return { bytes: buffer, next: entry.start + engine.bytesWritten };
  } catch (thrown) {
    if (thrown instanceof ToolkitError) throw thrown;
    throw thrown instanceof RangeError ? wrongSize(entry) : undecodable(entry, thrown);
  }
}

export function wrongSize({ start, size }: PackEntry): ToolkitError {
  return new ToolkitError("corrupt", `malformed pack: the object at ${start} does not have the ${size} bytes it declares`);
}

export function undecodable({ start }: PackEntry, cause: unknown): ToolkitError {
  return new ToolkitError("corrupt", `malformed pack: the object at ${start} cannot be inflated`, { cause });
}
