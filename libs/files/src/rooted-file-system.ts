import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  writeSync,
  type Stats,
} from "node:fs";
import { platform } from "node:os";
import { join } from "node:path";
import { ToolkitError, compareText } from "@plumb/std";
import { errnoOf, fileError, outsideRoot, tooLarge } from "./file-error.ts";
import type { DirectoryEntry, FileStat, WritableFileSystem } from "./file-system.ts";
import { arrived, namesToWrite, runWalk, walk, type Entry } from "./walk.ts";

export interface RootedFileSystemOptions {
  /** Whether a written file is flushed to the disk before its name appears. */
  readonly isDurable?: boolean;
  /** Nobody writes below the root while it is read, this one included: what was looked up is not looked up again. */
  readonly isUnchanging?: boolean;
}

/** A name's entry, and of a file what `stat` says of it. */
type Found = Entry & { readonly sizeBytes: number; readonly isExecutable: boolean };

/**
 * A folder on disk that cannot be left: names are resolved one by one, the file is opened without following a link, and the
 * path that it is then open under must be the one that was resolved, so that a folder swapped for a link is noticed.
 */
export class RootedFileSystem implements WritableFileSystem {
  /** Absolute, with no link in it. */
  readonly #root: string;
  readonly #isDurable: boolean;
  /** By path below the root; only kept where nothing changes. */
  readonly #found: Map<string, Found | undefined> | undefined;

  /** @throws {ToolkitError} `missing` where `root` is no folder */
  constructor(root: string, { isDurable = false, isUnchanging = false }: RootedFileSystemOptions = {}) {
    this.#root = attempt("open", root, () => realpathSync(root));
    this.#isDurable = isDurable;
    this.#found = isUnchanging ? new Map() : undefined;
    if (!lstatSync(this.#root).isDirectory()) throw new ToolkitError("invalid", `open ${root}: not a directory`);
  }

  read(path: string, maxBytes: number): Uint8Array {
    const { path: inside, entry } = this.#arrive("open", path);
    if (entry === "directory") throw new ToolkitError("invalid", `read ${path}: is a directory`);
    if (entry !== "file") throw new ToolkitError("invalid", `read ${path}: not a regular file`);
    const full = join(this.#root, inside);
    for (let tries = 0; tries < 3; tries++) {
      const bytes = attempt("open", path, () => readWhatIsAt(full, path, maxBytes));
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
    const names = attempt("readdir", path, () => readdirSync(join(this.#root, inside))).sort(compareText);
    return names.map((name) => ({ name, kind: this.#kindOf(inside === "." ? name : `${inside}/${name}`) }));
  }

  resolve(path: string): string {
    return this.#arrive("stat", path).path;
  }

  write(path: string, bytes: Uint8Array): void {
    const names = namesToWrite(path);
    const folder = this.#makeFolders(path, names.slice(0, -1));
    const target = join(this.#root, folder, names.at(-1) ?? "");
    const temporary = join(this.#root, folder, `.tmp-${randomBytes(9).toString("hex")}`);
    attempt("write", path, () => {
      try {
        writeNew(temporary, bytes, this.#isDurable);
        renameSync(temporary, target);
        if (this.#isDurable) syncFolder(join(this.#root, folder));
      } catch (thrown) {
        rmSync(temporary, { force: true });
        throw thrown;
      }
    });
  }

  remove(path: string): void {
    const names = namesToWrite(path);
    const folder = runWalk(walk(names.slice(0, -1).join("/")), (at) => this.#lookUp(at));
    if (folder.kind !== "found") return;
    attempt("remove", path, () => rmSync(join(this.#root, folder.path, names.at(-1) ?? ""), { recursive: true, force: true }));
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
    return attempt("lstat", inside, () => {
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

  #makeFolders(path: string, names: readonly string[]): string {
    let folder = ".";
    for (const name of names) {
      const next = folder === "." ? name : `${folder}/${name}`;
      const walked = runWalk(walk(next), (at) => this.#lookUp(at));
      if (walked.kind === "found" && walked.entry !== "directory") throw new ToolkitError("invalid", `mkdir ${path}: not a directory`);
      if (walked.kind === "found") folder = walked.path;
      else {
        attempt("mkdir", path, () => mkdirSync(join(this.#root, next)));
        folder = next;
      }
    }
    return folder;
  }
}

function kindOfStats(stats: Stats): "file" | "directory" | "other" {
  return stats.isFile() ? "file" : stats.isDirectory() ? "directory" : "other";
}

/** A name too long for the disk is a name that is not there. */
function isAbsence(thrown: unknown): boolean {
  return ["ENOENT", "ENOTDIR", "ENAMETOOLONG"].includes(errnoOf(thrown) ?? "");
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

function writeNew(full: string, bytes: Uint8Array, isDurable: boolean): void {
  const file = openSync(full, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o644);
  try {
    for (let offset = 0; offset < bytes.length;) offset += writeSync(file, bytes, offset);
    if (isDurable) fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function syncFolder(full: string): void {
  const folder = openSync(full, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}

function attempt<T>(operation: string, path: string, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    throw fileError(operation, path, thrown);
  }
}
