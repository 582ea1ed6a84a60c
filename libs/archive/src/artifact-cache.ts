import { STATUS_CODES } from "node:http";
import { Folder } from "@plumb/files";
import { discard, retryAfterMs, type HttpClient, type HttpResponse } from "@plumb/http";
import { backoffMs, redactUrl, sleep, ToolkitError, type Clock } from "@plumb/std";
import { algorithmOf, DigestWriter, isSameDigest } from "./digest.ts";
import { DEFAULT_UNPACK_LIMITS, unpackToFolder, type UnpackLimits } from "./unpack.ts";

export interface ArtifactCacheOptions {
  /** A folder of the cache's own; what is in it is removed first, for nothing tells whether a crash has damaged it. */
  readonly root: string;
  readonly http: HttpClient;
  readonly clock: Clock;
  /** Unpacked bytes to keep of artifacts that nobody uses. */
  readonly maxBytes: number;
  /** Compressed bytes at which a download is given up; 1 GiB unless set. */
  readonly maxDownloadBytes?: number;
  readonly limits?: UnpackLimits;
  /** Times that a download is tried again when there was no answer or a server's error; 2 unless set. */
  readonly retries?: number;
}

/** What to fetch: an `Artifact` of a source's status will do. */
export interface ArtifactRef {
  readonly url: string;
  readonly digest: string;
}

/** An unpacked artifact in use. It stays on disk until every lease of it is released. */
export interface ArtifactLease extends Disposable {
  /** Absolute path of a folder that everybody shares and nobody may change. */
  readonly folder: string;
  /** Releases the lease; a second time does nothing. */
  release(): void;
}

/** A digest is absent, loading (`ready` pending), or there (`sizeBytes` set). */
interface Cached {
  readonly name: string;
  readonly ready: Promise<void>;
  readonly stop: AbortController;
  sizeBytes: number | undefined;
  /** Leases, and callers that wait for one. */
  users: number;
}

const RETRY = { minMs: 250, maxMs: 4000 };
const GIGABYTE = 1024 ** 3;

/**
 * A consumer's artifacts, unpacked, by digest. Each is fetched, verified and unpacked once, however many ask for it at once;
 * what is in use stays, and of the rest the longest unused goes first when there is too much.
 */
export class ArtifactCache {
  readonly #folder: Folder;
  readonly #options: Required<ArtifactCacheOptions>;
  /** In order of last use. */
  readonly #cached = new Map<string, Cached>();
  #nextName = 1;

  private constructor(folder: Folder, options: Required<ArtifactCacheOptions>) {
    this.#folder = folder;
    this.#options = options;
  }

  static async open(options: ArtifactCacheOptions): Promise<ArtifactCache> {
    const folder = await Folder.open(options.root);
    for (const { name } of await folder.list(".")) await folder.remove(name);
    return new ArtifactCache(folder, { maxDownloadBytes: GIGABYTE, limits: DEFAULT_UNPACK_LIMITS, retries: 2, ...options });
  }

  /** Unpacked bytes on disk. */
  get sizeBytes(): number {
    return [...this.#cached.values()].reduce((total, { sizeBytes = 0 }) => total + sizeBytes, 0);
  }

  /**
   * Leases the unpacked artifact, fetching it where it is not here.
   *
   * @throws {ToolkitError} `missing` where the server has no such file (yet), `corrupt` for another digest than asked for,
   *   `invalid` for an archive that is refused, `unavailable` without an answer, `cancelled` when `signal` aborts
   */
  async acquire(artifact: ArtifactRef, signal: AbortSignal): Promise<ArtifactLease> {
    if (signal.aborted) throw stopped(signal);
    algorithmOf(artifact.digest);
    const cached = this.#cached.get(artifact.digest) ?? this.#load(artifact);
    cached.users += 1;
    try {
      await unlessAborted(cached.ready, signal);
    } catch (thrown) {
      this.#leave(artifact.digest, cached);
      throw thrown;
    }
    this.#cached.delete(artifact.digest);
    this.#cached.set(artifact.digest, cached);
    return this.#lease(artifact.digest, cached);
  }

  #lease(digest: string, cached: Cached): ArtifactLease {
    let isReleased = false;
    const release = (): void => {
      if (isReleased) return;
      isReleased = true;
      this.#leave(digest, cached);
    };
    return { folder: `${this.#folder.root}/${cached.name}`, release, [Symbol.dispose]: release };
  }

  #load(artifact: ArtifactRef): Cached {
    const stop = new AbortController();
    const name = String(this.#nextName++);
    const loading = this.#fetchAndUnpack(artifact, name, stop.signal);
    const cached: Cached = {
      name,
      stop,
      sizeBytes: undefined,
      users: 0,
      ready: loading.then((sizeBytes) => this.#arrived(artifact.digest, cached, sizeBytes)),
    };
    cached.ready.catch(() => {
      if (this.#cached.get(artifact.digest) === cached) this.#cached.delete(artifact.digest);
    });
    this.#cached.set(artifact.digest, cached);
    return cached;
  }

  #arrived(digest: string, cached: Cached, sizeBytes: number): void {
    cached.sizeBytes = sizeBytes;
    if (this.#cached.get(digest) === cached) this.#evict();
    else void this.#removeQuietly(cached.name);
  }

  /** One user less. A download that nobody waits for any more is stopped. */
  #leave(digest: string, cached: Cached): void {
    cached.users -= 1;
    if (cached.users > 0) return;
    if (cached.sizeBytes !== undefined) return this.#evict();
    if (this.#cached.get(digest) === cached) this.#cached.delete(digest);
    cached.stop.abort();
  }

  #evict(): void {
    let surplus = this.sizeBytes - this.#options.maxBytes;
    for (const [digest, { name, sizeBytes, users }] of this.#cached) {
      if (surplus <= 0) return;
      if (users > 0 || sizeBytes === undefined) continue;
      this.#cached.delete(digest);
      surplus -= sizeBytes;
      void this.#removeQuietly(name);
    }
  }

  /** What cannot be removed costs space, and nothing else: no name is used twice. */
  async #removeQuietly(path: string): Promise<void> {
    try {
      await this.#folder.remove(path);
    } catch {
      return;
    }
  }

  async #fetchAndUnpack(artifact: ArtifactRef, name: string, signal: AbortSignal): Promise<number> {
    const download = `${name}.download`;
    try {
      await this.#fetch(artifact, download, signal);
      return await unpackToFolder(this.#folder.stream(download, signal), this.#folder, name, this.#options.limits, signal);
    } catch (thrown) {
      await this.#removeQuietly(name);
      throw signal.aborted ? stopped(signal) : thrown;
    } finally {
      await this.#removeQuietly(download);
    }
  }

  async #fetch(artifact: ArtifactRef, target: string, signal: AbortSignal): Promise<void> {
    for (let failures = 0; ; failures++) {
      try {
        return await this.#fetchOnce(artifact, target, signal);
      } catch (thrown) {
        const isWorthTrying = thrown instanceof ToolkitError && thrown.kind === "unavailable" && failures < this.#options.retries;
        if (!isWorthTrying) throw thrown;
        await sleep(Math.min(thrown.retryAfterMs ?? Infinity, backoffMs(failures, RETRY)), signal);
      }
    }
  }

  async #fetchOnce({ url: address, digest }: ArtifactRef, target: string, signal: AbortSignal): Promise<void> {
    const url = URL.parse(address);
    if (url === null) throw new ToolkitError("invalid", "the artifact's url is not a URL");
    const response = await this.#options.http.send({ method: "GET", url, signal });
    if (response.status !== 200) {
      await discard(response);
      throw statusError(response, this.#options.clock.nowMs());
    }
    const hash = new DigestWriter(algorithmOf(digest));
    await this.#folder.write(target, hash.through(limited(response, this.#options.maxDownloadBytes)), { signal });
    if (!isSameDigest(hash.digest(), digest)) {
      throw new ToolkitError("corrupt", `failed to verify archive from ${redactUrl(url)}: computed digest doesn't match provided digest ${digest}`);
    }
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

/** Waits for `work` no longer than until `signal` aborts; `work` itself goes on for others. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(stopped(signal));
  signal.addEventListener("abort", onAbort);
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function stopped(signal: AbortSignal): ToolkitError {
  const isDeadline = signal.reason instanceof Error && signal.reason.name === "TimeoutError";
  return new ToolkitError(isDeadline ? "unavailable" : "cancelled", "fetching the artifact was stopped", { cause: signal.reason });
}
