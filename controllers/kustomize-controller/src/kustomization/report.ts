import { EVENT_KEY, REASON, subjectOf, type InventoryEntry, type Kustomization, type KustomizationStatus, type Notice } from "@plumb/api";
import { changeLines, deletionLines, isTelling, objectOf } from "@plumb/apply";
import { conditionsOf, type ConditionChanges, type ConditionState, type Failure, type Outcome, type Report, type Run } from "@plumb/runtime";
import { formatDuration, reworded, ToolkitError } from "@plumb/std";
import type { KustomizationDone } from "./act.ts";
import { withHistory } from "./history.ts";
import type { KustomizationSeen } from "./observe.ts";
import type { KustomizationPlan } from "./plan.ts";
import { appliedMetadata, artifactMetadata } from "./revision-metadata.ts";
import { intervalMs, retryMs } from "./spec.ts";

const GROUP = "kustomize.toolkit.fluxcd.io";

/** Present only while it is true, and of no meaning to clients that do not know it. */
const UNWATCHED = "plumb.dev/Unwatched";
const MAX_UNWATCHED = 10;

export type KustomizationRun = Run<KustomizationSeen, KustomizationPlan, KustomizationDone>;

/** Puts a run into words: failed in apply, prune or health, waiting for health, or done. Pure. */
export function reportKustomization(obj: Kustomization, run: KustomizationRun): Report<KustomizationStatus> {
  const { applied, pruned, health } = run.done;
  if (applied.failure !== undefined) return failed(obj, run, applied.failureReason ?? REASON.ReconciliationFailed, withLines(applied.failure, run), {});
  if (pruned?.failure !== undefined) return failed(obj, run, REASON.PruneFailed, pruned.failure, {});
  if (health === undefined) return succeeded(obj, run, { Healthy: undefined });
  const { found, waitedMs } = health;
  if (found instanceof ToolkitError) return unhealthy(obj, run, found, waitedMs);
  switch (found.kind) {
    case "healthy":
      return succeeded(obj, run, { Healthy: healthy(obj, run, waitedMs) });
    case "failed":
      return unhealthy(obj, run, new ToolkitError("invalid", `failed early due to stalled resources: [${found.stalled.join(", ")}]`), waitedMs);
    case "progressing":
      return waitedMs < run.plan.timeoutMs
        ? stillWaiting(run, waitedMs)
        : unhealthy(obj, run, new ToolkitError("unavailable", `timeout waiting for: [${found.waiting.join(", ")}]`), waitedMs);
    default:
      return found satisfies never;
  }
}

/** Says what Flux says of a Kustomization that failed up to its build: never stalled, tried again at a fixed interval. Pure. */
export function explainKustomization(obj: Kustomization, failure: Failure<KustomizationSeen>): Report<KustomizationStatus> {
  const { error, reason = REASON.ReconciliationFailed } = failure;
  const silent = { status: {}, conditions: {}, notices: [] };
  switch (failure.step) {
    case "observe":
      return { ...silent, outcome: { kind: "failed", reason, error } };
    case "act":
      return explainAct(obj, failure.seen, reason, error);
    case "remove": {
      const notice: Notice = {
        severity: "error",
        reason: REASON.PruneFailed,
        message: `pruning for deleted resource failed: ${error.message}`,
        metadata: appliedMetadata(obj),
      };
      return { ...silent, outcome: { kind: "failed", reason: REASON.PruneFailed, error }, notices: [notice] };
    }
    default:
      return failure satisfies never;
  }
}

/** An artifact that is not served yet is waited for without a word. */
function explainAct(obj: Kustomization, { source, requeueDependencyMs }: KustomizationSeen, reason: string, error: ToolkitError): Report<KustomizationStatus> {
  const isArtifact = reason === REASON.ArtifactFailed;
  if (isArtifact && error.kind === "missing") {
    const message = `Source is not ready, artifact not found, retrying in ${formatDuration(requeueDependencyMs)}`;
    const outcome: Outcome = { kind: "waiting", ready: "False", reason, message, retryInMs: requeueDependencyMs };
    return { outcome, status: {}, conditions: {}, notices: [] };
  }
  const artifact = source.kind === "ready" ? source.artifact : undefined;
  const metadata = artifact === undefined ? {} : artifactMetadata(artifact);
  return {
    outcome: { kind: "failed", reason, error, retryInMs: retryMs(obj) },
    status: isArtifact || artifact === undefined ? {} : { lastAttemptedRevision: artifact.revision },
    conditions: {},
    notices: [{ severity: "error", reason, message: error.message, metadata, isDurable: true }],
  };
}

function succeeded(obj: Kustomization, run: KustomizationRun, conditions: ConditionChanges): Report<KustomizationStatus> {
  const { plan, done } = run;
  const { revision } = plan.artifact;
  const outcome: Outcome = { kind: "settled", reason: REASON.ReconciliationSucceeded, message: `Applied revision: ${revision}`, nextInMs: intervalMs(obj) };
  const isNews = hasChanges(run) || obj.status?.lastAppliedRevision !== revision;
  return {
    outcome,
    status: {
      lastAppliedRevision: revision,
      lastAppliedOriginRevision: plan.originRevision,
      lastAttemptedRevision: revision,
      inventory: { entries: done.applied.inventory },
      history: historyOf(obj, run, outcome.reason),
    },
    conditions: { ...conditions, [UNWATCHED]: unwatched(run) },
    notices: [...changeNotices(run), ...healthNotices(obj, run, conditions["Healthy"]), finished(obj, run, isNews)],
  };
}

/** Says that drift is seen at the interval alone, where the cluster lets nobody watch; undefined where all is watched. */
function unwatched({ done }: KustomizationRun): ConditionState | undefined {
  if (done.unwatched.length === 0) return undefined;
  const keys = new Set(done.unwatched);
  const names = done.applied.inventory.filter(({ id }) => keys.has(id)).flatMap((entry) => objectOf(entry) ?? []);
  const shown = names.slice(0, MAX_UNWATCHED).map(subjectOf).join(", ");
  const more = names.length > MAX_UNWATCHED ? ` and ${names.length - MAX_UNWATCHED} more` : "";
  return { status: "True", reason: "WatchDenied", message: `drift is seen at the interval only of what cannot be watched: ${shown}${more}` };
}

/** The end of every good run; on one that changed nothing it goes to notification only. */
function finished(obj: Kustomization, run: KustomizationRun, isNews: boolean): Notice {
  return {
    severity: "info",
    reason: REASON.ReconciliationSucceeded,
    message: `Reconciliation finished in ${formatDuration(Math.round(tookMs(run)))}, next run in ${formatDuration(intervalMs(obj))}`,
    metadata: { ...artifactMetadata(run.plan.artifact), [`${GROUP}/${EVENT_KEY.CommitStatus}`]: "update" },
    isQuiet: !isNews,
    isDurable: isNews,
  };
}

function failed(obj: Kustomization, run: KustomizationRun, reason: string, error: ToolkitError, conditions: ConditionChanges): Report<KustomizationStatus> {
  const { applied, pruned } = run.done;
  const entries = [...applied.inventory, ...(pruned?.survivors ?? [])];
  const told: Notice = { severity: "error", reason, message: error.message, metadata: artifactMetadata(run.plan.artifact), isDurable: true };
  // why: then the failure itself is not told, and the changes that its message names would not be either
  const isInterrupted = error.kind === "cancelled" || error.kind === "conflict";
  return {
    outcome: { kind: "failed", reason, error, retryInMs: retryMs(obj) },
    status: {
      lastAttemptedRevision: run.plan.artifact.revision,
      ...inventoryOf(obj, entries),
      history: historyOf(obj, run, reason),
    },
    conditions,
    notices: [...(reason === REASON.ReconciliationFailed && !isInterrupted ? [] : changeNotices(run)), told],
  };
}

/** Nothing was there and nothing has come: that is no inventory, not an empty one. */
function inventoryOf({ status }: Kustomization, entries: readonly InventoryEntry[]): Pick<KustomizationStatus, "inventory"> {
  return entries.length === 0 && status?.inventory === undefined ? {} : { inventory: { entries } };
}

function unhealthy(obj: Kustomization, run: KustomizationRun, error: ToolkitError, waitedMs: number): Report<KustomizationStatus> {
  const seconds = formatDuration(Math.round(waitedMs / 1000) * 1000);
  const named = reworded(error, (message) => `health check failed after ${seconds}: ${message}`);
  return failed(obj, run, REASON.HealthCheckFailed, named, { Healthy: { status: "False", reason: REASON.HealthCheckFailed, message: error.message } });
}

function stillWaiting(run: KustomizationRun, waitedMs: number): Report<KustomizationStatus> {
  const { artifact, timeoutMs } = run.plan;
  const message = `Running health checks for revision ${artifact.revision} with a timeout of ${formatDuration(timeoutMs)}`;
  return {
    outcome: {
      kind: "waiting",
      ready: "Unknown",
      reason: REASON.Progressing,
      message: "Reconciliation in progress",
      retryInMs: Math.max(0, timeoutMs - waitedMs),
    },
    status: { lastAttemptedRevision: artifact.revision, inventory: { entries: run.done.applied.inventory } },
    conditions: { Healthy: { status: "Unknown", reason: REASON.Progressing, message } },
    notices: changeNotices(run),
  };
}

/** What was said of good health stays as it is while nothing moved. */
function healthy(obj: Kustomization, run: KustomizationRun, waitedMs: number): ConditionState {
  const before = conditionsOf(obj).find(({ type, status }) => type === "Healthy" && status === "True");
  if (before !== undefined && !hasChanges(run)) return { status: before.status, reason: before.reason, message: before.message };
  return { status: "True", reason: REASON.Succeeded, message: `Health check passed in ${formatDuration(Math.round(waitedMs))}` };
}

/** Told when it had not been healthy, or when a new revision changed something (K-063). */
function healthNotices(obj: Kustomization, run: KustomizationRun, state: ConditionState | undefined): readonly Notice[] {
  if (state === undefined) return [];
  const wasHealthy = conditionsOf(obj).some(({ type, status }) => type === "Healthy" && status === "True");
  const isNewRevision = obj.status?.lastAppliedRevision !== run.plan.artifact.revision;
  if (wasHealthy && !(isNewRevision && hasChanges(run))) return [];
  return [progressNotice(run, state.message)];
}

/** What was applied and what was pruned, each as one message. */
function changeNotices(run: KustomizationRun): readonly Notice[] {
  const { applied, pruned } = run.done;
  return [changeLines(applied.changes), deletionLines(pruned?.changes ?? [])].flatMap((lines) => (lines === undefined ? [] : [progressNotice(run, lines)]));
}

function progressNotice({ plan }: KustomizationRun, message: string): Notice {
  return { severity: "info", reason: REASON.Progressing, message, metadata: artifactMetadata(plan.artifact), isDurable: true };
}

function hasChanges({ done }: KustomizationRun): boolean {
  return done.applied.changes.some(isTelling) || (done.pruned?.changes.some(isTelling) ?? false);
}

function withLines(error: ToolkitError, { done }: KustomizationRun): ToolkitError {
  const lines = changeLines(done.applied.changes);
  return lines === undefined ? error : reworded(error, (message) => `${message}\n${lines}`);
}

function historyOf(obj: Kustomization, run: KustomizationRun, reason: string): KustomizationStatus["history"] {
  const { artifact, originRevision } = run.plan;
  const metadata = { revision: artifact.revision, ...(originRevision === undefined ? {} : { originRevision }) };
  return withHistory(obj.status?.history ?? [], { digest: run.done.digest, reason, metadata, startedMs: run.endedMs - tookMs(run), endedMs: run.endedMs });
}

/** A wait for health is a row of short runs, and to people a part of the last one. */
function tookMs({ startedMs, endedMs, done }: KustomizationRun): number {
  return Math.max(0, endedMs - startedMs, done.health?.waitedMs ?? 0);
}
