import { ToolkitError } from "@plumb/std";

/** N-001: of a request's body. */
export const MAX_BODY_BYTES: number = 3 * 1024 * 1024;
/** What the bodies of one server may take together, so that many slow senders do not add up to more than there is. */
const MAX_TOGETHER_BYTES = 48 * 1024 * 1024;
/** Of a body that is too long, so much more is read and thrown away, so that the sender gets to read the answer. */
const MAX_DRAINED_BYTES = 32 * 1024 * 1024;

/** What is left of the memory for the bodies of one server. */
export class BodyBudget {
  #leftBytes: number;

  constructor(bytes: number = MAX_TOGETHER_BYTES) {
    this.#leftBytes = bytes;
  }

  /** Reserves the memory for what arrives in one request; the stack gives it back. */
  share(stack: DisposableStack): (sizeBytes: number) => void {
    let takenBytes = 0;
    stack.defer(() => {
      this.#leftBytes += takenBytes;
    });
    return (sizeBytes) => {
      if (sizeBytes > this.#leftBytes) throw new ToolkitError("throttled", "too many requests are being sent at once");
      this.#leftBytes -= sizeBytes;
      takenBytes += sizeBytes;
    };
  }
}

/**
 * Reads a body; undefined when it is longer than allowed, the rest thrown away up to a bound.
 *
 * @param take reserves the memory for what is kept
 * @throws {ToolkitError} `throttled` when the bodies of all requests together take too much
 */
export async function limitedBody(
  chunks: AsyncIterable<Uint8Array>,
  announcedBytes: number | undefined,
  take: (sizeBytes: number) => void,
): Promise<Uint8Array | undefined> {
  const kept: Uint8Array[] = [];
  let sizeBytes = 0;
  const isAnnouncedTooLong = announcedBytes !== undefined && announcedBytes > MAX_BODY_BYTES;
  for await (const chunk of chunks) {
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_DRAINED_BYTES) break;
    if (isAnnouncedTooLong || sizeBytes > MAX_BODY_BYTES) kept.length = 0;
    else {
      take(chunk.length);
      kept.push(chunk);
    }
  }
  return isAnnouncedTooLong || sizeBytes > MAX_BODY_BYTES ? undefined : Buffer.concat(kept);
}
