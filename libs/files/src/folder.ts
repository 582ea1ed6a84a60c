import { constants, createReadStream, type Stats } from "node:fs";
import { lstat, mkdir, open, readdir, readlink, realpath, rename, rm, statfs, symlink, type FileHandle } from "node:fs/promises";
import { platform } from "node:os";
import { join } from "node:path";
import { ToolkitError, compareText } from "@plumb/std";
import { attempt, errnoOf, fileError, isAbsence, outsideRoot, tooLarge } from "./file-error.ts";
import { FreshFolder } from "./fresh-folder.ts";
import { arrived, namesToWrite, runWalkAsync, walk, type Entry } from "./walk.ts";
import { syncFolder, temporaryName, writeNew, type WriteOptions } from "./write-new.ts";

/** One name in a folder, no link followed. */
export interface FolderEntry {
  readonly name: string;
  readonly kind: Entry["kind"];
  readonly sizeBytes: number;
  /** Milliseconds since 1970. */
  readonly modifiedMs: number;
}

export interface FreeSpace {
  /** What an unprivileged process may still write. */
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/**
 * A folder on disk for threads in which other work goes on: asynchronous, streaming, with the rules of `RootedFileSystem` on
 * paths. A file appears whole or not at all; a link is never written through.
 */
export class Folder {
  /** Absolute, with no link in it. */
  readonly root: string;

  private constructor(root: string) {
    this.root = root;
  }

  /** Opens the folder at `root`, which is made, parents and all, where it is missing. */
  static async open(root: string): Promise<Folder> {
    try {
      await mkdir(root, { recursive: true, mode: 0o750 });
      return new Folder(await realpath(root));
    } catch (thrown) {
      throw fileError("mkdir", root, thrown);
    }
  }

  /** What `path` is, a link in the last place not followed; undefined where nothing is. */
  async stat(path: string): Promise<FolderEntry | undefined> {
    const walked = await runWalkAsync(walk(path, { followsLast: false }), (at) => this.#lookUp(at));
    return walked.kind === "found" ? this.#entryAt(walked.path) : undefined;
  }

  /** Sorted by name; empty where there is no such folder. */
  async list(path: string): Promise<readonly FolderEntry[]> {
    const walked = await runWalkAsync(walk(path), (at) => this.#lookUp(at));
    if (walked.kind !== "found" || walked.entry !== "directory") return [];
    const names = await attempt("readdir", path, readdir(join(this.root, walked.path)));
    const entries = await Promise.all(names.sort(compareText).map((name) => this.#entryAt(walked.path === "." ? name : `${walked.path}/${name}`)));
    return entries.filter((entry) => entry !== undefined);
  }

  /** The bytes of a file as they are read. @throws {ToolkitError} `missing`, `invalid`; `cancelled` when `signal` aborts */
  async *stream(path: string, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
    const file = await this.#openForReading(path);
    try {
      const stream = createReadStream("", { fd: file, autoClose: false, signal, highWaterMark: 256 * 1024 });
      // why: an abort before the loop has begun is told twice, the second time to nobody, which would end the process
      stream.on("error", () => undefined);
      for await (const chunk of stream) yield chunk;
    } catch (thrown) {
      throw fileError("read", path, thrown);
    } finally {
      await file.close();
    }
  }

  async read(path: string, maxBytes: number): Promise<Uint8Array> {
    const file = await this.#openForReading(path);
    try {
      const { size } = await file.stat();
      if (size > maxBytes) throw tooLarge(path, maxBytes);
      return await file.readFile();
    } catch (thrown) {
      throw fileError("read", path, thrown);
    } finally {
      await file.close();
    }
  }

  /**
   * Replaces the file as a whole by what `chunks` gives; parent folders are made. When `chunks` or the disk fails, what was
   * there before stays and nothing else is left.
   *
   * @returns the number of bytes written
   */
  async write(
    path: string,
    chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
    { isDurable = false, mode = 0o600, signal }: WriteOptions,
  ): Promise<number> {
    const { folder, name } = await this.#folderFor(path);
    const temporary = join(folder, temporaryName());
    try {
      const size = await writeNew(temporary, chunks, { isDurable, mode, signal });
      await rename(temporary, join(folder, name));
      if (isDurable) await syncFolder(folder);
      return size;
    } catch (thrown) {
      await rm(temporary, { force: true });
      throw signal.aborted && !(thrown instanceof ToolkitError)
        ? new ToolkitError("cancelled", `write ${path}: stopped`, { cause: thrown })
        : fileError("write", path, thrown);
    }
  }

  /** Puts a symbolic link to `target` at `path`, replacing what was there in one step. */
  async symlink(path: string, target: string): Promise<void> {
    const { folder, name } = await this.#folderFor(path);
    const temporary = join(folder, temporaryName());
    try {
      await symlink(target, temporary);
      await rename(temporary, join(folder, name));
    } catch (thrown) {
      await rm(temporary, { force: true });
      throw fileError("symlink", path, thrown);
    }
  }

  /** Moves a file or folder within this one. @throws {ToolkitError} `conflict` when a folder that is not empty is there */
  async rename(from: string, to: string): Promise<void> {
    const source = await this.#folderFor(from);
    const target = await this.#folderFor(to);
    await attempt("rename", from, rename(join(source.folder, source.name), join(target.folder, target.name)));
  }

  /** Makes a folder that must not be there yet, to be filled with many files. @throws {ToolkitError} `conflict` where one is */
  async fresh(path: string): Promise<FreshFolder> {
    const { folder, name } = await this.#folderFor(path);
    return new FreshFolder(join(folder, name));
  }

  /** Removes a file, a link, or a folder with all below it; nothing there is no error. */
  async remove(path: string): Promise<void> {
    const names = namesToWrite(path);
    const walked = await runWalkAsync(walk(names.slice(0, -1).join("/")), (at) => this.#lookUp(at));
    if (walked.kind !== "found") return;
    await attempt("remove", path, rm(join(this.root, walked.path, names.at(-1) ?? ""), { recursive: true, force: true }));
  }

  /** Removes a folder if nothing is in it. */
  async removeIfEmpty(path: string): Promise<void> {
    if ((await this.stat(path))?.kind !== "directory" || (await this.list(path)).length > 0) return;
    await this.remove(path);
  }

  /** Opens a file to append to it and read from it at once; the caller closes it. */
  async openForAppending(path: string): Promise<FileHandle> {
    const { folder, name } = await this.#folderFor(path);
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | constants.O_NOFOLLOW;
    return attempt("open", path, open(join(folder, name), flags, 0o600));
  }

  /** Flushes names that were added or removed in this folder itself. */
  async sync(): Promise<void> {
    await attempt("fsync", ".", syncFolder(this.root));
  }

  async freeSpace(): Promise<FreeSpace> {
    const { bavail, blocks, bsize } = await attempt("statfs", ".", statfs(this.root));
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  }

  async #openForReading(path: string): Promise<FileHandle> {
    const { path: inside, entry } = await this.#arrive("open", path);
    if (entry !== "file") throw new ToolkitError("invalid", `read ${path}: ${entry === "directory" ? "is a directory" : "not a regular file"}`);
    const full = join(this.root, inside);
    const file = await attempt("open", path, open(full, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK));
    const isOutside = platform() === "linux" && withoutMark(await readlink(`/proc/self/fd/${file.fd}`)) !== full;
    if (!isOutside) return file;
    await file.close();
    throw outsideRoot(path);
  }

  async #arrive(operation: string, path: string): Promise<{ readonly path: string; readonly entry: Entry["kind"] }> {
    return arrived(operation, path, await runWalkAsync(walk(path), (at) => this.#lookUp(at)));
  }

  async #lookUp(inside: string): Promise<Entry | undefined> {
    const stats = await this.#statsAt(inside);
    if (stats === undefined) return undefined;
    const kind = kindOfStats(stats);
    return kind === "link" ? { kind, target: await attempt("readlink", inside, readlink(join(this.root, inside))) } : { kind };
  }

  async #entryAt(inside: string): Promise<FolderEntry | undefined> {
    const stats = await this.#statsAt(inside);
    if (stats === undefined) return undefined;
    return { name: inside.slice(inside.lastIndexOf("/") + 1), kind: kindOfStats(stats), sizeBytes: stats.size, modifiedMs: stats.mtimeMs };
  }

  async #statsAt(inside: string): Promise<Stats | undefined> {
    try {
      return await lstat(join(this.root, inside));
    } catch (thrown) {
      if (isAbsence(thrown)) return undefined;
      throw fileError("lstat", inside, thrown);
    }
  }

  async #folderFor(path: string): Promise<{ readonly folder: string; readonly name: string }> {
    const names = namesToWrite(path);
    // why: whoever clears a disk takes the root with what is in it
    await attempt("mkdir", this.root, mkdir(this.root, { recursive: true, mode: 0o750 }));
    return { folder: await this.#makeFolders(path, names.slice(0, -1)), name: names.at(-1) ?? "" };
  }

  async #makeFolders(path: string, names: readonly string[]): Promise<string> {
    let folder = ".";
    for (const name of names) {
      const next = folder === "." ? name : `${folder}/${name}`;
      const walked = await runWalkAsync(walk(next), (at) => this.#lookUp(at));
      if (walked.kind === "found" && walked.entry !== "directory") throw new ToolkitError("invalid", `mkdir ${path}: not a directory`);
      if (walked.kind !== "found") await attempt("mkdir", path, mkdirUnlessThere(join(this.root, next)));
      folder = walked.kind === "found" ? walked.path : next;
    }
    return join(this.root, folder);
  }
}

/** Another writer may make the same folder at the same time; a link that leads nowhere is in the way all the same. */
async function mkdirUnlessThere(full: string): Promise<void> {
  try {
    await mkdir(full, { mode: 0o750 });
  } catch (thrown) {
    if (errnoOf(thrown) !== "EEXIST" || !(await lstat(full)).isDirectory()) throw thrown;
  }
}

/** Linux marks the path of an open file that was replaced meanwhile; the old bytes are a right answer. */
function withoutMark(path: string): string {
  return path.replace(/ \(deleted\)$/, "");
}

function kindOfStats(stats: Stats): Entry["kind"] {
  if (stats.isSymbolicLink()) return "link";
  return stats.isFile() ? "file" : stats.isDirectory() ? "directory" : "other";
}
