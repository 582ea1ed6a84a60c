export type { DirectoryEntry, FileStat, ReadableFileSystem, WritableFileSystem } from "./file-system.ts";
