import { ToolkitError } from "@plumb/std";

/** All bytes of a stream. @throws {ToolkitError} `invalid` for more than `maxBytes` */
export async function readWhole(stream: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new ToolkitError("invalid", `more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, bytes);
}
