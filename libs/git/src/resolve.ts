import type { HttpClient } from "@plumb/http";
import { compareText, redactUrls, ToolkitError } from "@plumb/std";
import { compare, type SemVer } from "semver";
import type { GitCredentials } from "./credentials.ts";
import { DEFAULT_GIT_LIMITS, type GitLimits } from "./limits.ts";
import { parseCommit, parseTagTarget } from "./object.ts";
import { readPack } from "./pack.ts";
import { refTarget, revisionOf, type GitRef } from "./ref.ts";
import type { Discovery, RemoteRef } from "./ref-listing.ts";
import { GitRemote } from "./remote.ts";
import { parseSemverRange, versionOf } from "./semver-range.ts";
import { inContext } from "./transport-error.ts";

/** What to read, and from where. Plain data, so that a worker thread can be given it. */
export interface GitRequest {
  readonly url: string;
  readonly ref: GitRef | undefined;
  readonly credentials?: GitCredentials;
  /** From an earlier run; spares the round trip that finds out what the server speaks. */
  readonly discovery?: Discovery;
  readonly limits?: GitLimits;
  /** True when an earlier artifact is there, so that only its being up to date is asked; only messages depend on it. */
  readonly isKnown?: boolean;
}

/** What a ref stands for at this moment. Plain data. */
export interface Resolved {
  /** Such as `main@sha1:` and 40 hex digits (S-032). */
  readonly revision: string;
  /** 40 hex digits. */
  readonly commit: string;
  /** The object to ask for: the commit, or the tag object that leads to it. */
  readonly want: string;
  /** Set for a commit that a user names: it must be found in the history of this branch, or of any where that is undefined. */
  readonly within?: { readonly branch: string | undefined };
  readonly discovery: Discovery | undefined;
}

/**
 * Finds the revision that `request.ref` stands for, by one listing of the refs that matter. A commit is its own answer and
 * is not asked for; a range of versions whose best are equal fetches those to see which is newest (S-031).
 *
 * @throws {ToolkitError} `missing` for a ref or a repository that is not there, `denied`, `unavailable`, `invalid`; the
 *   message is Flux's and names the address
 */
export async function resolveRevision(http: HttpClient, request: GitRequest, signal: AbortSignal): Promise<Resolved> {
  const target = refTarget(request.ref);
  const remote = remoteOf(http, request);
  if (target.kind === "commit") {
    const { hash, branch, shown } = target;
    return { revision: revisionOf(shown, hash), commit: hash, want: hash, within: { branch }, discovery: remote.discovery };
  }
  if (target.kind === "semver") return resolveSemver(remote, target.range, request, signal);
  const name = target.name.replace(/\^\{\}$/, "");
  const isListing = target.from === "name" || request.isKnown === true;
  const refs = await listed(remote, [name], request, isListing ? "unable to list remote for" : "unable to clone", signal);
  const found = refs.find((ref) => ref.name === name);
  if (found === undefined) throw await notFound(remote, target, request, signal);
  return resolved(remote, found, target.shown);
}

export function remoteOf(http: HttpClient, { url, credentials, limits, discovery }: GitRequest): GitRemote {
  return new GitRemote(http, { url, credentials, limits: limits ?? DEFAULT_GIT_LIMITS, discovery });
}

/** Lists refs; a failure is told with the address, as `words 'URL': reason`. */
export async function listed(
  remote: GitRemote,
  prefixes: readonly string[],
  { url }: GitRequest,
  words: string,
  signal: AbortSignal,
): Promise<readonly RemoteRef[]> {
  try {
    return await remote.listRefs(prefixes, signal);
  } catch (thrown) {
    throw inContext(`${words} '${redactUrls(url)}'`, thrown);
  }
}

/** The repository has not a single ref. */
export class EmptyRepositoryError extends ToolkitError {
  constructor() {
    super("missing", "git repository is empty");
  }
}

/** @throws {EmptyRepositoryError} */
export async function refuseEmpty(remote: GitRemote, signal: AbortSignal): Promise<void> {
  const any = await remote.listRefs(["HEAD", "refs/"], signal, 1);
  if (any.length === 0) throw new EmptyRepositoryError();
}

async function notFound(
  remote: GitRemote,
  { name, from }: { readonly name: string; readonly from: "branch" | "tag" | "name" },
  { url }: GitRequest,
  signal: AbortSignal,
): Promise<ToolkitError> {
  if (from === "name") return new ToolkitError("missing", `unable to resolve ref '${name}' to a specific commit`);
  await refuseEmpty(remote, signal);
  return new ToolkitError("missing", `unable to clone '${redactUrls(url)}': couldn't find remote ref "${name}"`);
}

function resolved(remote: GitRemote, { hash, peeled }: RemoteRef, shown: string): Resolved {
  const commit = peeled ?? hash;
  return { revision: revisionOf(shown, commit), commit, want: hash, discovery: remote.discovery };
}

async function resolveSemver(remote: GitRemote, range: string, request: GitRequest, signal: AbortSignal): Promise<Resolved> {
  const matches = parseSemverRange(range);
  const refs = await listed(remote, ["refs/tags/"], request, "unable to clone", signal);
  let best: { readonly version: SemVer; readonly refs: readonly RemoteRef[] } | undefined;
  for (const ref of refs) {
    const version = versionOf(tagOf(ref));
    if (version === undefined || !matches(version)) continue;
    const order = best === undefined ? 1 : compare(version, best.version);
    if (order > 0) best = { version, refs: [ref] };
    else if (order === 0 && best !== undefined) best = { version: best.version, refs: [...best.refs, ref] };
  }
  if (best === undefined) {
    await refuseEmpty(remote, signal);
    throw new ToolkitError("missing", `no match found for semver: ${range}`);
  }
  const newest = await newestOf(remote, best.refs, request, signal);
  return resolved(remote, newest, tagOf(newest));
}

/** The ref whose commit is youngest; of equally young ones the last by name. */
async function newestOf(
  remote: GitRemote,
  refs: readonly RemoteRef[],
  { url, limits = DEFAULT_GIT_LIMITS }: GitRequest,
  signal: AbortSignal,
): Promise<RemoteRef> {
  const sorted = refs.toSorted((a, b) => compareText(a.name, b.name));
  const last = sorted.at(-1);
  if (last === undefined) throw new ToolkitError("internal", "no ref to choose from");
  if (new Set(sorted.map(({ hash, peeled }) => peeled ?? hash)).size === 1) return last;
  try {
    const objects = await readPack(await remote.fetch({ wants: [...new Set(sorted.map(({ hash }) => hash))], depth: 1, signal }), limits);
    const age = ({ hash, peeled }: RemoteRef): number => {
      const object = objects.read(peeled ?? hash);
      if (object === undefined || object === "oversized") return 0;
      if (object.type === "commit") return parseCommit(peeled ?? hash, object.bytes).committer.whenSeconds;
      const target = object.type === "tag" ? objects.read(parseTagTarget(hash, object.bytes)) : undefined;
      return target !== undefined && target !== "oversized" && target.type === "commit" ? parseCommit(hash, target.bytes).committer.whenSeconds : 0;
    };
    return sorted.reduce((young, ref) => (age(ref) >= age(young) ? ref : young));
  } catch (thrown) {
    throw inContext(`unable to clone '${redactUrls(url)}'`, thrown);
  }
}

function tagOf({ name }: RemoteRef): string {
  return name.slice("refs/tags/".length);
}
