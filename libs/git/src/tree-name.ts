import { ToolkitError } from "@plumb/std";

/** Code points that HFS+ ignores in a name, so that `.g\u200cit` is `.git` there (CVE-2014-9390). */
const IGNORED_BY_HFS = /[\u200c-\u200f\u202a-\u202e\u206a-\u206f\ufeff]/g;

/**
 * Refuses the name of one entry of a tree that could lead out of a checkout, or be Git's own folder on some file system.
 *
 * @param path the whole path, for the message
 * @throws {ToolkitError} `invalid`, naming the path
 */
export function refuseName(name: Buffer, path: string): void {
  const text = name.toString("utf8");
  const why = reason(name, text);
  if (why !== undefined) throw new ToolkitError("invalid", `refused path ${JSON.stringify(path)}: ${why}`);
}

function reason(name: Buffer, text: string): string | undefined {
  if (name.length === 0) return "a name in it is empty";
  if (!Buffer.from(text).equals(name)) return "it is not UTF-8";
  if (text.includes("/")) return "a name in it holds a slash";
  if (text.includes("\0")) return "a name in it holds a zero byte";
  // Windows takes a backslash for a slash, so each part counts.
  const parts = text.split("\\");
  if (parts.some((part) => part === "." || part === "..")) return "it leads out of its directory";
  if (parts.some(isGitFolder)) return "it could be taken for the .git folder";
  return undefined;
}

/** `.git` in any spelling that Linux, macOS or Windows would open it under. */
function isGitFolder(part: string): boolean {
  const plain = part.replace(IGNORED_BY_HFS, "").toLowerCase();
  // NTFS cuts dots and blanks at the end and takes what follows a colon for a stream.
  const onWindows = plain.replace(/:.*$/s, "").replace(/[. ]+$/, "");
  return plain === ".git" || onWindows === ".git" || onWindows === "git~1";
}
