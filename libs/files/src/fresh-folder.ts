import { closeSync, constants, mkdirSync, openSync, writeSync } from "node:fs";
import { open, rm } from "node:fs/promises";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { ToolkitError } from "@plumb/std";
import { attemptSync, fileError } from "./file-error.ts";
import { namesToWrite } from "./walk.ts";

/** Larger files are written piece by piece without blocking. */
const SMALL_BYTES = 256 * 1024;
/** Longest stretch of blocking writes before other work has its turn. */
const TURN_MS = 4;

const NEW_FILE = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;

/**
 * A folder that is new and that nobody else writes to, for filling with many files at once: nothing in it is looked up, nothing
 * is replaced, and small files are written at once, in turns short enough for the event loop.
 */
export class FreshFolder {
  readonly #root: string;
  /** Folders that were made here; `.` is the root. */
  readonly #folders = new Set<string>(["."]);
  #turnEndsAt = 0;

  /** @param root absolute; must not exist */
  constructor(root: string) {
    this.#root = root;
    attemptSync("mkdir", root, () => mkdirSync(root, { mode: 0o750 }));
  }

  makeFolder(path: string): void {
    this.#makeFolders(path, namesToWrite(path));
  }

  /**
   * Writes a file that is not there yet. @returns its size in bytes
   *
   * @throws {ToolkitError} `conflict` where something is there; what `chunks` throws; `cancelled` when `signal` aborts
   */
  async write(path: string, chunks: AsyncIterable<Uint8Array>, mode: number, signal: AbortSignal): Promise<number> {
    const names = namesToWrite(path);
    this.#makeFolders(path, names.slice(0, -1));
    const full = join(this.#root, ...names);
    const source = chunks[Symbol.asyncIterator]();
    const parts: Uint8Array[] = [];
    let length = 0;
    for (let next = await source.next(); ; next = await source.next()) {
      if (signal.aborted) throw new ToolkitError("cancelled", `write ${path}: stopped`, { cause: signal.reason });
      if (next.done === true) break;
      parts.push(next.value);
      length += next.value.length;
      if (length > SMALL_BYTES) return this.#writeLarge(path, full, parts, source, mode, signal);
    }
    if (performance.now() > this.#turnEndsAt) {
      await nextTurn();
      this.#turnEndsAt = performance.now() + TURN_MS;
    }
    attemptSync("write", path, () => writeAtOnce(full, parts, mode));
    return length;
  }

  async #writeLarge(
    path: string,
    full: string,
    first: readonly Uint8Array[],
    rest: AsyncIterator<Uint8Array>,
    mode: number,
    signal: AbortSignal,
  ): Promise<number> {
    try {
      const file = await open(full, NEW_FILE, mode);
      let size = 0;
      try {
        const put = async (bytes: Uint8Array): Promise<void> => {
          for (let offset = 0; offset < bytes.length;) offset += (await file.write(bytes, offset)).bytesWritten;
          size += bytes.length;
        };
        for (const part of first) await put(part);
        for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
          if (signal.aborted) throw new ToolkitError("cancelled", `write ${path}: stopped`, { cause: signal.reason });
          await put(next.value);
        }
      } finally {
        await file.close();
      }
      return size;
    } catch (thrown) {
      await rm(full, { force: true });
      throw fileError("write", path, thrown);
    }
  }

  #makeFolders(path: string, names: readonly string[]): void {
    for (let depth = 1; depth <= names.length; depth++) {
      const folder = names.slice(0, depth).join("/");
      if (this.#folders.has(folder)) continue;
      attemptSync("mkdir", path, () => mkdirSync(join(this.#root, folder), { mode: 0o750 }));
      this.#folders.add(folder);
    }
  }
}

function writeAtOnce(full: string, parts: readonly Uint8Array[], mode: number): void {
  const file = openSync(full, NEW_FILE, mode);
  try {
    for (const part of parts) for (let offset = 0; offset < part.length;) offset += writeSync(file, part, offset);
  } finally {
    closeSync(file);
  }
}
