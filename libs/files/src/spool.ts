import type { FileHandle } from "node:fs/promises";
import { ToolkitError } from "@plumb/std";
import { attempt, fileError } from "./file-error.ts";
import { Folder } from "./folder.ts";
import { decodeRecords, encodeRecord, HEADER_BYTES } from "./spool-record.ts";

export interface SpoolLimits {
  readonly maxEntries: number;
  /** Bytes of all payloads together. */
  readonly maxBytes: number;
}

export interface SpoolEntry {
  /** Rises with every entry that is added, across restarts as long as an entry is left. */
  readonly id: number;
  readonly sizeBytes: number;
}

interface Stored extends SpoolEntry {
  /** Where the payload starts in the log. */
  readonly offset: number;
}

interface Write {
  readonly record: Uint8Array;
  /** Absent for a removal. */
  readonly added?: SpoolEntry;
  readonly done: PromiseWithResolvers<void>;
}

const LOG = "log";
/** Bytes of removed entries at which the log is written anew, if they are also the greater part of it. */
const COMPACT_ABOVE_BYTES = 1024 * 1024;

/**
 * A bounded queue on disk that a killed process finds again: one log, appended to and flushed before `add` resolves; adds that
 * wait together share one flush. A removal is not flushed, so an entry may come back after a crash of the machine: what is
 * done with an entry must bear being done twice. One process at a time owns the folder.
 */
export class Spool {
  readonly #folder: Folder;
  readonly #limits: SpoolLimits;
  #file: FileHandle;
  /** Bytes in the log that are whole records; what a failed write left behind begins here. */
  #length: number;
  #isTorn = false;
  #isClosed = false;
  #nextId: number;
  /** In order of id. What is on disk and not removed. */
  readonly #stored = new Map<number, Stored>();
  #storedBytes = 0;
  #promisedEntries = 0;
  #promisedBytes = 0;
  #waiting: Write[] = [];
  #running: Promise<void> | undefined;

  private constructor(folder: Folder, limits: SpoolLimits, file: FileHandle, nextId: number) {
    this.#folder = folder;
    this.#limits = limits;
    this.#file = file;
    this.#nextId = nextId;
    this.#length = 0;
  }

  /** Opens the spool in the folder `root` with every entry whose `add` had resolved; torn writes are passed over. */
  static async open(root: string, limits: SpoolLimits): Promise<Spool> {
    const folder = await Folder.open(root);
    const log = await readLog(folder);
    const records = decodeRecords(log);
    const entries = new Map(records.filter(({ isRemoval }) => !isRemoval).map((record) => [record.id, record]));
    for (const { id, isRemoval } of records) if (isRemoval) entries.delete(id);
    const nextId = records.reduce((last, { id }) => Math.max(last, id), 0) + 1;
    const spool = new Spool(folder, limits, await folder.openForAppending(LOG), nextId);
    for (const { id, sizeBytes, offset } of entries.values()) spool.#keep({ id, sizeBytes, offset });
    spool.#length = log.length;
    await spool.#rewrite();
    await folder.sync();
    return spool;
  }

  get count(): number {
    return this.#stored.size;
  }

  get sizeBytes(): number {
    return this.#storedBytes;
  }

  /** Every entry that is durable and not removed, the oldest first. */
  list(): readonly SpoolEntry[] {
    return [...this.#stored.values()].map(({ id, sizeBytes }) => ({ id, sizeBytes }));
  }

  /** @throws {ToolkitError} `missing` for an entry that was removed; `corrupt` when the disk gives back something else */
  async read(id: number): Promise<Uint8Array> {
    const entry = this.#stored.get(id);
    if (entry === undefined) throw new ToolkitError("missing", `spool entry ${id} not found`);
    const bytes = Buffer.alloc(HEADER_BYTES + entry.sizeBytes);
    const { bytesRead } = await attempt("read", LOG, this.#file.read(bytes, 0, bytes.length, entry.offset - HEADER_BYTES));
    const [record] = decodeRecords(bytes.subarray(0, bytesRead));
    if (record?.id !== id || record.offset !== HEADER_BYTES) throw new ToolkitError("corrupt", `spool entry ${id} is damaged on disk`);
    return bytes.subarray(HEADER_BYTES);
  }

  /**
   * Adds an entry; once the promise resolves, it survives the process.
   *
   * @returns its id
   * @throws {ToolkitError} `throttled` when the spool is full; `unavailable` when the disk cannot take it, nothing is kept then
   */
  async add(bytes: Uint8Array): Promise<number> {
    this.#mustBeOpen();
    if (this.#stored.size + this.#promisedEntries >= this.#limits.maxEntries) throw full(`${this.#limits.maxEntries} entries`);
    if (this.#storedBytes + this.#promisedBytes + bytes.length > this.#limits.maxBytes) throw full(`${this.#limits.maxBytes} bytes`);
    const id = this.#nextId++;
    this.#promisedEntries += 1;
    this.#promisedBytes += bytes.length;
    try {
      await this.#write({ record: encodeRecord(id, bytes), added: { id, sizeBytes: bytes.length }, done: Promise.withResolvers() });
    } finally {
      this.#promisedEntries -= 1;
      this.#promisedBytes -= bytes.length;
    }
    return id;
  }

  /** Forgets an entry; one that is not there is no error. */
  async remove(id: number): Promise<void> {
    this.#mustBeOpen();
    const entry = this.#stored.get(id);
    if (entry === undefined) return;
    this.#stored.delete(id);
    this.#storedBytes -= entry.sizeBytes;
    await this.#write({ record: encodeRecord(id, undefined), done: Promise.withResolvers() });
  }

  /** Finishes what was begun and closes the log. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#running;
    await this.#file.close();
  }

  #mustBeOpen(): void {
    if (this.#isClosed) throw new ToolkitError("unavailable", "the spool is closed");
  }

  #write(write: Write): Promise<void> {
    this.#waiting.push(write);
    this.#running ??= this.#drain().finally(() => {
      this.#running = undefined;
    });
    return write.done.promise;
  }

  async #drain(): Promise<void> {
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#append(batch);
        for (const { done } of batch) done.resolve();
      } catch (thrown) {
        const error = fileError("write", LOG, thrown);
        for (const { done } of batch) done.reject(error);
      }
    }
  }

  async #append(batch: readonly Write[]): Promise<void> {
    if (this.#isTorn || this.#isWasteful() || (await this.#isDeleted())) await this.#rewrite();
    const bytes = Buffer.concat(batch.map(({ record }) => record));
    try {
      this.#isTorn = true;
      for (let offset = 0; offset < bytes.length;) offset += (await this.#file.write(bytes, offset)).bytesWritten;
      if (batch.some(({ added }) => added !== undefined)) await this.#file.datasync();
      this.#isTorn = false;
    } catch (thrown) {
      await this.#cutBack();
      throw thrown;
    }
    for (const { record, added } of batch) {
      if (added !== undefined) this.#keep({ ...added, offset: this.#length + HEADER_BYTES });
      this.#length += record.length;
    }
  }

  /** Takes away what a failed write left, so that a refused entry does not turn up later; else the log is written anew first. */
  async #cutBack(): Promise<void> {
    try {
      await this.#file.truncate(this.#length);
      await this.#file.datasync();
      this.#isTorn = false;
    } catch {
      this.#isTorn = true;
    }
  }

  /** True when somebody has cleared the folder: what is open would be gone with this process. */
  async #isDeleted(): Promise<boolean> {
    return (await this.#file.stat()).nlink === 0;
  }

  #isWasteful(): boolean {
    const live = this.#storedBytes + this.#stored.size * HEADER_BYTES;
    return this.#length - live > Math.max(COMPACT_ABOVE_BYTES, live);
  }

  /** Replaces the log by one with the entries that are left. */
  async #rewrite(): Promise<void> {
    const kept = [...this.#stored.values()];
    const size = await this.#folder.write(LOG, this.#recordsOf(kept), { isDurable: true, signal: new AbortController().signal });
    const old = this.#file;
    this.#file = await this.#folder.openForAppending(LOG);
    let offset = HEADER_BYTES;
    for (const entry of kept) {
      if (this.#stored.has(entry.id)) this.#stored.set(entry.id, { ...entry, offset });
      offset += HEADER_BYTES + entry.sizeBytes;
    }
    this.#length = size;
    this.#isTorn = false;
    await old.close();
  }

  async *#recordsOf(entries: readonly Stored[]): AsyncGenerator<Uint8Array, void> {
    for (const { sizeBytes, offset } of entries) {
      const record = Buffer.alloc(HEADER_BYTES + sizeBytes);
      await this.#file.read(record, 0, record.length, offset - HEADER_BYTES);
      yield record;
    }
  }

  #keep(entry: Stored): void {
    this.#stored.set(entry.id, entry);
    this.#storedBytes += entry.sizeBytes;
  }
}

function full(limit: string): ToolkitError {
  return new ToolkitError("throttled", `the spool is full: it holds at most ${limit}`);
}

async function readLog(folder: Folder): Promise<Buffer> {
  const entry = await folder.stat(LOG);
  return entry === undefined ? Buffer.alloc(0) : Buffer.from(await folder.read(LOG, Number.MAX_SAFE_INTEGER));
}
