import type { Artifact } from "@plumb/api";
import { isTemporary, type Folder, type FolderEntry } from "@plumb/files";
import { compareText, ToolkitError, type Clock } from "@plumb/std";
import { hasDigest } from "./digest.ts";
import { KeyedLock } from "./keyed-lock.ts";
import { packFiles, type PackOptions, type SourceEntry } from "./pack.ts";

/** Whose artifacts are meant. */
export interface ArtifactOwner {
  /** As in the object, such as `GitRepository`. */
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

export interface ArtifactStoreOptions {
  /** Where artifacts lie; nothing else does. */
  readonly folder: Folder;
  /** Host, and port if any, under which consumers reach the file server. */
  readonly advertisedHost: string;
  /** Milliseconds for which an artifact that is no longer current is kept; 60,000 unless set. */
  readonly retentionTtlMs?: number;
  /** How many artifacts of one owner are kept, the current one counted; 2 unless set. */
  readonly retentionRecords?: number;
  readonly clock: Clock;
}

export interface NewArtifact extends PackOptions {
  readonly owner: ArtifactOwner;
  /** Name of the file, such as `<commit>.tar.gz`. */
  readonly file: string;
  readonly revision: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Files walked in one collection at most (S-076). */
const MAX_COLLECTED = 1000;
/** A temporary file older than this was left by a process that was killed. */
const ABANDONED_AFTER_MS = 10 * 60_000;

/**
 * The artifacts of a source-controller: `<kind>/<namespace>/<name>/<file>` below one folder. It remembers nothing that is not
 * on disk, so that a new process serves what the last one stored. One process at a time may write.
 */
export class ArtifactStore {
  readonly #folder: Folder;
  readonly #host: string;
  readonly #ttlMs: number;
  readonly #records: number;
  readonly #clock: Clock;
  readonly #lock = new KeyedLock();
  /** By path, what was verified: size, time and digest. A file that is written anew has another time. */
  readonly #verified = new Map<string, string>();

  constructor({ folder, advertisedHost, retentionTtlMs = 60_000, retentionRecords = 2, clock }: ArtifactStoreOptions) {
    this.#folder = folder;
    this.#host = advertisedHost;
    this.#ttlMs = retentionTtlMs;
    this.#records = retentionRecords;
    this.#clock = clock;
  }

  /** Packs files and folders as a new artifact, by `packFiles`; what it replaces under the same name stays until it is whole. */
  async pack(entries: AsyncIterable<SourceEntry> | Iterable<SourceEntry>, { owner, file, revision, metadata, ...options }: NewArtifact): Promise<Artifact> {
    const path = `${ownerFolder(owner)}/${file}`;
    return this.#lock.run(path, async () => {
      const packed = await this.#withFreeSpace(packFiles(entries, this.#folder, path, options));
      return {
        path,
        url: this.urlOf(path),
        revision,
        digest: packed.digest,
        size: packed.sizeBytes,
        lastUpdateTime: new Date(Math.floor(this.#clock.nowMs() / 1000) * 1000).toISOString().replace(".000", ""),
        ...(metadata === undefined ? {} : { metadata }),
      };
    });
  }

  urlOf(path: string): string {
    return `http://${this.#host}/${path.split("/").map(encodeURIComponent).join("/")}`;
  }

  /** The artifact with the host that consumers reach now (S-017). */
  withCurrentHost(artifact: Artifact): Artifact {
    const url = URL.parse(artifact.url);
    if (url === null || url.host === this.#host) return artifact;
    return { ...artifact, url: `http://${this.#host}${url.pathname}` };
  }

  /** Whether an artifact is on disk and whole. One that is damaged is removed (S-015). */
  async verify({ path, digest }: Artifact, signal: AbortSignal): Promise<"verified" | "missing" | "corrupt"> {
    return this.#lock.run(path, async () => {
      const entry = await this.#folder.stat(path);
      if (entry?.kind !== "file") return "missing";
      const state = `${entry.sizeBytes} ${entry.modifiedMs} ${digest}`;
      if (this.#verified.get(path) === state) return "verified";
      if (await hasDigest(this.#folder.stream(path, signal), digest)) {
        this.#verified.set(path, state);
        return "verified";
      }
      await this.#folder.remove(path);
      return "corrupt";
    });
  }

  /**
   * Removes what is no longer needed of one owner's artifacts (S-076): all but `current` that are older than the retention time,
   * then the oldest until as many as the retention count are left.
   *
   * @returns the paths that were removed
   */
  async collect(owner: ArtifactOwner, current: Artifact | undefined, signal: AbortSignal): Promise<readonly string[]> {
    const folder = ownerFolder(owner);
    const entries = (await this.#folder.list(folder)).slice(0, MAX_COLLECTED);
    const garbage = this.#garbageOf(entries, current?.path.slice(folder.length + 1));
    for (const name of garbage) {
      if (signal.aborted) throw new ToolkitError("cancelled", "garbage collection was stopped", { cause: signal.reason });
      const path = `${folder}/${name}`;
      await this.#lock.run(path, () => this.#folder.remove(path));
      this.#verified.delete(path);
    }
    return garbage.map((name) => `${folder}/${name}`);
  }

  /** Removes everything of one owner, which is being deleted. Resolves to whether there was anything. */
  async removeAll(owner: ArtifactOwner): Promise<boolean> {
    const folder = ownerFolder(owner);
    const isThere = (await this.#folder.stat(folder)) !== undefined;
    await this.#folder.remove(folder);
    for (const path of this.#verified.keys()) if (path.startsWith(`${folder}/`)) this.#verified.delete(path);
    await this.#folder.removeIfEmpty(folder.slice(0, folder.lastIndexOf("/")));
    return isThere;
  }

  /** Puts the link `name` beside an artifact, leading to it. @returns the URL of the link */
  async linkTo({ path }: Artifact, name: string): Promise<string> {
    const [file = ""] = path.split("/").slice(-1);
    const link = `${path.slice(0, -file.length)}${name}`;
    await this.#folder.symlink(link, file);
    return this.urlOf(link);
  }

  #garbageOf(entries: readonly FolderEntry[], current: string | undefined): readonly string[] {
    const now = this.#clock.nowMs();
    const isOld = ({ modifiedMs }: FolderEntry, ms: number): boolean => now - modifiedMs > ms;
    const files = entries.filter(({ kind, name }) => kind === "file" && !name.endsWith(".lock") && !isTemporary(name));
    const old = files.filter((entry) => entry.name !== current && isOld(entry, this.#ttlMs));
    const rest = files.filter((entry) => !old.includes(entry));
    const surplus = rest
      .filter(({ name }) => name !== current)
      .sort((a, b) => a.modifiedMs - b.modifiedMs || compareText(a.name, b.name))
      .slice(0, Math.max(0, rest.length - this.#records));
    const removed = [...old, ...surplus].map(({ name }) => name);
    const locks = entries.filter(({ name }) => name.endsWith(".lock") && removed.includes(name.slice(0, -".lock".length)));
    const abandoned = entries.filter((entry) => isTemporary(entry.name) && isOld(entry, ABANDONED_AFTER_MS));
    return [...removed, ...[...locks, ...abandoned].map(({ name }) => name)];
  }

  /** A write that the disk refuses says how much space there is. */
  async #withFreeSpace<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (thrown) {
      if (!(thrown instanceof ToolkitError) || thrown.kind !== "unavailable") throw thrown;
      const { freeBytes, totalBytes } = await this.#folder.freeSpace();
      throw new ToolkitError("unavailable", `${thrown.message} (${freeBytes} of ${totalBytes} bytes are free)`, { cause: thrown });
    }
  }
}

function ownerFolder({ kind, namespace, name }: ArtifactOwner): string {
  for (const part of [kind, namespace, name]) {
    if (!/^[A-Za-z0-9](?:[A-Za-z0-9.:_-]*)$/.test(part)) throw new ToolkitError("invalid", `${JSON.stringify(part)} cannot be part of the path of an artifact`);
  }
  return `${kind.toLowerCase()}/${namespace}/${name}`;
}
