const MAX_PATH_BYTES = 4096;
const MAX_NAME_BYTES = 255;

/**
 * Why a path must not be in an archive; undefined for one that may. It is relative, `/` between its parts, and no part is
 * empty, `.`, `..`, too long for a disk, or one that another system would read as a way out.
 */
export function flawOf(path: string): string | undefined {
  if (path === "") return "it is empty";
  if (path.startsWith("/") || /^[A-Za-z]:(\/|$)/.test(path)) return "it is absolute";
  if (path.includes("\0")) return "it holds a NUL";
  if (path.includes("\\")) return "it holds a backslash";
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) return `it is longer than ${MAX_PATH_BYTES} bytes`;
  for (const name of path.split("/")) {
    if (name === "") return "a part of it is empty";
    if (name === "." || name === "..") return `a part of it is "${name}"`;
    if (Buffer.byteLength(name) > MAX_NAME_BYTES) return `a part of it is longer than ${MAX_NAME_BYTES} bytes`;
  }
  return undefined;
}

/** The order of a lexical walk: part by part, so that `a/b` comes before `a.txt`. */
export function comparePaths(a: string, b: string): number {
  const left = a.split("/");
  const right = b.split("/");
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index++) {
    const order = compareNames(left[index] ?? "", right[index] ?? "");
    if (order !== 0) return order;
  }
  return left.length - right.length;
}

/** By UTF-8 bytes, which a walk goes by; code units differ from them beyond the first plane. */
function compareNames(a: string, b: string): number {
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** A path as an error may quote it, whatever it holds. */
export function quoted(path: string): string {
  return JSON.stringify(path.length > 200 ? `${path.slice(0, 200)}…` : path);
}
