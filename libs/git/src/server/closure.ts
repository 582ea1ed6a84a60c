import { ToolkitError } from "@plumb/std";
import { parseCommit, parseTagTarget, parseTree, type Commit, type GitObject } from "../object.ts";

export interface CanRead {
  read(hash: string): Promise<GitObject | undefined>;
}

export interface ClosureRequest {
  readonly wants: readonly string[];
  /** Objects that the client says it has, as far as they are here too. */
  readonly haves: readonly string[];
  /** Commits whose parents the client lacks. */
  readonly shallow: ReadonlySet<string>;
  /** Commits of history that the client asks for; undefined for all that it lacks. */
  readonly depth: number | undefined;
}

export interface Closure {
  readonly hashes: readonly string[];
  /** Commits that become the end of the client's history. */
  readonly shallow: readonly string[];
  /** Commits that no longer are. */
  readonly unshallow: readonly string[];
}

/** Finds what a client lacks in order to have `wants` whole. @throws {ToolkitError} `missing` for a want that is not here */
export async function closureOf(objects: CanRead, request: ClosureRequest): Promise<Closure> {
  const { wants, haves, shallow, depth } = request;
  const tops = await Promise.all(wants.map((want) => topOf(objects, want)));
  const roots = tops.flatMap(({ commit }) => commit ?? []);
  const wanted = depth === undefined ? await history(objects, roots, shallow) : await history(objects, roots, new Set(), depth);
  const havesCommits = (await Promise.all(haves.map((have) => topOf(objects, have)))).flatMap(({ commit }) => commit ?? []);
  const present = await history(objects, havesCommits, shallow);
  const sent = [...wanted.commits.values()].filter(({ hash }) => !present.commits.has(hash));
  const known = new Set<string>(haves);
  for (const commit of boundary(sent, present.commits, havesCommits)) await addTree(objects, commit.tree, known);
  const hashes = new Set<string>();
  for (const { hash, tree } of sent) {
    hashes.add(hash);
    await addTree(objects, tree, hashes, known);
  }
  for (const { others, isTree } of tops) {
    for (const other of others) {
      if (isTree) await addTree(objects, other, hashes, known);
      else if (!known.has(other)) hashes.add(other);
    }
  }
  const unshallow = depth === undefined ? [] : [...shallow].filter((hash) => wanted.commits.has(hash) && !wanted.edge.includes(hash));
  return { hashes: [...hashes], shallow: wanted.edge, unshallow };
}

/** Every object that `hash` needs, down to those for which `stops` is true. @throws {ToolkitError} `missing` */
export async function checkConnected(objects: CanRead, hash: string, stops: (hash: string) => boolean): Promise<void> {
  const seen = new Set<string>();
  const pending = [hash];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    if (seen.has(at)) continue;
    seen.add(at);
    const object = await objects.read(at);
    if (object === undefined) throw new ToolkitError("missing", `missing necessary object ${at}`);
    if (stops(at)) continue;
    if (object.type === "tag") pending.push(parseTagTarget(at, object.bytes));
    if (object.type === "commit") {
      const { tree, parents } = parseCommit(at, object.bytes);
      pending.push(tree, ...parents);
    }
    if (object.type === "tree") for (const item of parseTree(at, object.bytes)) if (item.mode !== "160000") pending.push(item.hash);
  }
}

/** Follows tags. `others` are the objects on the way, or what is there in place of a commit. */
async function topOf(objects: CanRead, want: string): Promise<{ readonly commit?: Commit; readonly others: readonly string[]; readonly isTree: boolean }> {
  const others: string[] = [];
  for (let at = want; ;) {
    const object = await objects.read(at);
    if (object === undefined) throw new ToolkitError("missing", `upload-pack: not our ref ${want}`);
    if (object.type === "commit") return { commit: parseCommit(at, object.bytes), others, isTree: false };
    others.push(at);
    if (object.type !== "tag") return { others, isTree: object.type === "tree" };
    at = parseTagTarget(at, object.bytes);
  }
}

/** Commits from `roots` backwards, not past those in `ends`, `depth` of them deep. `edge` holds those cut off from their parents. */
async function history(
  objects: CanRead,
  roots: readonly Commit[],
  ends: ReadonlySet<string>,
  depth = Number.POSITIVE_INFINITY,
): Promise<{ readonly commits: ReadonlyMap<string, Commit>; readonly edge: readonly string[] }> {
  const commits = new Map<string, Commit>();
  const edge: string[] = [];
  let level = roots;
  for (let deep = 1; level.length > 0; deep++) {
    const parents = new Set<string>();
    for (const commit of level) {
      if (commits.has(commit.hash)) continue;
      commits.set(commit.hash, commit);
      if (deep >= depth && commit.parents.length > 0) edge.push(commit.hash);
      else if (!ends.has(commit.hash)) for (const parent of commit.parents) parents.add(parent);
    }
    const next = await Promise.all([...parents].filter((hash) => !commits.has(hash)).map((hash) => readCommit(objects, hash)));
    level = next.flatMap((commit) => commit ?? []);
  }
  return { commits, edge };
}

/** Commits next to what is sent that the client has: what they hold need not be sent. */
function boundary(sent: readonly Commit[], present: ReadonlyMap<string, Commit>, haves: readonly Commit[]): readonly Commit[] {
  const near = sent.flatMap(({ parents }) => parents.flatMap((parent) => present.get(parent) ?? []));
  return [...new Set([...near, ...haves])];
}

/** undefined where the repository itself is shallow. */
async function readCommit(objects: CanRead, hash: string): Promise<Commit | undefined> {
  const object = await objects.read(hash);
  return object?.type === "commit" ? parseCommit(hash, object.bytes) : undefined;
}

async function addTree(objects: CanRead, root: string, into: Set<string>, except: ReadonlySet<string> = new Set()): Promise<void> {
  const pending = [root];
  for (let hash = pending.pop(); hash !== undefined; hash = pending.pop()) {
    if (into.has(hash) || except.has(hash)) continue;
    into.add(hash);
    const tree = await objects.read(hash);
    if (tree?.type !== "tree") throw new ToolkitError("corrupt", `missing tree ${hash}`);
    for (const item of parseTree(hash, tree.bytes)) {
      if (item.mode === "40000") pending.push(item.hash);
      else if (item.mode !== "160000" && !except.has(item.hash)) into.add(item.hash);
    }
  }
}
