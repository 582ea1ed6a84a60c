import { ToolkitError } from "@plumb/std";
import type { GitLimits } from "./limits.ts";
import { parseTree, type TreeItem } from "./object.ts";
import type { PackedObjects } from "./pack.ts";
import { refuseName } from "./tree-name.ts";

/** A file of a commit. Its bytes are inflated when they are asked for, so that what is ignored costs nothing. */
export interface TreeFile {
  readonly kind: "file";
  /** Relative to the root of the repository, with `/` between its parts. */
  readonly path: string;
  /** 0o644, or 0o755 for what somebody may execute. */
  readonly mode: 0o644 | 0o755;
  /** @throws {ToolkitError} `invalid` naming the path when it is over the limit for one object, `corrupt` when it is absent */
  read(): Uint8Array;
}

/** A directory, empty for a submodule, which is not followed. */
export interface TreeDirectory {
  readonly kind: "directory";
  readonly path: string;
}

export type TreeEntry = TreeFile | TreeDirectory;

/** Kinds by the mode that a tree stores. Old versions of Git wrote 100664. */
const KIND_BY_MODE: Readonly<Record<string, "directory" | "file" | "executable" | "link" | "submodule">> = {
  "40000": "directory",
  "040000": "directory",
  "100644": "file",
  "100664": "file",
  "100755": "executable",
  "120000": "link",
  "160000": "submodule",
};
const MAX_PATH_BYTES = 4096;

interface Pending {
  readonly path: string;
  readonly kind: "directory" | "file" | "executable" | "submodule";
  readonly hash: string;
}

/**
 * Walks the tree of a commit as a lexical walk of its checkout would: a directory, then what is in it, names in the order
 * of their bytes. Symbolic links are left out (S-073).
 *
 * @throws {ToolkitError} `invalid`, naming the path, for a name that could leave the checkout or be taken for Git's own
 *   folder, for a name that is there twice, and beyond the limit on entries
 */
export function* walkTree(objects: PackedObjects, root: string, limits: GitLimits): Generator<TreeEntry> {
  // A stack of what is still to do, last first: a tree may be nested as deep as its paths may be long.
  const pending = childrenOf(objects, root, "").reverse();
  let count = 0;
  for (let item = pending.pop(); item !== undefined; item = pending.pop()) {
    const { path, kind, hash } = item;
    if (++count > limits.entries) throw new ToolkitError("invalid", `the repository has more than ${limits.entries} files and directories`);
    if (kind === "file" || kind === "executable") {
      yield { kind: "file", path, mode: kind === "executable" ? 0o755 : 0o644, read: () => readBlob(objects, path, hash, limits) };
      continue;
    }
    yield { kind: "directory", path };
    if (kind === "directory") for (const child of childrenOf(objects, hash, path).reverse()) pending.push(child);
  }
}

function childrenOf(objects: PackedObjects, hash: string, parent: string): Pending[] {
  const object = objects.read(hash);
  if (object === undefined || object === "oversized" || object.type !== "tree") {
    throw new ToolkitError("corrupt", `the directory '${parent === "" ? "." : parent}' is missing: ${hash} is not a tree`);
  }
  const items = [...parseTree(hash, object.bytes)].sort((a, b) => Buffer.compare(a.name, b.name));
  return items.flatMap((item, index) => pendingOf(item, items[index - 1], parent));
}

function pendingOf({ name, mode, hash }: TreeItem, before: TreeItem | undefined, parent: string): readonly Pending[] {
  const path = parent === "" ? name.toString("utf8") : `${parent}/${name.toString("utf8")}`;
  refuseName(name, path);
  if (before?.name.equals(name) === true) throw new ToolkitError("invalid", `refused path ${JSON.stringify(path)}: it is in the tree twice`);
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) {
    throw new ToolkitError("invalid", `refused path ${JSON.stringify(`${path.slice(0, 60)}…`)}: it has more than ${MAX_PATH_BYTES} bytes`);
  }
  const kind = KIND_BY_MODE[mode];
  if (kind === undefined) throw new ToolkitError("invalid", `refused path ${JSON.stringify(path)}: its mode ${mode} is unknown`);
  return kind === "link" ? [] : [{ path, kind, hash }];
}

function readBlob(objects: PackedObjects, path: string, hash: string, limits: GitLimits): Uint8Array {
  const object = objects.read(hash);
  if (object === "oversized") throw new ToolkitError("invalid", `the file '${path}' has more than the limit of ${limits.objectBytes} bytes`);
  if (object?.type !== "blob") throw new ToolkitError("corrupt", `the file '${path}' is missing: ${hash} is not a blob`);
  return object.bytes;
}
