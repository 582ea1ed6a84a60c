import type { KustomizationStatus } from "@plumb/api";
import type { Timing } from "@plumb/runtime";
import { formatDuration, timestampOf } from "@plumb/std";

export type Snapshot = NonNullable<KustomizationStatus["history"]>[number];

const MAX_SNAPSHOTS = 5;

/** What a run adds to the history: the digest of what was built and the reason it ended with. */
export interface HistoryEntry extends Timing {
  readonly digest: string;
  readonly reason: string;
  readonly metadata: Readonly<Record<string, string>>;
}

/** Newest first: the same digest and reason again moves to the front and counts; five at most (C-005). */
export function withHistory(history: readonly Snapshot[], { digest, reason, metadata, startedMs, endedMs }: HistoryEntry): readonly Snapshot[] {
  const now = timestampOf(endedMs);
  const before = history.find((snapshot) => snapshot.digest === digest && snapshot.lastReconciledStatus === reason);
  const snapshot: Snapshot = {
    digest,
    firstReconciled: before?.firstReconciled ?? now,
    lastReconciled: now,
    lastReconciledDuration: formatDuration(Math.max(0, Math.round(endedMs - startedMs))),
    lastReconciledStatus: reason,
    totalReconciliations: (before?.totalReconciliations ?? 0) + 1,
    metadata,
  };
  return [snapshot, ...history.filter((other) => other !== before)].slice(0, MAX_SNAPSHOTS);
}
