import type { Artifact, GitRepository, GitRepositoryStatus, Notice } from "@plumb/api";
import type { ConditionChanges, ConditionState, Failure, Report, Run } from "@plumb/runtime";
import { parseDurationMs } from "@plumb/std";
import type { GitDone } from "./act.ts";
import type { GitSeen, Refusal } from "./observe.ts";
import type { GitPlan } from "./plan.ts";
import { StepError } from "./step-error.ts";

const GROUP = "source.toolkit.fluxcd.io";
/** Conditions that say what is wrong; one that disappears is a recovery worth telling (S-013). */
const FAILURES = ["FetchFailed", "StorageOperationFailed", "IncludeUnavailable", "SourceVerified"] as const;
/** An interval below this would be a loop. */
const MIN_INTERVAL_MS = 1000;

type Seen = Extract<GitSeen, { kind: "seen" }>;

/** A run that came to its end: the artifact is in storage, new or as before. */
export function reportGitRepository(obj: GitRepository, { seen, done }: Run<GitSeen, GitPlan, GitDone>): Report<GitRepositoryStatus> {
  const { artifact } = done;
  const message = `stored artifact for revision '${artifact.revision}'`;
  return {
    outcome: { kind: "settled", reason: "Succeeded", message, nextInMs: Math.max(MIN_INTERVAL_MS, parseDurationMs(obj.spec.interval)) },
    status: { artifact, observedIgnore: obj.spec.ignore },
    conditions: {
      ArtifactInStorage: { status: "True", reason: "Succeeded", message },
      ArtifactOutdated: undefined,
      FetchFailed: undefined,
      StorageOperationFailed: undefined,
      IncludeUnavailable: undefined,
      SourceVerified: undefined,
    },
    notices: [...damageNotices(seen), ...collectionNotices(done), ...artifactNotices(obj, done)],
  };
}

/** A spec that only a change can help. */
export function refusedReport({ reason, message }: Refusal): Report<GitRepositoryStatus> {
  return {
    outcome: { kind: "stalled", reason, message },
    status: {},
    conditions: { FetchFailed: { status: "True", reason, message } },
    notices: [{ severity: "error", reason, message }],
  };
}

/** A run that failed, with what had been seen by then: the last good artifact stays, one that is lost is no longer named. */
export function failedReport(error: StepError, seen: Seen): Report<GitRepositoryStatus> {
  const { reason, message } = error;
  const isLost = seen.published !== undefined && seen.published.onDisk !== "verified";
  const state: ConditionState = { status: "True", reason, message };
  const conditions: ConditionChanges = {
    ...(reason === "ArchiveOperationFailed" ? { FetchFailed: undefined, StorageOperationFailed: state } : { FetchFailed: state }),
    ...(isLost && { ArtifactInStorage: undefined }),
    ...outdated(seen),
  };
  return {
    outcome: { kind: "failed", reason, error },
    status: isLost ? { artifact: undefined } : {},
    conditions,
    notices: [...damageNotices(seen), { severity: "error", reason, message }],
  };
}

export function explainGitRepository(failure: Failure<GitSeen>): Report<GitRepositoryStatus> {
  const { error } = failure;
  if (failure.step === "act" && failure.seen.kind === "seen" && error instanceof StepError) return failedReport(error, failure.seen);
  const isRemoval = failure.step === "remove";
  const reason = failure.reason ?? (isRemoval ? "GarbageCollectionFailed" : "Failed");
  return { outcome: { kind: "failed", reason, error }, status: {}, conditions: {}, notices: [{ severity: "error", reason, message: error.message }] };
}

/** True as long as an artifact of another revision is served than the one that is known (NewRevision). */
function outdated({ published, remote }: Seen): ConditionChanges {
  if (published === undefined || remote.kind === "failed" || published.artifact.revision === remote.resolved.revision) return {};
  return { ArtifactOutdated: { status: "True", reason: "NewRevision", message: `new upstream revision '${remote.resolved.revision}'` } };
}

function damageNotices(seen: GitSeen): readonly Notice[] {
  if (seen.kind === "refused" || seen.published?.onDisk !== "corrupt") return [];
  const { digest } = seen.published.artifact;
  return [
    {
      severity: "error",
      reason: "ArtifactVerificationFailed",
      message: `failed to verify integrity of artifact: computed digest doesn't match '${digest}'`,
    },
  ];
}

function collectionNotices({ collected }: GitDone): readonly Notice[] {
  if (typeof collected !== "number") {
    return [{ severity: "error", reason: "GarbageCollectionFailed", message: `garbage collection of artifacts failed: ${collected.message}` }];
  }
  return collected === 0 ? [] : [{ severity: "trace", reason: "GarbageCollectionSucceeded", message: `garbage collected ${collected} artifacts` }];
}

/** Tells of a new artifact, and of a recovery (S-013, S-033); a run that changes nothing says nothing. */
function artifactNotices(obj: GitRepository, { artifact, subject }: GitDone): readonly Notice[] {
  const isNew = obj.status?.artifact?.digest !== artifact.digest;
  const failed = (obj.status?.conditions ?? []).some(
    ({ type, status }) => FAILURES.some((name) => name === type) && status === (type === "SourceVerified" ? "False" : "True"),
  );
  if (!isNew && !failed) return [];
  const message = `stored artifact for commit '${subject ?? artifact.revision}'`;
  return [{ severity: "info", reason: isNew ? "NewArtifact" : "Succeeded", message, metadata: metadataOf(artifact), ...(isNew && { isDurable: true }) }];
}

function metadataOf({ revision, digest }: Artifact): Readonly<Record<string, string>> {
  return { [`${GROUP}/revision`]: revision, [`${GROUP}/digest`]: digest };
}
