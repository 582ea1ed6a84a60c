import { STATUS_CODES } from "node:http";
import type { Folder } from "@plumb/files";
import { discard, retryAfterMs, type HttpClient, type HttpResponse } from "@plumb/http";
import { backoffMs, redactUrl, sleep, ToolkitError, type Clock } from "@plumb/std";
import { algorithmOf, DigestWriter, isSameDigest } from "./digest.ts";

/** What to fetch: an `Artifact` of a source's status will do. */
export interface ArtifactRef {
  readonly url: string;
  readonly digest: string;
}

export interface DownloadOptions {
  readonly http: HttpClient;
  readonly clock: Clock;
  /** Compressed bytes at which it is given up. */
  readonly maxBytes: number;
  /** Times that it is tried again when there was no answer or a server's error. */
  readonly retries: number;
  readonly signal: AbortSignal;
}

const RETRY = { minMs: 250, maxMs: 4000 };

/**
 * Fetches an archive into the file `target` of `folder`, and verifies it.
 *
 * @throws {ToolkitError} `missing`, `denied`, `throttled` or `unavailable` as the server answers, `corrupt` for another digest than
 *   asked for, `invalid` for one that is too large
 */
export async function download(artifact: ArtifactRef, folder: Folder, target: string, options: DownloadOptions): Promise<void> {
  const { retries, signal } = options;
  for (let failures = 0; ; failures++) {
    try {
      return await downloadOnce(artifact, folder, target, options);
    } catch (thrown) {
      const isWorthTrying = thrown instanceof ToolkitError && thrown.kind === "unavailable" && failures < retries;
      if (!isWorthTrying) throw thrown;
      await sleep(Math.min(thrown.retryAfterMs ?? Infinity, backoffMs(failures, RETRY)), signal);
    }
  }
}

async function downloadOnce({ url: address, digest }: ArtifactRef, folder: Folder, target: string, options: DownloadOptions): Promise<void> {
  const { http, clock, maxBytes, signal } = options;
  const url = URL.parse(address);
  if (url === null) throw new ToolkitError("invalid", "the artifact's url is not a URL");
  const response = await http.send({ method: "GET", url, signal });
  if (response.status !== 200) {
    await discard(response);
    throw statusError(response, clock.nowMs());
  }
  const hash = new DigestWriter(algorithmOf(digest));
  await folder.write(target, hash.through(limited(response, maxBytes)), { signal });
  if (!isSameDigest(hash.digest(), digest)) {
    throw new ToolkitError("corrupt", `failed to verify archive from ${redactUrl(url)}: computed digest doesn't match provided digest ${digest}`);
  }
}

async function* limited({ body, url }: HttpResponse, maxBytes: number): AsyncGenerator<Uint8Array, void> {
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > maxBytes) throw new ToolkitError("invalid", `archive from ${redactUrl(url)} is larger than the limit of ${maxBytes} bytes`);
    yield chunk;
  }
}

function statusError(response: HttpResponse, nowMs: number): ToolkitError {
  const { status, url } = response;
  const message = `failed to download archive from ${redactUrl(url)}, status: ${status} ${STATUS_CODES[status] ?? ""}`.trimEnd();
  if (status === 404) return new ToolkitError("missing", message);
  if (status === 429) return new ToolkitError("throttled", message, { retryAfterMs: retryAfterMs(response, nowMs) });
  if (status === 401 || status === 403) return new ToolkitError("denied", message);
  return new ToolkitError("unavailable", message, { retryAfterMs: retryAfterMs(response, nowMs) });
}
