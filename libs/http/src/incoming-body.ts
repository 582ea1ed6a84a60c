import type { IncomingMessage } from "node:http";
import { ToolkitError } from "@plumb/std";
import type { HttpRequest } from "./http-client.ts";
import { abortError, requestError } from "./http-error.ts";

/**
 * The body of an answer. The idle clock runs only while somebody waits for a byte, and from the answer until somebody first
 * does; so a slow reader is no fault of the server, and an answer that nobody reads holds no connection for ever.
 */
export function incomingBody(incoming: IncomingMessage, request: HttpRequest, defaultIdleMs: number): AsyncIterable<Uint8Array> {
  const { signal, idleTimeoutMs = defaultIdleMs } = request;
  incoming.on("error", () => {});
  if (isEmpty(incoming, request.method)) {
    incoming.resume();
    return { [Symbol.asyncIterator]: () => ended };
  }
  let timer: NodeJS.Timeout | undefined;
  const arm = (): void => {
    if (idleTimeoutMs > 0)
      timer = setTimeout(() => incoming.destroy(new ToolkitError("unavailable", `no data within ${idleTimeoutMs} ms: i/o timeout`)), idleTimeoutMs);
  };
  const onAbort = (): void => void incoming.destroy(abortError(request, signal));
  signal.addEventListener("abort", onAbort);
  incoming.on("close", () => {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  });
  if (signal.aborted) onAbort();
  arm();
  return {
    [Symbol.asyncIterator](): AsyncIterator<Uint8Array, undefined> {
      const chunks: AsyncIterator<Uint8Array> = incoming[Symbol.asyncIterator]();
      return {
        async next() {
          clearTimeout(timer);
          arm();
          try {
            const { done, value } = await chunks.next();
            return done === true ? { done, value: undefined } : { done: false, value };
          } catch (thrown) {
            throw requestError(request, isCutOff(thrown) ? new ToolkitError("unavailable", "unexpected EOF", { cause: thrown }) : thrown);
          } finally {
            clearTimeout(timer);
          }
        },
        async return() {
          incoming.destroy();
          return { done: true, value: undefined };
        },
      };
    },
  };
}

const ended: AsyncIterator<Uint8Array, undefined> = { next: () => Promise.resolve({ done: true, value: undefined }) };

function isEmpty({ statusCode, headers }: IncomingMessage, method: string): boolean {
  return method === "HEAD" || statusCode === 204 || statusCode === 304 || headers["content-length"] === "0";
}

/** Node's error for a body that ends before it is complete. */
function isCutOff(thrown: unknown): boolean {
  return thrown instanceof Error && "code" in thrown && (thrown.code === "ECONNRESET" || thrown.code === "ERR_STREAM_PREMATURE_CLOSE");
}
