import { ToolkitError, redactUrl } from "@plumb/std";
import type { HttpResponse } from "./http-client.ts";

/**
 * The whole body. Reading stops, and the connection is closed, as soon as it is known to be larger.
 *
 * @throws {ToolkitError} `invalid` for a body of more than `maxBytes` bytes; `cancelled` when `signal` aborts
 */
export async function readAll({ body, headers, url }: HttpResponse, maxBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  const tooLarge = (): ToolkitError => new ToolkitError("invalid", `response of ${redactUrl(url)} is larger than the limit of ${maxBytes} bytes`);
  const parts: Uint8Array[] = [];
  let length = 0;
  const isAnnouncedTooLarge = Number(headers["content-length"] ?? 0) > maxBytes;
  for await (const chunk of body) {
    if (signal.aborted) throw new ToolkitError("cancelled", `reading ${redactUrl(url)} was stopped`, { cause: signal.reason });
    length += chunk.length;
    if (isAnnouncedTooLarge || length > maxBytes) throw tooLarge();
    parts.push(chunk);
  }
  return Buffer.concat(parts, length);
}

/** Gives the answer up without reading it. */
export async function discard({ body }: HttpResponse): Promise<void> {
  await body[Symbol.asyncIterator]().return?.();
}
