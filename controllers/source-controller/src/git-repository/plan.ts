import type { Artifact, GitRepository, GitRepositoryStatus } from "@plumb/api";
import type { Verdict } from "@plumb/runtime";
import type { GitSeen, Remote } from "./observe.ts";
import { failedReport, refusedReport } from "./report.ts";

type PackReason = "first" | "moved" | "respecified" | "lost";

export type GitPlan =
  | { readonly kind: "keep"; readonly artifact: Artifact }
  | { readonly kind: "pack"; readonly because: PackReason; readonly from: Extract<Remote, { kind: "resolved" }> };

/** Decides whether a new artifact is needed. Pure; the first reason that holds is the one reported. */
export function planGitRepository(obj: GitRepository, seen: GitSeen): Verdict<GitPlan, GitRepositoryStatus> {
  if (seen.kind === "refused") return { kind: "halt", report: refusedReport(seen.refusal) };
  const { published, remote } = seen;
  if (remote.kind === "failed") return { kind: "halt", report: failedReport(remote.error, seen) };
  const because = packReason(obj, seen, remote.resolved.revision);
  if (because === undefined && published !== undefined) return { kind: "proceed", plan: { kind: "keep", artifact: published.artifact } };
  return { kind: "proceed", plan: { kind: "pack", because: because ?? "first", from: remote } };
}

function packReason({ spec, status }: GitRepository, { published }: Extract<GitSeen, { kind: "seen" }>, remoteRevision: string): PackReason | undefined {
  if (published === undefined) return "first";
  if (published.artifact.revision !== remoteRevision) return "moved";
  if (spec.ignore !== status?.observedIgnore) return "respecified";
  return published.onDisk === "verified" ? undefined : "lost";
}
