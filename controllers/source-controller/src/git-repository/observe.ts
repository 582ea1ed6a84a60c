import type { Artifact, GitRepository, GitRepositoryStatus } from "@plumb/api";
import type { ArtifactStore } from "@plumb/archive";
import { resolveRevision, type Discovery, type GitRequest, type Resolved } from "@plumb/git";
import type { KubeClient } from "@plumb/kube";
import { keyOf, type Tools } from "@plumb/runtime";
import { parseDurationMs, redactAddress, toToolkitError } from "@plumb/std";
import { readAccess, type GitAccess } from "./access.ts";
import type { GitClients } from "./clients.ts";
import { fetchFailure, inStep, type StepError } from "./step-error.ts";
import { unsupportedField } from "./unsupported.ts";

/** The artifact that status names, and what is on disk of it. */
interface Published {
  readonly artifact: Artifact;
  readonly onDisk: "verified" | "missing" | "corrupt";
}

/** Why a spec is not looked at further. */
export interface Refusal {
  readonly reason: string;
  readonly message: string;
}

/** How the remote answered. */
export type Remote =
  | { readonly kind: "resolved"; readonly resolved: Resolved; readonly request: GitRequest; readonly access: GitAccess }
  | { readonly kind: "failed"; readonly error: StepError };

/** What `observe` found out about one GitRepository. Revisions are compared as text and never taken apart. */
export type GitSeen =
  | { readonly kind: "refused"; readonly refusal: Refusal }
  | { readonly kind: "seen"; readonly published: Published | undefined; readonly remote: Remote };

export interface ObserveOptions {
  readonly client: Pick<KubeClient, "get">;
  readonly store: ArtifactStore;
  readonly clients: GitClients;
  /** What servers said of themselves, by object; spares a round trip a run. */
  readonly discoveries: Map<string, { readonly url: string; readonly discovery: Discovery }>;
}

const DEFAULT_TIMEOUT = "60s";

/** Milliseconds that each Git operation may take. */
export function timeoutMs({ spec }: GitRepository): number {
  return parseDurationMs(spec.timeout ?? DEFAULT_TIMEOUT);
}

/** Looks at the artifact on disk, then at the remote: one listing of refs on a connection that is kept (S-027). */
export async function observeGitRepository(obj: GitRepository, tools: Tools<GitRepositoryStatus>, options: ObserveOptions): Promise<GitSeen> {
  const refusal = refusalOf(obj);
  if (refusal !== undefined) return { kind: "refused", refusal };
  const beginning = beginningOf(obj);
  if (beginning !== undefined) tools.progress(beginning);
  const artifact = obj.status?.artifact;
  const published = artifact === undefined ? undefined : { artifact, onDisk: await options.store.verify(artifact, tools.signal) };
  return { kind: "seen", published, remote: await observeRemote(obj, tools, options) };
}

/** What a run says of itself that does not merely look whether something has changed; undefined for one that does (S-011, S-016). */
function beginningOf({ metadata: { generation = 0 }, status }: GitRepository): string | undefined {
  if (status?.artifact === undefined) return "building artifact";
  const { observedGeneration = -1 } = status;
  return observedGeneration === generation ? undefined : `processing object: new generation ${observedGeneration} -> ${generation}`;
}

function refusalOf({ spec }: GitRepository): Refusal | undefined {
  const field = unsupportedField(spec);
  if (field !== undefined) return { reason: "FeatureNotSupported", message: `${field} is not supported by this version` };
  if (URL.canParse(spec.url)) return undefined;
  return { reason: "URLInvalid", message: `failed to parse url '${redactAddress(spec.url)}': it is not a URL` };
}

/** A remote that fails is something seen, too: the artifact is told about in either case. */
async function observeRemote(obj: GitRepository, tools: Tools<GitRepositoryStatus>, options: ObserveOptions): Promise<Remote> {
  try {
    const access = await readAccess(options.client, obj, tools.signal);
    const key = keyOf(obj);
    const known = options.discoveries.get(key);
    const request: GitRequest = {
      url: obj.spec.url,
      ref: obj.spec.ref,
      isKnown: obj.status?.artifact !== undefined,
      ...(access.credentials !== undefined && { credentials: access.credentials }),
      ...(known?.url === obj.spec.url && { discovery: known.discovery }),
    };
    const resolved = await tools.atHost(new URL(request.url).host, async () => {
      const signal = AbortSignal.any([tools.signal, AbortSignal.timeout(timeoutMs(obj))]);
      const client = await inStep("AuthenticationFailed", () => options.clients.get(access));
      return resolveRevision(client, request, signal);
    });
    if (resolved.discovery !== undefined) options.discoveries.set(key, { url: request.url, discovery: resolved.discovery });
    return { kind: "resolved", resolved, request, access };
  } catch (thrown) {
    const error = toToolkitError(thrown);
    if (error.kind === "cancelled") throw error;
    return { kind: "failed", error: fetchFailure(error) };
  }
}
