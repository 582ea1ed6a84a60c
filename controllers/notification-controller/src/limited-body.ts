/** N-001: of a request's body. */
export const MAX_BODY_BYTES: number = 3 * 1024 * 1024;
/** Of a body that is too long, so much more is read and thrown away, so that the sender gets to read the answer. */
const MAX_DRAINED_BYTES = 32 * 1024 * 1024;

/** Reads a body; undefined when it is longer than allowed, the rest thrown away up to a bound. */
export async function limitedBody(chunks: AsyncIterable<Uint8Array>, announcedBytes: number | undefined): Promise<Uint8Array | undefined> {
  const kept: Uint8Array[] = [];
  let sizeBytes = 0;
  const isAnnouncedTooLong = announcedBytes !== undefined && announcedBytes > MAX_BODY_BYTES;
  for await (const chunk of chunks) {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_DRAINED_BYTES) break;
    if (isAnnouncedTooLong || sizeBytes > MAX_BODY_BYTES) kept.length = 0;
    else kept.push(chunk);
  }
  return isAnnouncedTooLong || sizeBytes > MAX_BODY_BYTES ? undefined : Buffer.concat(kept);
}
