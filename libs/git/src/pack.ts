import { createHash } from "node:crypto";
import { createInflate } from "node:zlib";
import { ToolkitError } from "@plumb/std";
import { ByteCache } from "./byte-cache.ts";
import { applyDelta, readDeltaHead } from "./delta.ts";
import type { GitLimits } from "./limits.ts";
import { HASH_BYTES, type GitObject, type ObjectType } from "./object.ts";
import { inflateEntry, readHeader, undecodable, wrongSize, type PackEntry, type PackHeader } from "./pack-entry.ts";

const HEAD_BYTES = 12;
/** Inflated objects that are kept, so that most are inflated once. */
const CACHE_BYTES = 32 * 1024 * 1024;

/** The objects of one pack, by hash. Made by `readPack`. */
export class PackedObjects {
  readonly #pack: Buffer;
  readonly #entries: readonly PackEntry[];
  readonly #byHash: ReadonlyMap<string, number>;
  readonly #cache: ByteCache;
  /** Deltas left unresolved since their result is oversized: their hashes are unknown. */
  readonly #oversizedDeltas: number;

  constructor(pack: Buffer, entries: readonly PackEntry[], byHash: ReadonlyMap<string, number>, cache: ByteCache, oversizedDeltas: number) {
    this.#pack = pack;
    this.#entries = entries;
    this.#byHash = byHash;
    this.#cache = cache;
    this.#oversizedDeltas = oversizedDeltas;
  }

  get size(): number {
    return this.#entries.length;
  }

  has(hash: string): boolean {
    return this.#byHash.has(hash);
  }

  hashes(): Iterable<string> {
    return this.#byHash.keys();
  }

  /** undefined when the pack has no such object; `oversized` for one that is over the limit. @throws {ToolkitError} `corrupt` */
  read(hash: string): GitObject | "oversized" | undefined {
    const index = this.#byHash.get(hash);
    if (index === undefined) return this.#oversizedDeltas > 0 ? "oversized" : undefined;
    const entry = this.#entries[index];
    if (entry?.type === undefined) return undefined;
    return entry.isOversized ? "oversized" : { type: entry.type, bytes: rebuilt(this.#pack, this.#entries, this.#cache, index) };
  }
}

/**
 * Reads a pack: finds every object, resolves deltas and names each object by its hash, so that what it says it holds is
 * what it holds. Synchronous but for oversized objects; meant for a worker thread.
 *
 * @throws {ToolkitError} `corrupt` for a pack that is malformed, `invalid` for one that goes over a limit
 */
export async function readPack(pack: Buffer, limits: GitLimits): Promise<PackedObjects> {
  const count = checkFrame(pack, limits);
  const scan = new PackScan(pack, limits);
  for (let index = 0; index < count; index++) await scan.next();
  if (scan.at !== pack.length - HASH_BYTES) throw new ToolkitError("corrupt", "malformed pack: bytes follow its last object");
  return scan.resolve();
}

/** Returns the number of objects. */
function checkFrame(pack: Buffer, limits: GitLimits): number {
  const version = pack.length >= HEAD_BYTES + HASH_BYTES && pack.toString("latin1", 0, 4) === "PACK" ? pack.readUInt32BE(4) : 0;
  if (version !== 2 && version !== 3) throw new ToolkitError("corrupt", "malformed pack: it has no valid head");
  const count = pack.readUInt32BE(8);
  if (count > limits.objects) throw new ToolkitError("invalid", `the repository has ${count} objects, more than the limit of ${limits.objects}`);
  const end = pack.length - HASH_BYTES;
  const sum = createHash("sha1").update(pack.subarray(0, end)).digest();
  if (!sum.equals(pack.subarray(end))) throw new ToolkitError("corrupt", "malformed pack: its checksum does not match");
  return count;
}

/** One pass over a pack. `next` is called once for each entry, then `resolve` once. */
class PackScan {
  at: number = HEAD_BYTES;
  readonly #pack: Buffer;
  readonly #limits: GitLimits;
  readonly #entries: PackEntry[] = [];
  readonly #byOffset = new Map<number, number>();
  readonly #byHash = new Map<string, number>();
  readonly #cache = new ByteCache(CACHE_BYTES);
  /** Deltas by the index of their base. */
  readonly #children = new Map<number, number[]>();
  /** Deltas by the hash of their base, as long as that is not known to be in the pack. */
  readonly #orphans = new Map<string, number[]>();
  #inflatedBytes = 0;
  #oversizedDeltas = 0;

  constructor(pack: Buffer, limits: GitLimits) {
    this.#pack = pack;
    this.#limits = limits;
  }

  async next(): Promise<void> {
    const offset = this.at;
    const header = readHeader(this.#pack, offset);
    this.#count(header.size);
    const type = header.kind === "ofs-delta" || header.kind === "ref-delta" ? undefined : header.kind;
    const isOversized = header.size > this.#limits.objectBytes;
    const entry: PackEntry = { start: header.start, type, size: header.size, base: undefined, isOversized };
    const index = this.#entries.push(entry) - 1;
    if (isOversized) {
      this.at = await this.#skip(entry, index);
    } else {
      const { bytes, next } = inflateEntry(this.#pack, entry);
      this.at = next;
      if (entry.type !== undefined) {
        this.#byHash.set(hashOf(entry.type, bytes), index);
        this.#cache.set(index, bytes);
      } else if (readDeltaHead(bytes).resultBytes > this.#limits.objectBytes) {
        this.#oversizedDeltas++;
        this.#byOffset.set(offset, index);
        return;
      }
    }
    if (type === undefined) this.#adopt(index, header, offset);
    this.#byOffset.set(offset, index);
  }

  resolve(): PackedObjects {
    const roots = [...this.#children.keys()].filter((index) => this.#entries[index]?.type !== undefined);
    for (const [hash, waiting] of this.#orphans) {
      const base = this.#byHash.get(hash);
      if (base === undefined) continue;
      this.#orphans.delete(hash);
      const known = this.#children.get(base);
      if (known === undefined) roots.push(base);
      this.#children.set(base, [...(known ?? []), ...waiting]);
    }
    for (const root of roots) this.#resolveBelow(root);
    const unresolved = this.#entries.filter(({ type, isOversized }) => type === undefined && !isOversized).length;
    if (unresolved > 0 && this.#oversizedDeltas === 0) throw new ToolkitError("corrupt", `malformed pack: ${unresolved} deltas have no base`);
    return new PackedObjects(this.#pack, this.#entries, this.#byHash, this.#cache, this.#oversizedDeltas);
  }

  /** Depth first, without recursion: a chain may be as long as a pack. */
  #resolveBelow(root: number): void {
    const rootEntry = this.#entries[root];
    if (rootEntry?.isOversized === true) this.#oversizedDeltas++;
    if (rootEntry?.type === undefined || rootEntry.isOversized) return;
    const type = rootEntry.type;
    const work = (this.#children.get(root) ?? []).map((index) => ({ index, base: root }));
    let last: { readonly index: number; readonly bytes: Buffer } | undefined;
    for (let job = work.pop(); job !== undefined; job = work.pop()) {
      const { index, base } = job;
      const entry = this.#entries[index];
      if (entry === undefined || entry.type !== undefined || entry.isOversized) continue;
      const baseBytes: Buffer = last?.index === base ? last.bytes : rebuilt(this.#pack, this.#entries, this.#cache, base);
      const delta = inflateEntry(this.#pack, entry).bytes;
      const bytes = applyDelta(baseBytes, delta);
      this.#count(bytes.length);
      const hash = hashOf(type, bytes);
      entry.type = type;
      entry.base = base;
      this.#byHash.set(hash, index);
      this.#cache.set(index, bytes);
      last = { index, bytes };
      const waiting = this.#orphans.get(hash) ?? [];
      this.#orphans.delete(hash);
      for (const child of [...(this.#children.get(index) ?? []), ...waiting]) work.push({ index: child, base: index });
    }
  }

  #adopt(index: number, { kind, baseOffset, baseHash }: PackHeader, offset: number): void {
    if (kind === "ref-delta") {
      const waiting = this.#orphans.get(baseHash ?? "");
      if (waiting === undefined) this.#orphans.set(baseHash ?? "", [index]);
      else waiting.push(index);
      return;
    }
    const base = this.#byOffset.get(baseOffset ?? -1);
    if (base === undefined) throw new ToolkitError("corrupt", `malformed pack: the delta at ${offset} has no base`);
    const siblings = this.#children.get(base);
    if (siblings === undefined) this.#children.set(base, [index]);
    else siblings.push(index);
  }

  #count(bytes: number): void {
    this.#inflatedBytes += bytes;
    const limit = this.#limits.inflatedBytes;
    if (this.#inflatedBytes > limit) throw new ToolkitError("invalid", `the repository unpacks to more than the limit of ${limit} bytes`);
  }

  /** Inflates an oversized entry piece by piece, to learn its hash and where it ends. */
  async #skip(entry: PackEntry, index: number): Promise<number> {
    const inflate = createInflate();
    const hash = createHash("sha1").update(`${entry.type ?? "delta"} ${entry.size}\0`);
    let size = 0;
    inflate.end(this.#pack.subarray(entry.start));
    try {
      for await (const piece of inflate) {
        // why: the stream has no encoding and no object mode, so its pieces are buffers
        const bytes = piece as Buffer;
        size += bytes.length;
        if (size > entry.size) throw wrongSize(entry);
        hash.update(bytes);
      }
    } catch (thrown) {
      throw thrown instanceof ToolkitError ? thrown : undecodable(entry, thrown);
    }
    if (size !== entry.size) throw wrongSize(entry);
    if (entry.type === undefined) this.#oversizedDeltas++;
    else this.#byHash.set(hash.digest("hex"), index);
    return entry.start + inflate.bytesWritten;
  }
}

/** The bytes of an object: goes down to the nearest base that is at hand, then up again. */
function rebuilt(pack: Buffer, entries: readonly PackEntry[], cache: ByteCache, index: number): Buffer {
  const chain: PackEntry[] = [];
  const indexes: number[] = [];
  let bytes: Buffer | undefined;
  for (let at: number | undefined = index; at !== undefined && bytes === undefined; at = entries[at]?.base) {
    bytes = cache.get(at);
    const entry = entries[at];
    if (bytes !== undefined || entry === undefined) continue;
    chain.push(entry);
    indexes.push(at);
  }
  for (let entry = chain.pop(); entry !== undefined; entry = chain.pop()) {
    const stored = inflateEntry(pack, entry).bytes;
    bytes = bytes === undefined ? stored : applyDelta(bytes, stored);
    cache.set(indexes.pop() ?? index, bytes);
  }
  return bytes ?? Buffer.alloc(0);
}

function hashOf(type: ObjectType, bytes: Buffer): string {
  return createHash("sha1").update(`${type} ${bytes.length}\0`).update(bytes).digest("hex");
}
