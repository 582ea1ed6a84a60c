import type { ReadableFileSystem } from "@plumb/files";
import { ToolkitError } from "@plumb/std";
import { invalid } from "../build-error.ts";
import type { BuildLimits } from "../build-limits.ts";
import { isRepositoryUrl } from "./repository-url.ts";

/** Fetches what lies outside; handed in by a caller that allows it. */
export interface RemoteLoader {
  /** The content behind an http or https URL. */
  file(url: string, signal: AbortSignal): Promise<Uint8Array>;
  /** A folder of a Git repository: its files, and the directory to build below their root. */
  directory(url: string, signal: AbortSignal): Promise<{ readonly fileSystem: ReadableFileSystem; readonly root: string }>;
}

/** What all loaders of one build share. */
export interface LoadContext {
  readonly limits: BuildLimits;
  readonly signal: AbortSignal;
  readonly remote: RemoteLoader | undefined;
  /** `root-only` refuses files outside the directory of the kustomization that names them. */
  readonly restriction: "root-only" | "none";
  readonly spent: { bytes: number; kustomizations: number };
}

/** Reads files for one kustomization; paths are relative to its directory. */
export class Loader {
  /** Below the root of the file system, links resolved; `.` is the root itself. */
  readonly root: string;
  readonly #fileSystem: ReadableFileSystem;
  readonly #context: LoadContext;
  readonly #referrer: Loader | undefined;

  private constructor(root: string, fileSystem: ReadableFileSystem, context: LoadContext, referrer: Loader | undefined) {
    this.root = root;
    this.#fileSystem = fileSystem;
    this.#context = context;
    this.#referrer = referrer;
  }

  /** @throws {ToolkitError} `invalid` when `root` is no directory */
  static open(root: string, fileSystem: ReadableFileSystem, context: LoadContext): Loader {
    return new Loader(confirmDirectory(joinPath(".", root), fileSystem), fileSystem, context, undefined);
  }

  /** The directory as messages show it. */
  get shownRoot(): string {
    return shownPath(this.root);
  }

  /** The path below the root of the file system, undefined for what is remote. */
  pathOf(path: string): string | undefined {
    return isRemoteFile(path) || path.startsWith("/") ? undefined : joinPath(this.root, path);
  }

  /** Those of `names` that are files here. */
  filesAmong(names: readonly string[]): readonly string[] {
    return names.filter((name) => this.#fileSystem.stat(joinPath(this.root, name))?.kind === "file");
  }

  async load(path: string): Promise<Uint8Array> {
    const { limits, signal, remote } = this.#context;
    signal.throwIfAborted();
    refuseLong(path);
    if (isRemoteFile(path)) {
      if (remote === undefined) throw invalid(`remote file '${path}' is not loaded: remote resources are not allowed in this build`);
      return this.#count(await remote.file(path, signal), path);
    }
    const inside = this.#resolveFile(path, limits.maxFileBytes);
    const bytes = this.#fileSystem.read(inside, limits.maxFileBytes);
    return this.#count(bytes, shownPath(inside));
  }

  #count(bytes: Uint8Array, shown: string): Uint8Array {
    const { spent, limits } = this.#context;
    const { maxFileBytes, maxBuildBytes } = limits;
    spent.bytes += bytes.byteLength;
    if (bytes.byteLength > maxFileBytes) throw tooLarge(shown, maxFileBytes);
    if (spent.bytes > maxBuildBytes)
      throw invalid(`the files of the build have more than ${maxBuildBytes} bytes, the last being '${shown}' (limit maxBuildBytes)`);
    return bytes;
  }

  #resolveFile(path: string, maxBytes: number): string {
    if (path.startsWith("/")) throw invalid(`security; file '${path}' is not in or below '${this.shownRoot}'`);
    const joined = joinPath(this.root, path);
    const isRestricted = this.#context.restriction === "root-only";
    const stat = this.#fileSystem.stat(joined);
    if (stat === undefined && !isRestricted) throw invalid(`open ${shownPath(joined)}: no such file or directory`);
    if (stat !== undefined && stat.kind !== "file")
      throw invalid(isRestricted ? `'${shownPath(joined)}' must resolve to a file` : `read ${shownPath(joined)}: is a directory`);
    if (stat !== undefined && stat.sizeBytes > maxBytes) throw tooLarge(shownPath(joined), maxBytes);
    const inside = resolvePath(joined, this.#fileSystem);
    if (isRestricted && !isWithin(directoryOf(inside), this.root)) {
      throw invalid(`security; file '${shownPath(joined)}' is not in or below '${this.shownRoot}'`);
    }
    return inside;
  }

  /** A loader for a directory that this kustomization names. @throws {ToolkitError} `invalid`: no directory, a cycle, remote */
  async enter(path: string): Promise<Loader> {
    if (path === "") throw invalid("new root cannot be empty");
    refuseLong(path);
    this.#countKustomization(path);
    if (isRepositoryUrl(path)) {
      const { remote, signal } = this.#context;
      if (remote === undefined) throw invalid(`remote directory '${path}' is not loaded: remote resources are not allowed in this build`);
      const { fileSystem, root } = await remote.directory(path, signal);
      return new Loader(confirmDirectory(joinPath(".", root), fileSystem), fileSystem, { ...this.#context, restriction: "root-only" }, undefined);
    }
    if (path.startsWith("/")) throw invalid(`new root '${path}' cannot be absolute`);
    const root = confirmDirectory(joinPath(this.root, path), this.#fileSystem);
    this.#refuseCycle(root, 0);
    return new Loader(root, this.#fileSystem, this.#context, this);
  }

  #countKustomization(path: string): void {
    const { spent, limits } = this.#context;
    if (++spent.kustomizations > limits.maxKustomizations)
      throw invalid(`the build goes through more than ${limits.maxKustomizations} kustomizations, the last being '${path}' (limit maxKustomizations)`);
  }

  #refuseCycle(root: string, depth: number): void {
    if (isWithin(this.root, root)) throw invalid(`cycle detected: candidate root '${shownPath(root)}' contains visited root '${this.shownRoot}'`);
    const { maxDepth } = this.#context.limits;
    if (depth > maxDepth) throw invalid(`kustomizations are nested deeper than ${maxDepth} at '${shownPath(root)}' (limit maxDepth)`);
    if (this.#referrer !== undefined) this.#referrer.#refuseCycle(root, depth + 1);
  }
}

/** What no system takes for a path. */
const LONGEST_PATH = 4096;

function refuseLong(path: string): void {
  if (path.length > LONGEST_PATH) throw invalid(`lstat ${path.slice(0, 100)}…: file name too long`);
}

/** A path as kustomize shows it, absolute; the root of the file system is `/`. */
export function shownPath(path: string): string {
  return path === "." ? "/" : `/${path}`;
}

export function isRemoteFile(path: string): boolean {
  return /^https?:/i.test(path);
}

/** Joins and cleans; what climbs over the root keeps its `..` and is refused by the file system. */
export function joinPath(base: string, path: string): string {
  const parts: string[] = base === "." ? [] : base.split("/");
  for (const part of path.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === ".." && parts.length > 0 && parts.at(-1) !== "..") parts.pop();
    else parts.push(part);
  }
  return parts.length === 0 ? "." : parts.join("/");
}

function directoryOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash === -1 ? "." : path.slice(0, slash);
}

/** True when `path` is `directory` or below it. */
function isWithin(path: string, directory: string): boolean {
  return directory === "." || path === directory || path.startsWith(`${directory}/`);
}

function confirmDirectory(path: string, fileSystem: ReadableFileSystem): string {
  try {
    const root = resolvePath(path, fileSystem);
    if (fileSystem.stat(root)?.kind === "directory") return root;
  } catch (thrown) {
    if (!(thrown instanceof ToolkitError)) throw thrown;
    throw new ToolkitError(thrown.kind, `must build at directory: not a valid directory: ${thrown.message}`, { cause: thrown });
  }
  throw invalid(`must build at directory: '${shownPath(path)}': file is not directory`);
}

function resolvePath(path: string, fileSystem: ReadableFileSystem): string {
  try {
    return fileSystem.resolve(path);
  } catch (thrown) {
    if (thrown instanceof ToolkitError && thrown.kind === "missing") throw missing(path, fileSystem, thrown);
    throw thrown;
  }
}

function tooLarge(shown: string, maxBytes: number): ToolkitError {
  return invalid(`'${shown}' has more than ${maxBytes} bytes (limit maxFileBytes)`);
}

function missing(path: string, fileSystem: ReadableFileSystem, cause: unknown): ToolkitError {
  const parts = path.split("/");
  const prefixes = parts.map((_, i) => parts.slice(0, i + 1).join("/"));
  const absent = prefixes.find((prefix) => fileSystem.stat(prefix) === undefined) ?? path;
  return new ToolkitError("missing", `evalsymlink failure on '${shownPath(path)}' : lstat ${shownPath(absent)}: no such file or directory`, { cause });
}
