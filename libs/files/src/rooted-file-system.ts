import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, readdirSync, readlinkSync, realpathSync, type Stats } from "node:fs";
import { platform } from "node:os";
import { join } from "node:path";
import { ToolkitError, compareText } from "@plumb/std";
import { attemptSync, isAbsence, outsideRoot, tooLarge } from "./file-error.ts";
import type { DirectoryEntry, FileStat, ReadableFileSystem } from "./file-system.ts";
import { arrived, runWalk, walk, type Entry } from "./walk.ts";

export interface RootedFileSystemOptions {
  /** Nobody writes below the root while it is read: what was looked up is not looked up again. */
  readonly isUnchanging?: boolean;
}

/** A name's entry, and of a file what `stat` says of it. */
type Found = Entry & { readonly sizeBytes: number; readonly isExecutable: boolean };

/**
 * A folder on disk that cannot be left: names are resolved one by one, the file is opened without following a link, and the
 * path that it is then open under must be the one that was resolved, so that a folder swapped for a link is noticed.
 */
export class RootedFileSystem implements ReadableFileSystem {
  /** Absolute, with no link in it. */
  readonly #root: string;
  /** By path below the root; only kept where nothing changes. */
  readonly #found: Map<string, Found | undefined> | undefined;

  /** @throws {ToolkitError} `missing` where `root` is no folder */
  constructor(root: string, { isUnchanging = false }: RootedFileSystemOptions = {}) {
    this.#root = attemptSync("open", root, () => realpathSync(root));
    this.#found = isUnchanging ? new Map() : undefined;
    if (!lstatSync(this.#root).isDirectory()) throw new ToolkitError("invalid", `open ${root}: not a directory`);
  }

  read(path: string, maxBytes: number): Uint8Array {
    const { path: inside, entry } = this.#arrive("open", path);
    if (entry === "directory") throw new ToolkitError("invalid", `read ${path}: is a directory`);
    if (entry !== "file") throw new ToolkitError("invalid", `read ${path}: not a regular file`);
    const full = join(this.#root, inside);
    for (let tries = 0; tries < 3; tries++) {
      const bytes = attemptSync("open", path, () => readWhatIsAt(full, path, maxBytes));
      if (bytes !== undefined) return bytes;
    }
    throw outsideRoot(path);
  }

  stat(path: string): FileStat | undefined {
    const walked = runWalk(walk(path), (at) => this.#lookUp(at));
    if (walked.kind !== "found" || (walked.entry !== "file" && walked.entry !== "directory")) return undefined;
    const found = this.#lookUp(walked.path);
    return found === undefined ? undefined : { kind: walked.entry, sizeBytes: found.sizeBytes, isExecutable: found.isExecutable };
  }

  list(path: string): readonly DirectoryEntry[] {
    const { path: inside, entry } = this.#arrive("open", path);
    if (entry !== "directory") throw new ToolkitError("invalid", `readdir ${path}: not a directory`);
    const names = attemptSync("readdir", path, () => readdirSync(join(this.#root, inside))).sort(compareText);
    return names.map((name) => ({ name, kind: this.#kindOf(inside === "." ? name : `${inside}/${name}`) }));
  }

  resolve(path: string): string {
    return this.#arrive("stat", path).path;
  }

  #arrive(operation: string, path: string): { readonly path: string; readonly entry: Entry["kind"] } {
    return arrived(
      operation,
      path,
      runWalk(walk(path), (at) => this.#lookUp(at)),
    );
  }

  #lookUp(inside: string): Found | undefined {
    if (this.#found === undefined) return this.#lookAt(inside);
    const known = this.#found.get(inside);
    if (known !== undefined || this.#found.has(inside)) return known;
    const found = this.#lookAt(inside);
    this.#found.set(inside, found);
    return found;
  }

  #lookAt(inside: string): Found | undefined {
    const full = join(this.#root, inside);
    return attemptSync("lstat", inside, () => {
      try {
        const stats = lstatSync(full);
        const facts = { sizeBytes: stats.size, isExecutable: (stats.mode & 0o111) !== 0 };
        return stats.isSymbolicLink() ? { kind: "link", target: this.#targetOf(inside, full), ...facts } : { kind: kindOfStats(stats), ...facts };
      } catch (thrown) {
        if (isAbsence(thrown)) return undefined;
        throw thrown;
      }
    });
  }

  /** Below the root of the disk nothing is outside: an absolute target is one seen from there. */
  #targetOf(inside: string, full: string): string {
    const target = readlinkSync(full);
    if (this.#root !== "/" || !target.startsWith("/")) return target;
    const depth = inside.split("/").length - 1;
    return `${"../".repeat(depth)}${target.slice(1)}`;
  }

  #kindOf(inside: string): DirectoryEntry["kind"] {
    try {
      return this.stat(inside)?.kind ?? "other";
    } catch {
      return "other";
    }
  }
}

function kindOfStats(stats: Stats): "file" | "directory" | "other" {
  return stats.isFile() ? "file" : stats.isDirectory() ? "directory" : "other";
}

/** Undefined when what was opened is not what has that name: something on the way was replaced in between. */
function readWhatIsAt(full: string, path: string, maxBytes: number): Uint8Array | undefined {
  const file = openSync(full, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    return openedPath(file, full) === full ? readBounded(file, path, maxBytes) : undefined;
  } finally {
    closeSync(file);
  }
}

/** Linux knows under which path a file is open; elsewhere the name is resolved again, which leaves a race. */
function openedPath(file: number, full: string): string {
  return platform() === "linux" ? readlinkSync(`/proc/self/fd/${file}`) : realpathSync(full);
}

function readBounded(file: number, path: string, maxBytes: number): Uint8Array {
  const { size } = fstatSync(file);
  if (size > maxBytes) throw tooLarge(path, maxBytes);
  const bytes = Buffer.allocUnsafeSlow(size);
  let length = 0;
  while (length < size) {
    const count = readSync(file, bytes, length, size - length, null);
    if (count === 0) break;
    length += count;
  }
  return bytes.subarray(0, length);
}
