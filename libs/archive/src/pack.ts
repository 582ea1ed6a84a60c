import type { Folder } from "@plumb/files";
import { ToolkitError } from "@plumb/std";
import { DigestWriter, type DigestAlgorithm } from "./digest.ts";
import { comparePaths, flawOf, quoted } from "./entry-path.ts";
import { gzip } from "./gzip.ts";
import { BLOCK_BYTES, encodeHeader, padding } from "./tar-header.ts";

/** A packed source as other controllers see it. Source of the shape: `status.artifact` in libs/api/src/artifact.ts. */
export interface PackedArtifact {
  /** Path below the storage root, with `/` between its parts, such as `gitrepository/apps/podinfo/9f1c….tar.gz`. */
  readonly path: string;
  /** `<algorithm>:<hex>` over the compressed bytes. */
  readonly digest: string;
  /** Bytes on disk, compressed. */
  readonly sizeBytes: number;
}

/** One regular file of a source, straight from the pack, the layer or the bucket. */
export interface SourceFile {
  /** Relative to the root of the source, with `/` between its parts; no part is empty, `.` or `..`. */
  readonly path: string;
  /** Permission bits; all that the archive keeps of them is whether somebody may execute. 0o644 where the source has none. */
  readonly mode?: number;
  readonly bytes: Uint8Array;
}

/** One folder of a source; what is in it may be packed without it. */
export interface SourceFolder {
  /** As that of a file. */
  readonly path: string;
  readonly isFolder: true;
}

export type SourceEntry = SourceFile | SourceFolder;

export interface PackOptions {
  /** Uncompressed bytes at which packing gives up. */
  readonly maxBytes: number;
  /** sha256 unless set. */
  readonly algorithm?: DigestAlgorithm;
  readonly signal: AbortSignal;
}

const DIRECTORY_MODE = 0o750;
const FILE_MODE = 0o600;
const EXECUTABLE_MODE = 0o700;

/**
 * Packs files and folders into the artifact at `target` in `folder` as they arrive; nothing is checked out and no directory is
 * walked (S-073, S-074). They arrive in the order of a lexical walk, without what is ignored, so that equal content gives an
 * equal digest.
 *
 * @throws {ToolkitError} `invalid`, naming the path, for one that is unsafe or out of order or goes over `maxBytes`; nothing is
 *   left at `target` then but what was there before
 */
export async function packFiles(
  entries: AsyncIterable<SourceEntry> | Iterable<SourceEntry>,
  folder: Folder,
  target: string,
  { maxBytes, algorithm = "sha256", signal }: PackOptions,
): Promise<PackedArtifact> {
  const hash = new DigestWriter(algorithm);
  const compressed = hash.through(gzip(tarOf(entries, maxBytes), signal));
  const sizeBytes = await folder.write(target, compressed, { isDurable: true, mode: 0o600, signal });
  return { path: target, digest: hash.digest(), sizeBytes };
}

async function* tarOf(entries: AsyncIterable<SourceEntry> | Iterable<SourceEntry>, maxBytes: number): AsyncGenerator<Uint8Array, void> {
  yield encodeHeader({ name: ".", type: "5", mode: DIRECTORY_MODE, sizeBytes: 0 });
  let last: SourceEntry | undefined;
  let total = 0;
  for await (const entry of entries) {
    mustFollow(entry.path, last);
    last = entry;
    if ("isFolder" in entry) {
      yield encodeHeader({ name: entry.path, type: "5", mode: DIRECTORY_MODE, sizeBytes: 0 });
      continue;
    }
    const { path, mode = FILE_MODE, bytes } = entry;
    total += bytes.length;
    if (total > maxBytes) throw new ToolkitError("invalid", `the source is larger than the limit of ${maxBytes} bytes: reached at ${quoted(path)}`);
    yield encodeHeader({ name: path, type: "0", mode: (mode & 0o111) === 0 ? FILE_MODE : EXECUTABLE_MODE, sizeBytes: bytes.length });
    yield bytes;
    yield padding(bytes.length);
  }
  yield Buffer.alloc(2 * BLOCK_BYTES);
}

function mustFollow(path: string, last: SourceEntry | undefined): void {
  const flaw = flawOf(path);
  if (flaw !== undefined) throw new ToolkitError("invalid", `path ${quoted(path)} cannot be packed: ${flaw}`);
  if (last === undefined) return;
  if (comparePaths(last.path, path) >= 0) throw new ToolkitError("invalid", `path ${quoted(path)} is out of order: it comes after ${quoted(last.path)}`);
  if (!("isFolder" in last) && path.startsWith(`${last.path}/`)) throw new ToolkitError("invalid", `path ${quoted(last.path)} is a file and a folder at once`);
}
