/** What is at a path, a symbolic link followed as long as it stays below the root. */
export interface FileStat {
  readonly kind: "file" | "directory";
  readonly sizeBytes: number;
  /** True when somebody may execute it. */
  readonly isExecutable: boolean;
}

export interface DirectoryEntry {
  readonly name: string;
  /** `other` is a device, socket or a link that leads nowhere or outside. */
  readonly kind: "file" | "directory" | "other";
}

/**
 * Reads files below one root. Paths are relative to it, `/` between parts; `.` is the root. A path that leaves the root by
 * `..`, by being absolute or through a symbolic link is refused with kind `invalid`; one that does not exist throws
 * `missing`. Synchronous, for it is meant for worker threads, where nothing else waits.
 */
export interface ReadableFileSystem {
  /** @throws {ToolkitError} `invalid` naming the path when the file has more than `maxBytes` bytes */
  read(path: string, maxBytes: number): Uint8Array;
  /** undefined where nothing is; throws only for a path outside. */
  stat(path: string): FileStat | undefined;
  /** Sorted by name, code unit by code unit. */
  list(path: string): readonly DirectoryEntry[];
  /** The path with every link resolved, relative to the root. @throws {ToolkitError} `missing`, `invalid` */
  resolve(path: string): string;
}
