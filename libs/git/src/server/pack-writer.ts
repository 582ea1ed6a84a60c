import { createHash } from "node:crypto";
import { deflateSync } from "node:zlib";
import { ToolkitError } from "@plumb/std";
import type { ObjectType } from "../object.ts";
import type { CanRead } from "./closure.ts";

const TYPES: Readonly<Record<ObjectType, number>> = { commit: 1, tree: 2, blob: 3, tag: 4 };

/** Writes a pack without deltas, piece by piece (gitformat-pack). */
export async function* writePack(objects: CanRead, hashes: readonly string[]): AsyncGenerator<Buffer> {
  const sum = createHash("sha1");
  const head = Buffer.from("PACK\0\0\0\x02\0\0\0\0", "latin1");
  head.writeUInt32BE(hashes.length, 8);
  sum.update(head);
  yield head;
  for (const hash of hashes) {
    const object = await objects.read(hash);
    if (object === undefined) throw new ToolkitError("corrupt", `missing object ${hash}`);
    const piece = Buffer.concat([entryHead(TYPES[object.type], object.bytes.length), deflateSync(object.bytes, { level: 1 })]);
    sum.update(piece);
    yield piece;
  }
  yield sum.digest();
}

function entryHead(type: number, size: number): Buffer {
  const bytes = [(type << 4) | (size & 0x0f)];
  for (let rest = Math.floor(size / 16); rest > 0; rest = Math.floor(rest / 128)) {
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) | 0x80;
    bytes.push(rest % 128);
  }
  return Buffer.from(bytes);
}
