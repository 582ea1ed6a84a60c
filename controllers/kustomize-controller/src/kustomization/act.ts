import { REASON, type InventoryEntry, type Kustomization, type KustomizationStatus } from "@plumb/api";
import {
  prune,
  staleEntries,
  type Applier,
  type ApplyResult,
  type Baselines,
  type DriftWatch,
  type Health,
  type HealthChecks,
  type HealthTarget,
  type ObjectKey,
  type PruneResult,
} from "@plumb/apply";
import type { KubeClient } from "@plumb/kube";
import { keyOf, withReason, type Tools } from "@plumb/runtime";
import { formatDuration, ToolkitError, toToolkitError } from "@plumb/std";
import { isObserved } from "../drift/drift-policy.ts";
import type { Attempts } from "./attempts.ts";
import type { Artifacts, Builds, Built, Corrections, HealthSeen } from "./contracts.ts";
import { healthTargets } from "./health-targets.ts";
import type { HealthWaits } from "./health-waits.ts";
import { hostOf } from "./observe.ts";
import type { KustomizationPlan } from "./plan.ts";

export interface ActOptions {
  readonly client: KubeClient;
  readonly applier: Applier;
  readonly baselines: Baselines;
  readonly artifacts: Artifacts;
  readonly builds: Builds;
  readonly health: HealthChecks;
  readonly drift: DriftWatch;
  readonly corrections: Corrections;
  readonly waits: HealthWaits;
  readonly attempts: Attempts;
  /** True when another Kustomization depends on this one. */
  readonly hasDependents: (key: string) => boolean;
}

/** What a run did, complete or not. */
export interface KustomizationDone {
  readonly digest: string;
  readonly applied: ApplyResult;
  /** undefined when nothing was stale, or when applying failed. */
  readonly pruned: PruneResult | undefined;
  /** undefined when nothing is to be waited for, or when the run failed before. */
  readonly health: HealthSeen | undefined;
  /** Objects whose drift is seen at the interval alone, for nobody may watch them. */
  readonly unwatched: readonly ObjectKey[];
}

/** Fetches, builds, applies, prunes and looks at health, as far as it gets. */
export async function actOnKustomization(
  obj: Kustomization,
  plan: KustomizationPlan,
  tools: Tools<KustomizationStatus>,
  options: ActOptions,
): Promise<KustomizationDone> {
  const { artifact, timeoutMs } = plan;
  options.attempts.begin(keyOf(obj), artifact.revision);
  const limit = `for revision ${artifact.revision} with a timeout of ${formatDuration(timeoutMs)}`;
  const built = await build(obj, plan, limit, tools, options);
  tools.progress(`Detecting drift ${limit}`);
  const stored = obj.status?.inventory?.entries ?? [];
  const owner = { namespace: obj.metadata.namespace ?? "", name: obj.metadata.name };
  const applied = await withReason(
    REASON.ReconciliationFailed,
    options.applier.run({
      owner,
      objects: built.objects,
      inventory: stored,
      revision: artifact.revision,
      isObserved: (object) => isObserved(obj, object),
      wasApplied: wasApplied(obj, built),
      isContinued: options.waits.isWaiting(keyOf(obj), artifact.revision),
      checkpoint: (inventory) => checkpoint(obj, stored, inventory, tools, options),
      signal: tools.signal,
    }),
  );
  if (applied.failure === undefined) options.builds.applied(keyOf(obj), built);
  await options.drift
    .follow(owner, applied.inventory, tools.signal)
    .catch((thrown: unknown) => tools.progress(`Watching for drift: ${toToolkitError(thrown).message}`));
  options.corrections.afterRun(owner, applied);
  const done = { digest: built.digest, applied, unwatched: options.drift.blindSpots(owner) };
  if (applied.failure !== undefined) return { ...done, pruned: undefined, health: undefined };
  const pruned = await pruneStale(obj, stored, applied.inventory, tools, options);
  if (pruned?.failure !== undefined) return { ...done, pruned, health: undefined };
  return { ...done, pruned, health: await assess(obj, plan, healthTargets(obj, built.objects, applied.changes), limit, tools, options) };
}

/** True when the last run that got as far applied just this, whether or not it became healthy then. */
function wasApplied({ metadata, status }: Kustomization, { digest }: Built): boolean {
  const last = status?.history?.[0];
  return last?.digest === digest && last.lastReconciledStatus !== REASON.ReconciliationFailed && status?.observedGeneration === metadata.generation;
}

async function build(
  obj: Kustomization,
  { artifact, timeoutMs }: KustomizationPlan,
  limit: string,
  tools: Tools<KustomizationStatus>,
  options: ActOptions,
): Promise<Built> {
  const { artifacts, builds } = options;
  const recalled = builds.recall(obj, artifact);
  if (recalled !== undefined) return recalled;
  tools.progress(`Fetching manifests ${limit}`);
  const folder = await withReason(
    REASON.ArtifactFailed,
    tools.atHost(hostOf(artifact), () => artifacts.open(artifact, tools.signal)),
  );
  try {
    tools.progress(`Building manifests ${limit}`);
    return await withReason(REASON.BuildFailed, builds.build(obj, artifact, folder.path, { timeoutMs, signal: tools.signal })).catch((thrown: unknown) => {
      if (toToolkitError(thrown).kind === "missing") tools.progress(`Fetching manifests ${limit}`);
      return pathMissing(thrown);
    });
  } finally {
    folder.release();
  }
}

/** A path that leads nowhere is the artifact's fault, and another one than an artifact that is not served yet (K-023). */
function pathMissing(thrown: unknown): Promise<never> {
  const error = toToolkitError(thrown);
  if (error.kind !== "missing") throw thrown;
  const { message } = error;
  const cause = new ToolkitError("invalid", message.startsWith("kustomization path") ? message : `kustomization path not found: ${message}`, { cause: error });
  return withReason(REASON.ArtifactFailed, Promise.reject(cause));
}

/**
 * Stores what may exist from now on, and says that it is being rewritten where somebody builds on that. Without either
 * there is nothing to store.
 */
async function checkpoint(
  obj: Kustomization,
  stored: readonly InventoryEntry[],
  inventory: readonly InventoryEntry[],
  tools: Tools<KustomizationStatus>,
  { hasDependents }: ActOptions,
): Promise<void> {
  const isAwaited = obj.spec.wait === true || (obj.spec.healthChecks ?? []).length > 0 || hasDependents(keyOf(obj));
  if (inventory.length === stored.length && !isAwaited) return;
  const change = { inventory: { entries: inventory } };
  await tools.checkpoint(change, isAwaited ? { reason: REASON.Progressing, message: "Reconciliation in progress" } : undefined);
}

async function pruneStale(
  obj: Kustomization,
  before: readonly InventoryEntry[],
  after: readonly InventoryEntry[],
  { signal }: Tools<KustomizationStatus>,
  { client, baselines }: ActOptions,
): Promise<PruneResult | undefined> {
  const entries = obj.spec.prune ? staleEntries(before, after) : [];
  if (entries.length === 0) return undefined;
  return prune(client, baselines, { owner: { namespace: obj.metadata.namespace ?? "", name: obj.metadata.name }, entries, signal });
}

async function assess(
  obj: Kustomization,
  { artifact, timeoutMs }: KustomizationPlan,
  targets: readonly HealthTarget[],
  limit: string,
  tools: Tools<KustomizationStatus>,
  { health, waits }: ActOptions,
): Promise<HealthSeen | undefined> {
  const key = keyOf(obj);
  if (targets.length > 0) tools.progress(`Running health checks ${limit}`);
  waits.begin(key, artifact.revision);
  const found = targets.length === 0 ? undefined : await health.assess(key, targets, tools.signal).catch(toToolkitError);
  const waitedMs = waits.waitedMs(key);
  if (!isProgressing(found) || waitedMs >= timeoutMs) {
    waits.end(key);
    health.forget(key);
  }
  return found === undefined ? undefined : { found, waitedMs };
}

function isProgressing(found: Health | ToolkitError | undefined): boolean {
  return found !== undefined && !(found instanceof ToolkitError) && found.kind === "progressing";
}
