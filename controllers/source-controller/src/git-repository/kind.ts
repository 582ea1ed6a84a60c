import { GIT_REPOSITORY, type GitRepository, type GitRepositoryStatus } from "@plumb/api";
import type { ControlledKind, Reconciler } from "@plumb/runtime";
import { actOnGitRepository, ownerOf, type ActOptions, type GitDone } from "./act.ts";
import { observeGitRepository, type GitSeen, type ObserveOptions } from "./observe.ts";
import { planGitRepository, type GitPlan } from "./plan.ts";
import { explainGitRepository, reportGitRepository } from "./report.ts";

export const GIT_REPOSITORY_KIND: ControlledKind = {
  resource: { group: GIT_REPOSITORY.group, version: GIT_REPOSITORY.version, plural: GIT_REPOSITORY.plural },
  kind: GIT_REPOSITORY.kind,
  apiVersion: `${GIT_REPOSITORY.group}/${GIT_REPOSITORY.version}`,
  isFinalized: true,
  hasStatus: true,
  fieldManager: "source-controller",
  isSeenSuspended: true,
};

export interface GitRepositoryOptions extends ObserveOptions, ActOptions {}

export type GitRepositoryReconciler = Reconciler<GitRepository, GitSeen, GitPlan, GitDone, GitRepositoryStatus>;

export function gitRepositoryReconciler(options: GitRepositoryOptions): GitRepositoryReconciler {
  return {
    observe: (obj, tools) => observeGitRepository(obj, tools, options),
    plan: planGitRepository,
    act: (obj, plan, tools) => actOnGitRepository(obj, plan, tools, options),
    report: reportGitRepository,
    explain: (_obj, failure) => explainGitRepository(failure),
    async remove(obj) {
      const isThere = await options.store.removeAll(ownerOf(obj));
      const notice = { severity: "trace", reason: "GarbageCollectionSucceeded", message: "garbage collected artifacts for deleted resource" } as const;
      return { kind: "removed", notices: isThere ? [notice] : [] };
    },
  };
}
