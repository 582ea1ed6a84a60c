/** A changed value asks for a reconcile and is copied into `status.lastHandledReconcileAt` (spec/flux-core 0.5). */
export const REQUESTED_AT_ANNOTATION = "reconcile.fluxcd.io/requestedAt";
/** `disabled` keeps variables in an object from being substituted. */
export const SUBSTITUTE_ANNOTATION = "kustomize.toolkit.fluxcd.io/substitute";
/** `disabled` keeps an object from being pruned. */
export const PRUNE_ANNOTATION = "kustomize.toolkit.fluxcd.io/prune";
/** `disabled` keeps an object from being applied. */
export const RECONCILE_ANNOTATION = "kustomize.toolkit.fluxcd.io/reconcile";
/** `Override`, `Merge`, `IfNotPresent` or `Ignore`. */
export const SSA_ANNOTATION = "kustomize.toolkit.fluxcd.io/ssa";
/** `enabled` lets an object be deleted and created anew where it cannot be changed. */
export const FORCE_ANNOTATION = "kustomize.toolkit.fluxcd.io/force";
/** `enforce` (default) corrects drift, `observe` reports it. On a Kustomization or on one object. */
export const DRIFT_ANNOTATION = "plumb.dev/drift";
