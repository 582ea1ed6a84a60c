import type { Artifact, GitRepository, GitRepositoryStatus } from "@plumb/api";
import type { ArtifactOwner, ArtifactStore, DigestAlgorithm } from "@plumb/archive";
import type { Tools } from "@plumb/runtime";
import { ToolkitError, toToolkitError } from "@plumb/std";
import { timeoutMs } from "./observe.ts";
import type { PackAnswer, PackJob } from "./pack-job.ts";
import type { GitPlan } from "./plan.ts";
import { archiveFailure, StepError } from "./step-error.ts";

/** What a run did. */
export interface GitDone {
  readonly artifact: Artifact;
  /** First line of the commit's message; undefined where nothing was fetched. */
  readonly subject: string | undefined;
  /** How many old artifacts were removed, or why they could not be. */
  readonly collected: number | ToolkitError;
}

export interface ActOptions {
  readonly store: ArtifactStore;
  /** Runs the job in a worker thread. */
  readonly pack: (job: PackJob, options: { readonly key: string; readonly timeoutMs: number; readonly signal: AbortSignal }) => Promise<PackAnswer>;
  readonly storagePath: string;
  readonly advertisedHost: string;
  readonly digestAlgorithm: DigestAlgorithm;
  readonly proxyEnvironment: Readonly<Record<string, string | undefined>>;
}

/** For parsing and packing, beyond what the fetch may take. */
const PACKING_MS = 5 * 60_000;

export function ownerOf({ metadata }: GitRepository): ArtifactOwner {
  return { kind: "GitRepository", namespace: metadata.namespace ?? "", name: metadata.name };
}

/** Packs a new artifact where one is planned, then removes those that are no longer needed (S-014). */
export async function actOnGitRepository(obj: GitRepository, plan: GitPlan, tools: Tools<GitRepositoryStatus>, options: ActOptions): Promise<GitDone> {
  if (plan.kind === "keep") {
    const artifact = options.store.withCurrentHost(plan.artifact);
    return { artifact, subject: undefined, collected: await collect(obj, artifact, tools, options) };
  }
  tools.progress(
    plan.because === "lost" ? "building artifact: disappeared from storage" : `building artifact: new upstream revision '${plan.from.resolved.revision}'`,
  );
  const { artifact, subject } = await packed(obj, plan, tools, options);
  return { artifact, subject, collected: await collect(obj, artifact, tools, options) };
}

/** The run waits for a remote host: its place among the reconciles is free meanwhile. */
async function packed(
  obj: GitRepository,
  plan: Extract<GitPlan, { kind: "pack" }>,
  tools: Tools<GitRepositoryStatus>,
  options: ActOptions,
): Promise<Extract<PackAnswer, { kind: "packed" }>> {
  const {
    from: { request, resolved, access },
  } = plan;
  const { storagePath, advertisedHost, digestAlgorithm: algorithm, proxyEnvironment } = options;
  const owner = ownerOf(obj);
  const job: PackJob = {
    request,
    resolved,
    access,
    owner,
    storagePath,
    advertisedHost,
    algorithm,
    proxyEnvironment,
    timeoutMs: timeoutMs(obj),
    ignore: obj.spec.ignore,
  };
  const limits = { key: `${owner.namespace}/${owner.name}`, timeoutMs: timeoutMs(obj) + PACKING_MS, signal: tools.signal };
  const answer = await tools
    .atHost(new URL(request.url).host, () => options.pack(job, limits))
    .catch((thrown: unknown) => {
      // A worker that went over its time or memory.
      throw toToolkitError(thrown).kind === "cancelled" ? thrown : archiveFailure(thrown);
    });
  if (answer.kind === "packed") return answer;
  const { kind, message, retryAfterMs } = answer.error;
  throw new StepError(answer.reason, new ToolkitError(kind, message, { retryAfterMs }), undefined);
}

/** What cannot be removed now is tried again in the next run; the artifact is whole all the same. */
async function collect(obj: GitRepository, current: Artifact, { signal }: Tools<GitRepositoryStatus>, { store }: ActOptions): Promise<number | ToolkitError> {
  try {
    return (await store.collect(ownerOf(obj), current, signal)).length;
  } catch (thrown) {
    return toToolkitError(thrown);
  }
}
