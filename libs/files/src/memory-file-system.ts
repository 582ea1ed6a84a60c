import { ToolkitError, compareText } from "@plumb/std";
import { tooLarge } from "./file-error.ts";
import type { DirectoryEntry, FileStat, ReadableFileSystem } from "./file-system.ts";
import { arrived, namesToWrite, runWalk, walk, type Entry } from "./walk.ts";

type Node =
  | { readonly kind: "file"; readonly bytes: Uint8Array; readonly isExecutable: boolean }
  | { readonly kind: "directory"; readonly children: Map<string, Node> }
  | { readonly kind: "link"; readonly target: string };
type Directory = Extract<Node, { kind: "directory" }>;

/** A file system in memory that keeps the rules of the rooted one on disk, symbolic links included. */
export class MemoryFileSystem implements ReadableFileSystem {
  readonly #root: Directory = { kind: "directory", children: new Map() };

  /** @param files text or bytes by path */
  constructor(files: Readonly<Record<string, string | Uint8Array>> = {}) {
    for (const [path, content] of Object.entries(files)) this.write(path, typeof content === "string" ? Buffer.from(content) : content);
  }

  read(path: string, maxBytes: number): Uint8Array {
    const node = this.#nodeAt(this.#arrive("open", path).path);
    if (node?.kind !== "file") throw new ToolkitError("invalid", `read ${path}: is a directory`);
    if (node.bytes.length > maxBytes) throw tooLarge(path, maxBytes);
    return node.bytes;
  }

  stat(path: string): FileStat | undefined {
    const walked = runWalk(walk(path), (at) => this.#lookUp(at));
    const node = walked.kind === "found" ? this.#nodeAt(walked.path) : undefined;
    if (node === undefined || node.kind === "link") return undefined;
    if (node.kind === "directory") return { kind: "directory", sizeBytes: 0, isExecutable: true };
    return { kind: "file", sizeBytes: node.bytes.length, isExecutable: node.isExecutable };
  }

  list(path: string): readonly DirectoryEntry[] {
    const { path: inside } = this.#arrive("open", path);
    const node = this.#nodeAt(inside);
    if (node?.kind !== "directory") throw new ToolkitError("invalid", `readdir ${path}: not a directory`);
    const names = [...node.children.keys()].sort(compareText);
    return names.map((name) => ({ name, kind: this.#kindOf(inside === "." ? name : `${inside}/${name}`) }));
  }

  resolve(path: string): string {
    return this.#arrive("stat", path).path;
  }

  /** Puts a file at `path`, parent folders and all; a link that is there is replaced, not followed. */
  write(path: string, bytes: Uint8Array): void {
    this.#put(path, { kind: "file", bytes, isExecutable: false });
  }

  /** As `write`, for a file that somebody may execute. */
  writeExecutable(path: string, bytes: Uint8Array): void {
    this.#put(path, { kind: "file", bytes, isExecutable: true });
  }

  makeDirectory(path: string): void {
    this.#makeFolders(path, namesToWrite(path));
  }

  /** Puts a symbolic link at `path`; `target` is relative to the link's folder and may lead nowhere. */
  symlink(path: string, target: string): void {
    this.#put(path, { kind: "link", target });
  }

  #put(path: string, node: Node): void {
    const names = namesToWrite(path);
    const name = names.at(-1) ?? "";
    const { children } = this.#makeFolders(path, names.slice(0, -1));
    if (children.get(name)?.kind === "directory") throw new ToolkitError("invalid", `write ${path}: is a directory`);
    children.set(name, node);
  }

  #makeFolders(path: string, names: readonly string[]): Directory {
    let folder = this.#root;
    let at = "";
    for (const name of names) {
      const next = at === "" ? name : `${at}/${name}`;
      const walked = runWalk(walk(next), (inside) => this.#lookUp(inside));
      let node = walked.kind === "found" ? this.#nodeAt(walked.path) : undefined;
      if (node === undefined) {
        if (folder.children.has(name)) throw new ToolkitError("conflict", `mkdir ${path}: file exists`);
        node = { kind: "directory", children: new Map() };
        folder.children.set(name, node);
      }
      if (node.kind !== "directory") throw new ToolkitError("invalid", `mkdir ${path}: not a directory`);
      folder = node;
      at = walked.kind === "found" ? walked.path : next;
    }
    return folder;
  }

  #arrive(operation: string, path: string): { readonly path: string } {
    return arrived(
      operation,
      path,
      runWalk(walk(path), (at) => this.#lookUp(at)),
    );
  }

  #lookUp(inside: string): Entry | undefined {
    return this.#nodeAt(inside);
  }

  /** The node at a path that holds no link. */
  #nodeAt(inside: string): Node | undefined {
    let node: Node | undefined = this.#root;
    for (const name of inside === "." ? [] : inside.split("/")) node = node?.kind === "directory" ? node.children.get(name) : undefined;
    return node;
  }

  #kindOf(inside: string): DirectoryEntry["kind"] {
    try {
      return this.stat(inside)?.kind ?? "other";
    } catch {
      return "other";
    }
  }
}
