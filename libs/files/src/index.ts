export type { DirectoryEntry, FileStat, ReadableFileSystem } from "./file-system.ts";
export { Folder, type FolderEntry, type FreeSpace } from "./folder.ts";
export { FreshFolder } from "./fresh-folder.ts";
export { MemoryFileSystem } from "./memory-file-system.ts";
export { RootedFileSystem, type RootedFileSystemOptions } from "./rooted-file-system.ts";
export { Spool, type SpoolEntry, type SpoolLimits } from "./spool.ts";
export { isTemporary, type WriteOptions } from "./write-new.ts";
