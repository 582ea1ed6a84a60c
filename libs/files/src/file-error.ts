import { ToolkitError, type ErrorKind } from "@plumb/std";

/** Kind and Go's words for each errno that a file operation is known to give. */
const BY_CODE: Readonly<Record<string, readonly [kind: ErrorKind, words: string]>> = {
  ENOENT: ["missing", "no such file or directory"],
  ENOTDIR: ["invalid", "not a directory"],
  EISDIR: ["invalid", "is a directory"],
  ELOOP: ["invalid", "too many levels of symbolic links"],
  ENAMETOOLONG: ["invalid", "file name too long"],
  EEXIST: ["conflict", "file exists"],
  ENOTEMPTY: ["conflict", "directory not empty"],
  EACCES: ["denied", "permission denied"],
  EPERM: ["denied", "operation not permitted"],
  EROFS: ["unavailable", "read-only file system"],
  ENOSPC: ["unavailable", "no space left on device"],
  EDQUOT: ["unavailable", "disk quota exceeded"],
  EFBIG: ["unavailable", "file too large"],
  EMFILE: ["unavailable", "too many open files"],
  ENFILE: ["unavailable", "too many open files in system"],
  EIO: ["unavailable", "input/output error"],
};

/** The errno name of what Node threw, or undefined. */
export function errnoOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && "code" in thrown && typeof thrown.code === "string" ? thrown.code : undefined;
}

/** True for a name that is not there; one too long for the disk is among them. */
export function isAbsence(thrown: unknown): boolean {
  return ["ENOENT", "ENOTDIR", "ENAMETOOLONG"].includes(errnoOf(thrown) ?? "");
}

/** An error about one file, in Go's form: `open a/b.yaml: no such file or directory`. */
export function fileError(operation: string, path: string, thrown: unknown): ToolkitError {
  if (thrown instanceof ToolkitError) return thrown;
  if (thrown instanceof Error && thrown.name === "AbortError") return new ToolkitError("cancelled", `${operation} ${path}: stopped`, { cause: thrown });
  const code = errnoOf(thrown);
  const known = code === undefined ? undefined : BY_CODE[code];
  if (known !== undefined) return new ToolkitError(known[0], `${operation} ${path}: ${known[1]}`, { cause: thrown });
  return new ToolkitError(code === undefined ? "internal" : "unavailable", `${operation} ${path}: ${code ?? String(thrown)}`, { cause: thrown });
}

/** Waits for `work` on one file; what it throws becomes a `fileError`. */
export async function attempt<T>(operation: string, path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (thrown) {
    throw fileError(operation, path, thrown);
  }
}

/** As `attempt`, for work that blocks. */
export function attemptSync<T>(operation: string, path: string, work: () => T): T {
  try {
    return work();
  } catch (thrown) {
    throw fileError(operation, path, thrown);
  }
}

export function outsideRoot(path: string): ToolkitError {
  return new ToolkitError("invalid", `path "${path}" is outside of the root`);
}

export function tooLarge(path: string, maxBytes: number): ToolkitError {
  return new ToolkitError("invalid", `file "${path}" is larger than the limit of ${maxBytes} bytes`);
}
