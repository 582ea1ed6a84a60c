import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { MemoryFileSystem, type Folder } from "@plumb/files";
import { ToolkitError } from "@plumb/std";
import { flawOf, quoted } from "./entry-path.ts";
import { readTar, type TarMember } from "./tar-reader.ts";

export interface UnpackLimits {
  /** Uncompressed bytes of all files together. */
  readonly maxBytes: number;
  readonly maxEntries: number;
  /** Folders in each other. */
  readonly maxDepth: number;
  /** Uncompressed bytes for each compressed one; counts from the 16th MiB on. */
  readonly maxRatio: number;
}

export const DEFAULT_UNPACK_LIMITS: UnpackLimits = { maxBytes: 1024 ** 3, maxEntries: 100_000, maxDepth: 100, maxRatio: 250 };

const RATIO_COUNTS_FROM_BYTES = 16 * 1024 ** 2;

export interface ArchiveEntry {
  readonly kind: "file" | "directory";
  /** Safe: see `flawOf`. */
  readonly path: string;
  readonly isExecutable: boolean;
  /** Empty for a directory; must be read before the next entry is asked for, or is skipped. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/**
 * Reads the files and folders of a tar.gz. Symbolic links are skipped; a hard link, a device or a FIFO, a path that is unsafe or
 * given twice, and whatever goes over a limit make the whole archive `invalid`. One that is cut off or damaged is `corrupt`.
 */
export async function* readArchive(compressed: AsyncIterable<Uint8Array>, limits: UnpackLimits, signal: AbortSignal): AsyncGenerator<ArchiveEntry, void> {
  const seen = new Map<string, ArchiveEntry["kind"]>();
  let entries = 0;
  let total = 0;
  for await (const member of readTar(gunzip(compressed, limits, signal))) {
    entries += 1;
    if (entries > limits.maxEntries) throw new ToolkitError("invalid", `the archive has more than ${limits.maxEntries} entries`);
    const kind = kindOf(member);
    if (kind === undefined) continue;
    const path = pathOf(member);
    if (path === undefined) continue;
    note(path, kind, seen, limits);
    total += kind === "file" ? member.sizeBytes : 0;
    if (total > limits.maxBytes) throw new ToolkitError("invalid", `the archive is larger than the limit of ${limits.maxBytes} bytes`);
    yield { kind, path, isExecutable: kind === "file" && (member.mode & 0o111) !== 0, chunks: member.chunks };
  }
}

/** Unpacks into memory. */
export async function unpackToMemory(compressed: AsyncIterable<Uint8Array>, limits: UnpackLimits, signal: AbortSignal): Promise<MemoryFileSystem> {
  const fileSystem = new MemoryFileSystem();
  for await (const { kind, path, isExecutable, chunks } of readArchive(compressed, limits, signal)) {
    if (kind === "directory") fileSystem.makeDirectory(path);
    else {
      const parts: Uint8Array[] = [];
      for await (const chunk of chunks) parts.push(chunk);
      const bytes = Buffer.concat(parts);
      if (isExecutable) fileSystem.writeExecutable(path, bytes);
      else fileSystem.write(path, bytes);
    }
  }
  return fileSystem;
}

/** Unpacks into the new folder `path` of `folder`, read-only files. What is left there after an error is the caller's to remove. @returns bytes of all files */
export async function unpackToFolder(
  compressed: AsyncIterable<Uint8Array>,
  folder: Folder,
  path: string,
  limits: UnpackLimits,
  signal: AbortSignal,
): Promise<number> {
  const target = await folder.fresh(path);
  let total = 0;
  for await (const entry of readArchive(compressed, limits, signal)) {
    if (entry.kind === "directory") target.makeFolder(entry.path);
    else total += await target.write(entry.path, entry.chunks, entry.isExecutable ? 0o555 : 0o444, signal);
  }
  return total;
}

async function* gunzip(
  compressed: AsyncIterable<Uint8Array>,
  { maxBytes, maxEntries, maxRatio }: UnpackLimits,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  let taken = 0;
  async function* counted(): AsyncGenerator<Uint8Array, void> {
    for await (const chunk of compressed) {
      taken += chunk.length;
      yield chunk;
    }
  }
  const stream = createGunzip();
  const feeding = pipeline(Readable.from(counted(), { objectMode: false }), stream, { signal });
  feeding.catch(() => {});
  const maxTarBytes = maxBytes + (maxEntries + 2) * 2048;
  let given = 0;
  try {
    for await (const chunk of stream) {
      given += chunk.length;
      if (given > maxTarBytes) throw new ToolkitError("invalid", `the archive is larger than the limit of ${maxBytes} bytes`);
      if (given > RATIO_COUNTS_FROM_BYTES && given > taken * maxRatio) {
        throw new ToolkitError("invalid", `the archive unpacks to more than ${maxRatio} times its size`);
      }
      yield chunk;
    }
  } catch (thrown) {
    throw gunzipError(thrown, signal);
  } finally {
    stream.destroy();
    await feeding.catch(() => {});
  }
}

function gunzipError(thrown: unknown, signal: AbortSignal): ToolkitError {
  if (thrown instanceof ToolkitError) return thrown;
  if (signal.aborted) return new ToolkitError("cancelled", "unpacking was stopped", { cause: thrown });
  const isCutOff = thrown instanceof Error && "code" in thrown && thrown.code === "Z_BUF_ERROR";
  return new ToolkitError("corrupt", isCutOff ? "gzip: unexpected EOF" : "gzip: invalid data", { cause: thrown });
}

/** Undefined for a symbolic link and for what only a later global record would describe. */
function kindOf({ type, name }: TarMember): ArchiveEntry["kind"] | undefined {
  if (type === "0" || type === "7") return name.endsWith("/") ? "directory" : "file";
  if (type === "5") return "directory";
  if (type === "2") return undefined;
  throw new ToolkitError("invalid", `archive entry ${quoted(name)} is of the unsupported type ${JSON.stringify(type)}`);
}

/** The path of a member, `./` and a last `/` taken off; undefined for the root itself. */
function pathOf({ name }: TarMember): string | undefined {
  const path = name.replace(/^(?:\.\/+)+/, "").replace(/\/+$/, "");
  if (path === "." || (path === "" && name.startsWith("."))) return undefined;
  const flaw = flawOf(path);
  if (flaw !== undefined) throw new ToolkitError("invalid", `archive entry ${quoted(name)} is not allowed: ${flaw}`);
  return path;
}

function note(path: string, kind: ArchiveEntry["kind"], seen: Map<string, ArchiveEntry["kind"]>, { maxDepth, maxEntries }: UnpackLimits): void {
  const names = path.split("/");
  if (names.length > maxDepth) throw new ToolkitError("invalid", `archive entry ${quoted(path)} lies deeper than ${maxDepth} folders`);
  for (let depth = 1; depth < names.length; depth++) {
    const folder = names.slice(0, depth).join("/");
    if (seen.get(folder) === "file") throw new ToolkitError("invalid", `archive entry ${quoted(path)} lies below a file`);
    seen.set(folder, "directory");
  }
  const before = seen.get(path);
  if (before !== undefined && (before === "file" || kind === "file")) throw new ToolkitError("invalid", `archive entry ${quoted(path)} is there twice`);
  seen.set(path, kind);
  if (seen.size > maxEntries * 2) throw new ToolkitError("invalid", `the archive has more than ${maxEntries} entries`);
}
