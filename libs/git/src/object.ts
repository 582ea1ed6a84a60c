import { ToolkitError } from "@plumb/std";

export type ObjectType = "commit" | "tree" | "blob" | "tag";

export interface GitObject {
  readonly type: ObjectType;
  readonly bytes: Buffer;
}

export interface Signature {
  readonly name: string;
  readonly email: string;
  /** Seconds since 1970. */
  readonly whenSeconds: number;
}

export interface Commit {
  /** 40 hex digits. */
  readonly hash: string;
  readonly tree: string;
  readonly parents: readonly string[];
  readonly author: Signature;
  readonly committer: Signature;
  readonly message: string;
}

export interface TreeItem {
  readonly mode: string;
  /** Raw bytes of the name; not necessarily UTF-8. */
  readonly name: Buffer;
  readonly hash: string;
}

const HASH = /^[0-9a-f]{40}$/;
/** Of SHA-1. */
export const HASH_BYTES = 20;

export function isHash(text: string): boolean {
  return HASH.test(text);
}

/** @throws {ToolkitError} `corrupt` when it names no tree */
export function parseCommit(hash: string, bytes: Buffer): Commit {
  const { headers, message } = split(bytes);
  const tree = headers.find(([key]) => key === "tree")?.[1] ?? "";
  if (!isHash(tree)) throw new ToolkitError("corrupt", `commit ${hash} names no tree`);
  const parents = headers.filter(([key]) => key === "parent").map(([, value]) => value);
  const who = (key: string): Signature => parseSignature(headers.find(([name]) => name === key)?.[1] ?? "");
  return { hash, tree, parents, author: who("author"), committer: who("committer"), message };
}

/** What a tag object points to. @throws {ToolkitError} `corrupt` */
export function parseTagTarget(hash: string, bytes: Buffer): string {
  const target = split(bytes).headers.find(([key]) => key === "object")?.[1] ?? "";
  if (!isHash(target)) throw new ToolkitError("corrupt", `tag ${hash} names no object`);
  return target;
}

/** Entries in the order they are stored. @throws {ToolkitError} `corrupt` */
export function parseTree(hash: string, bytes: Buffer): readonly TreeItem[] {
  const items: TreeItem[] = [];
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const nul = space === -1 ? -1 : bytes.indexOf(0, space);
    const end = nul + 1 + HASH_BYTES;
    if (space === -1 || nul === -1 || end > bytes.length) throw new ToolkitError("corrupt", `tree ${hash} is cut off`);
    items.push({
      mode: bytes.toString("latin1", at, space),
      name: bytes.subarray(space + 1, nul),
      hash: bytes.toString("hex", nul + 1, end),
    });
    at = end;
  }
  return items;
}

/** First line of the message, at most 50 characters and then `...`, as Flux shows it in events. */
export function subjectLine(message: string): string {
  const characters = [...(message.split("\n", 1)[0] ?? "")];
  return characters.length > 50 ? `${characters.slice(0, 50).join("")}...` : characters.join("");
}

function split(bytes: Buffer): { readonly headers: readonly (readonly [string, string])[]; readonly message: string } {
  const gap = bytes.indexOf("\n\n");
  const head = bytes.toString("utf8", 0, gap === -1 ? bytes.length : gap);
  const message = gap === -1 ? "" : bytes.toString("utf8", gap + 2);
  // A line that starts with a space continues the one before, as a signature's do.
  const lines = head.replaceAll("\n ", " ").split("\n");
  return { headers: lines.map((line) => [line.replace(/ .*/s, ""), line.replace(/^[^ ]* ?/, "")] as const), message };
}

function parseSignature(text: string): Signature {
  const [, name = "", email = "", when = "0"] = /^(.*?) ?<([^>]*)> (-?\d+)/s.exec(text) ?? [];
  return { name, email, whenSeconds: Number(when) };
}
