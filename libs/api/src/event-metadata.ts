import type { JsonValue } from "@plumb/std";

/** Metadata with this group in its key comes from an annotation of the object or is meant for every receiver (C-029, N-008). */
export const EVENT_GROUP = "event.toolkit.fluxcd.io";

/** Keys of event metadata without the group that is put before them: `<group>/<key>` (spec/flux-core 0.8). */
export const EVENT_KEY = {
  Revision: "revision",
  OriginRevision: "originRevision",
  /** Makes two events with equal words different ones; removed before an event is sent on. */
  Token: "token",
  /** `update` marks an event that is meant for commit statuses and generic web-hooks. */
  CommitStatus: "commit_status",
  /** Given up upstream, dropped on arrival. */
  Checksum: "checksum",
  Digest: "digest",
} as const;

/** Keys of what is told about one drift, without their group. */
export const DRIFT_KEY = {
  /** The same for detection and resolution. */
  Id: "drift-id",
  /** `Kind/namespace/name` of the object that drifted. */
  Object: "drift-object",
  /** JSON array of at most ten DriftChange values, and a last element that is the number of those left out, if any are. */
  Changes: "drift-changes",
  /** Field managers, separated by `, `; `unknown` where the server names none. */
  Managers: "drift-managers",
  /** RFC 3339. */
  DetectedAt: "drift-detected-at",
} as const;

/** One field that drifted, as `drift-changes` has it. */
export interface DriftChange {
  /** JSON pointer below the object, such as `/spec/replicas`. */
  readonly path: string;
  /** Value in the source; absent where the source has none. The word `changed` stands for a secret one. */
  readonly desired?: JsonValue;
  /** Value in the cluster, in the same form. */
  readonly live?: JsonValue;
}
