import { ToolkitError } from "@plumb/std";
import { lineOf, PacketReader } from "./pkt-line.ts";
import { refuseErrorLine, remoteFailure } from "./transport-error.ts";

const BAND_PACK = 1;
const BAND_FAILURE = 3;

/**
 * Reads the answer to a fetch up to its pack, and the pack itself, which it puts together from its side band.
 *
 * @throws {ToolkitError} `invalid` for a pack of more than `maxBytes`, `missing` for an object that the server lacks,
 *   `unavailable` for an answer that breaks off
 */
export async function readPackStream(body: AsyncIterable<Uint8Array>, version: 0 | 2, maxBytes: number): Promise<Buffer> {
  const reader = new PacketReader(body);
  try {
    const isPlain = version === 2 ? await skipSections(reader) : await skipAcknowledgements(reader);
    return await gather(isPlain ? reader.rest() : packBand(reader), maxBytes);
  } finally {
    await reader.leave();
  }
}

/** Protocol 2 puts acknowledgments and shallow-info before `packfile`; the pack is always in a side band. */
async function skipSections(reader: PacketReader): Promise<false> {
  for (;;) {
    const line = await nextLine(reader);
    if (line === "packfile") return false;
  }
}

/** Protocols 0 and 1 put `shallow` lines, then NAK or ACK, before the pack, which may stand there without a side band. */
async function skipAcknowledgements(reader: PacketReader): Promise<boolean> {
  for (;;) {
    const line = await nextLine(reader);
    if (line === "NAK" || line.startsWith("ACK ")) return (await reader.peek(4)) === "PACK";
  }
}

/** The next line; empty for a mark. */
async function nextLine(reader: PacketReader): Promise<string> {
  const next = await reader.next();
  if (next === undefined) throw new ToolkitError("unavailable", "unexpected EOF");
  const line = next.kind === "data" ? lineOf(next.payload) : "";
  refuseErrorLine(line);
  return line;
}

async function* packBand(reader: PacketReader): AsyncGenerator<Uint8Array> {
  for await (const payload of reader.section()) {
    const band = payload[0];
    if (band === BAND_PACK) yield payload.subarray(1);
    else if (band === BAND_FAILURE) throw remoteFailure(payload.toString("utf8", 1));
  }
}

/**
 * Copies the pieces into one buffer, so that no piece keeps the larger buffer it was cut from. It grows in its place: no byte is
 * copied again, and there are never two of it.
 */
async function gather(pieces: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Buffer> {
  const memory = new ArrayBuffer(0, { maxByteLength: maxBytes });
  const pack = Buffer.from(memory);
  for await (const piece of pieces) {
    const length = pack.length;
    if (length + piece.length > maxBytes) throw new ToolkitError("invalid", `the repository's pack has more than the limit of ${maxBytes} bytes`);
    memory.resize(length + piece.length);
    pack.set(piece, length);
  }
  return pack;
}
