import { Folder } from "@plumb/files";
import type { HttpClient } from "@plumb/http";
import { ToolkitError, unlessAborted, type Clock } from "@plumb/std";
import { algorithmOf, hasDigest } from "./digest.ts";
import { download, type ArtifactRef } from "./download.ts";
import { DEFAULT_UNPACK_LIMITS, unpackToFolder, type UnpackLimits } from "./unpack.ts";

export interface ArtifactCacheOptions {
  /**
   * A folder of the cache's own. Of what a process before left in it only the archives are kept, and each is verified before it
   * is used, for nothing tells whether a crash has damaged it.
   */
  readonly root: string;
  readonly http: HttpClient;
  readonly clock: Clock;
  /** Bytes on disk, archives and what was unpacked, above which what nobody uses is removed. */
  readonly maxBytes: number;
  /** Compressed bytes at which a download is given up; 1 GiB unless set. */
  readonly maxDownloadBytes?: number;
  readonly limits?: UnpackLimits;
  /** Times that a download is tried again when there was no answer or a server's error; 2 unless set. */
  readonly retries?: number;
}

/** An unpacked artifact in use. It stays on disk until every lease of it is released. */
export interface ArtifactLease extends Disposable {
  /** Absolute path of a folder that everybody shares and nobody may change. */
  readonly folder: string;
  /** Releases the lease; a second time does nothing. */
  release(): void;
}

/** An archive that a process before left, or that was not unpacked to the end. */
interface Left {
  readonly archive: string;
  readonly sizeBytes: number;
}

/** Archives are named after their digests; the number makes sure that no name is used twice. */
const ARCHIVE = /^(\d+)-([a-z0-9]+)-([0-9a-f]+)\.tar\.gz$/;

/** A digest is absent, loading (`ready` pending), or there (`sizeBytes` set). */
interface Cached {
  /** Of its folder. */
  readonly name: string;
  readonly archive: string;
  readonly ready: Promise<void>;
  readonly stop: AbortController;
  sizeBytes: number | undefined;
  /** Leases, and callers that wait for one. */
  users: number;
}

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
  /** What nobody has asked for yet, by digest, the oldest first. */
  readonly #left = new Map<string, Left>();
  #nextName = 1;

  private constructor(folder: Folder, options: Required<ArtifactCacheOptions>) {
    this.#folder = folder;
    this.#options = options;
  }

  static async open(options: ArtifactCacheOptions): Promise<ArtifactCache> {
    const folder = await Folder.open(options.root);
    const cache = new ArtifactCache(folder, { maxDownloadBytes: GIGABYTE, limits: DEFAULT_UNPACK_LIMITS, retries: 2, ...options });
    await cache.#takeUp();
    return cache;
  }

  /** Keeps the archives that are there, the newest of each digest, and nothing else. */
  async #takeUp(): Promise<void> {
    const entries = await this.#folder.list(".");
    for (const { name, kind, sizeBytes } of entries.toSorted((a, b) => a.modifiedMs - b.modifiedMs)) {
      const [, number, algorithm, hex] = ARCHIVE.exec(name) ?? [];
      const digest = `${algorithm}:${hex}`;
      const old = number === undefined || kind !== "file" ? name : this.#left.get(digest)?.archive;
      if (old !== undefined) await this.#folder.remove(old);
      if (old === name) continue;
      this.#left.delete(digest);
      this.#left.set(digest, { archive: name, sizeBytes });
      this.#nextName = Math.max(this.#nextName, Number(number) + 1);
    }
    this.#evict();
  }

  /** Bytes on disk. */
  get sizeBytes(): number {
    const sizes = [...[...this.#cached.values()].map(({ sizeBytes = 0 }) => sizeBytes), ...[...this.#left.values()].map(({ sizeBytes }) => sizeBytes)];
    return sizes.reduce((total, size) => total + size, 0);
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
    for (;;) {
      const known = this.#cached.get(artifact.digest);
      const cached = known ?? this.#load(artifact);
      cached.users += 1;
      try {
        await unlessAborted(cached.ready, signal, () => stopped(signal));
        if (known === undefined || (await this.#folder.stat(cached.name)) !== undefined) return this.#lease(artifact.digest, cached);
      } catch (thrown) {
        this.#leave(artifact.digest, cached);
        throw thrown;
      }
      this.#leave(artifact.digest, cached);
      // somebody has cleared the folder
      if (this.#cached.get(artifact.digest) === cached) this.#cached.delete(artifact.digest);
    }
  }

  #lease(digest: string, cached: Cached): ArtifactLease {
    if (this.#cached.delete(digest)) this.#cached.set(digest, cached);
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
    const left = this.#left.get(artifact.digest);
    this.#left.delete(artifact.digest);
    const archive = left?.archive ?? `${name}-${artifact.digest.replace(":", "-")}.tar.gz`;
    const loading = this.#fetchAndUnpack(artifact, { name, archive, isLeft: left !== undefined }, stop.signal);
    const cached: Cached = {
      name,
      archive,
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
    else for (const path of [cached.name, cached.archive]) void this.#removeQuietly(path);
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
    for (const [digest, { archive, sizeBytes }] of this.#left) {
      if (surplus <= 0) return;
      this.#left.delete(digest);
      surplus -= sizeBytes;
      void this.#removeQuietly(archive);
    }
    for (const [digest, { name, archive, sizeBytes, users }] of this.#cached) {
      if (surplus <= 0) return;
      if (users > 0 || sizeBytes === undefined) continue;
      this.#cached.delete(digest);
      surplus -= sizeBytes;
      void this.#removeQuietly(name);
      void this.#removeQuietly(archive);
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

  /** @returns bytes on disk */
  async #fetchAndUnpack(
    artifact: ArtifactRef,
    { name, archive, isLeft }: { readonly name: string; readonly archive: string; readonly isLeft: boolean },
    signal: AbortSignal,
  ): Promise<number> {
    const temporary = `${name}.download`;
    try {
      if (!isLeft || !(await hasDigest(this.#folder.stream(archive, signal), artifact.digest))) {
        const { http, clock, maxDownloadBytes: maxBytes, retries } = this.#options;
        await download(artifact, this.#folder, temporary, { http, clock, maxBytes, retries, signal });
        await this.#folder.rename(temporary, archive);
      }
      const unpackedBytes = await unpackToFolder(this.#folder.stream(archive, signal), this.#folder, name, this.#options.limits, signal);
      return unpackedBytes + ((await this.#folder.stat(archive))?.sizeBytes ?? 0);
    } catch (thrown) {
      await this.#removeQuietly(name);
      const whole = signal.aborted ? await this.#folder.stat(archive) : undefined;
      if (whole === undefined) await this.#removeQuietly(archive);
      else this.#left.set(artifact.digest, { archive, sizeBytes: whole.sizeBytes });
      throw signal.aborted ? stopped(signal) : thrown;
    } finally {
      await this.#removeQuietly(temporary);
    }
  }
}

function stopped(signal: AbortSignal): ToolkitError {
  const isDeadline = signal.reason instanceof Error && signal.reason.name === "TimeoutError";
  return new ToolkitError(isDeadline ? "unavailable" : "cancelled", "fetching the artifact was stopped", { cause: signal.reason });
}
