import { ToolkitError } from "@plumb/std";
import type { DirectoryEntry, FileStat, ReadableFileSystem } from "@plumb/files";

/** A file system in which one file has other content, or is there at all, while what is below stays as it is. */
export class OverlayFileSystem implements ReadableFileSystem {
  readonly #base: ReadableFileSystem;
  readonly #folder: string;
  readonly #name: string;
  readonly #content: Uint8Array;

  /** @param folder an existing folder, links resolved; `.` is the root */
  constructor(base: ReadableFileSystem, folder: string, name: string, content: Uint8Array) {
    this.#base = base;
    this.#folder = folder;
    this.#name = name;
    this.#content = content;
  }

  read(path: string, maxBytes: number): Uint8Array {
    if (!this.#isOverlaid(path)) return this.#base.read(path, maxBytes);
    if (this.#content.length > maxBytes) throw new ToolkitError("invalid", `file "${path}" is larger than the limit of ${maxBytes} bytes`);
    return this.#content;
  }

  stat(path: string): FileStat | undefined {
    return this.#isOverlaid(path) ? { kind: "file", sizeBytes: this.#content.length, isExecutable: false } : this.#base.stat(path);
  }

  list(path: string): readonly DirectoryEntry[] {
    const entries = this.#base.list(path);
    if (this.#base.resolve(path) !== this.#folder) return entries;
    const others = entries.filter(({ name }) => name !== this.#name);
    return [...others, { name: this.#name, kind: "file" as const }].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  resolve(path: string): string {
    return this.#isOverlaid(path) ? this.#path() : this.#base.resolve(path);
  }

  #path(): string {
    return this.#folder === "." ? this.#name : `${this.#folder}/${this.#name}`;
  }

  /** The name in the last place must be the file's own: a link that leads to the file leads to what is below. */
  #isOverlaid(path: string): boolean {
    const slash = path.lastIndexOf("/");
    if (path.slice(slash + 1) !== this.#name) return false;
    const parent = slash === -1 ? "." : path.slice(0, slash);
    return this.#base.stat(parent)?.kind === "directory" && this.#base.resolve(parent) === this.#folder;
  }
}
