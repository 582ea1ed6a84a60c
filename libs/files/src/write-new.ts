import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { open } from "node:fs/promises";

export interface WriteOptions {
  /** Whether the bytes and the name are flushed to the disk before the promise resolves. */
  readonly isDurable?: boolean;
  /** Permission bits; 0o600 unless set. */
  readonly mode?: number;
  readonly signal: AbortSignal;
}

const TEMPORARY = /^\.tmp-[0-9a-f]{18}$/;

/** A name for a file that is being written. */
export function temporaryName(): string {
  return `.tmp-${randomBytes(9).toString("hex")}`;
}

/** True for a file that was being written; one that is old was left by a process that was killed. */
export function isTemporary(name: string): boolean {
  return TEMPORARY.test(name);
}

/** Writes a file that is not there yet. @returns its size in bytes */
export async function writeNew(
  full: string,
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { isDurable, mode, signal }: Required<WriteOptions>,
): Promise<number> {
  const file = await open(full, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, mode);
  let size = 0;
  try {
    for await (const chunk of chunks) {
      signal.throwIfAborted();
      for (let offset = 0; offset < chunk.length;) offset += (await file.write(chunk, offset)).bytesWritten;
      size += chunk.length;
    }
    signal.throwIfAborted();
    if (isDurable) await file.sync();
  } finally {
    await file.close();
  }
  return size;
}

/** Flushes the names in a folder. */
export async function syncFolder(full: string): Promise<void> {
  const folder = await open(full, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
