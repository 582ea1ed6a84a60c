import type { HttpClient } from "@plumb/http";
import { redactUrls, ToolkitError } from "@plumb/std";
import { DEFAULT_GIT_LIMITS, type GitLimits } from "./limits.ts";
import { parseCommit, parseTagTarget, type Commit } from "./object.ts";
import { readPack, type PackedObjects } from "./pack.ts";
import type { GitRemote } from "./remote.ts";
import { listed, refuseEmpty, remoteOf, resolveRevision, type GitRequest, type Resolved } from "./resolve.ts";
import { inContext } from "./transport-error.ts";
import { walkTree, type TreeEntry } from "./tree-walk.ts";

/** A commit with its files, in memory. Nothing is written to disk. */
export interface Checkout {
  readonly revision: string;
  readonly commit: Commit;
  /** The commit's files and directories in the order of a lexical walk; can be walked more than once. */
  entries(): Iterable<TreeEntry>;
}

/** Tag objects that may point to one another before a commit comes. */
const MAX_TAGS = 10;

/**
 * Fetches the commit that `request.ref` stands for. Parsing is synchronous and can take seconds: run it in a worker thread.
 *
 * @param known what `resolveRevision` found, so that it is not looked up again and exactly that commit is fetched
 * @throws {ToolkitError} as `resolveRevision`; `corrupt` for a pack that is malformed, `invalid` beyond a limit
 */
export async function checkOut(http: HttpClient, request: GitRequest, known: Resolved | undefined, signal: AbortSignal): Promise<Checkout> {
  const found = known ?? (await resolveRevision(http, request, signal));
  const remote = remoteOf(http, found.discovery === undefined ? request : { ...request, discovery: found.discovery });
  const limits = request.limits ?? DEFAULT_GIT_LIMITS;
  const objects =
    found.within === undefined
      ? await fetched(remote, [found.want], 1, request, limits, signal)
      : await fetchHistory(remote, found, found.within.branch, request, limits, signal);
  const commit = commitAt(objects, found, request);
  return { revision: found.revision, commit, entries: () => walkTree(objects, commit.tree, limits) };
}

/**
 * Fetches a commit that a user names. It counts only where a branch leads to it: hosts hand out the commits of a fork under
 * the name of the original too. One at the tip of a branch is fetched without its history.
 */
async function fetchHistory(
  remote: GitRemote,
  { commit }: Resolved,
  branch: string | undefined,
  request: GitRequest,
  limits: GitLimits,
  signal: AbortSignal,
): Promise<PackedObjects> {
  const url = redactUrls(request.url);
  const prefix = branch === undefined ? "refs/heads/" : `refs/heads/${branch}`;
  const heads = (await listed(remote, [prefix], request, "unable to clone", signal)).filter(({ name }) => branch === undefined || name === prefix);
  if (heads.length === 0) {
    await refuseEmpty(remote, signal);
    throw new ToolkitError("missing", `unable to clone '${url}': couldn't find remote ref "${branch === undefined ? "HEAD" : prefix}"`);
  }
  if (heads.some(({ hash }) => hash === commit)) return fetched(remote, [commit], 1, request, limits, signal);
  const objects = await fetched(remote, [...new Set(heads.map(({ hash }) => hash))], undefined, request, limits, signal);
  if (!objects.has(commit)) throw new ToolkitError("missing", `unable to resolve commit object for '${commit}': object not found`);
  return objects;
}

async function fetched(
  remote: GitRemote,
  wants: readonly string[],
  depth: 1 | undefined,
  { url }: GitRequest,
  limits: GitLimits,
  signal: AbortSignal,
): Promise<PackedObjects> {
  try {
    return await readPack(await remote.fetch({ wants, depth, signal }), limits);
  } catch (thrown) {
    throw inContext(`unable to clone '${redactUrls(url)}'`, thrown);
  }
}

function commitAt(objects: PackedObjects, { want, commit: expected }: Resolved, { url }: GitRequest): Commit {
  let hash = want;
  for (let tags = 0; tags <= MAX_TAGS; tags++) {
    const object = objects.read(hash);
    if (object === undefined || object === "oversized") break;
    if (object.type === "tag") {
      hash = parseTagTarget(hash, object.bytes);
      continue;
    }
    if (object.type !== "commit") throw new ToolkitError("invalid", `unable to clone '${redactUrls(url)}': ${hash} is a ${object.type}, not a commit`);
    if (hash !== expected) throw new ToolkitError("corrupt", `unable to clone '${redactUrls(url)}': the server answered commit ${hash} for ${expected}`);
    return parseCommit(hash, object.bytes);
  }
  throw new ToolkitError("corrupt", `unable to clone '${redactUrls(url)}': the server's answer lacks the commit ${expected}`);
}
