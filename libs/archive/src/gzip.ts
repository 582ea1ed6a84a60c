import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, crc32, createDeflateRaw } from "node:zlib";

/** No time, no name, "unknown" for the system: nothing in it depends on where it was written (RFC 1952). */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff]);
/** Everything that decides over the compressed bytes, so that no default can change them. */
const PARAMETERS = { level: 6, memLevel: 8, windowBits: 15, strategy: constants.Z_DEFAULT_STRATEGY } as const;
/** Small pieces are put together to this size: each costs a turn of the thread pool. */
const PIECE_BYTES = 256 * 1024;

/** Compresses on the thread pool. Equal bytes give equal bytes, however they are cut into chunks. */
export async function* gzip(chunks: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
  let checksum = 0;
  let length = 0;
  async function* measured(): AsyncGenerator<Uint8Array, void> {
    for await (const chunk of inPieces(chunks)) {
      checksum = crc32(chunk, checksum);
      length += chunk.length;
      yield chunk;
    }
  }
  const deflate = createDeflateRaw(PARAMETERS);
  const feeding = pipeline(Readable.from(measured(), { objectMode: false }), deflate, { signal });
  feeding.catch(() => {});
  yield HEADER;
  try {
    for await (const chunk of deflate) yield chunk;
  } finally {
    deflate.destroy();
    await feeding;
  }
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(checksum, 0);
  trailer.writeUInt32LE(length % 2 ** 32, 4);
  yield trailer;
}

async function* inPieces(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  let waiting: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    waiting.push(chunk);
    length += chunk.length;
    if (length < PIECE_BYTES) continue;
    yield Buffer.concat(waiting, length);
    waiting = [];
    length = 0;
  }
  if (length > 0) yield Buffer.concat(waiting, length);
}
