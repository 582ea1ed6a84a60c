import { FORCE_ANNOTATION, groupVersionKind, PRUNE_ANNOTATION, RECONCILE_ANNOTATION, SSA_ANNOTATION, type Manifest } from "@plumb/api";
import { isObject } from "@plumb/std";

/** What an object's labels or annotations ask of an applier (spec/flux-core 2.2). */
export type ObjectPolicy = "reconcile-disabled" | "ssa-ignore" | "ssa-if-not-present" | "ssa-merge" | "force" | "prune-disabled";

const MARKS: Readonly<Record<ObjectPolicy, readonly [key: string, value: string]>> = {
  "reconcile-disabled": [RECONCILE_ANNOTATION, "disabled"],
  "ssa-ignore": [SSA_ANNOTATION, "ignore"],
  "ssa-if-not-present": [SSA_ANNOTATION, "ifnotpresent"],
  "ssa-merge": [SSA_ANNOTATION, "merge"],
  force: [FORCE_ANNOTATION, "enabled"],
  "prune-disabled": [PRUNE_ANNOTATION, "disabled"],
};

/** True when a label or an annotation of the object says so; values without regard to case. */
export function hasPolicy({ metadata }: Pick<Manifest, "metadata">, policy: ObjectPolicy): boolean {
  const [key, value] = MARKS[policy];
  return [metadata.labels, metadata.annotations].some((marks) => marks?.[key]?.toLowerCase() === value);
}

/** Neither applied nor deleted, whether Git or the cluster says so. */
export function isUnmanaged(object: Pick<Manifest, "metadata">): boolean {
  return hasPolicy(object, "reconcile-disabled") || hasPolicy(object, "ssa-ignore");
}

/** True for a Job that the cluster removes once it has ended. */
export function endsItself(object: Manifest): boolean {
  const { group, kind } = groupVersionKind(object);
  const spec: unknown = object["spec"];
  return group === "batch" && kind === "Job" && isObject(spec) && typeof spec["ttlSecondsAfterFinished"] === "number";
}

/** True for a Secret whose values SOPS has encrypted, unless it says that nobody is to decrypt it (K-034). */
export function isEncrypted(object: Manifest): boolean {
  if (object.apiVersion !== "v1" || object.kind !== "Secret" || object["sops"] === undefined) return false;
  return object.metadata.annotations?.["kustomize.toolkit.fluxcd.io/decrypt"]?.toLowerCase() !== "disabled";
}
