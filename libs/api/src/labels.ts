/** Name of the Kustomization that applied an object. */
export const OWNER_NAME_LABEL = "kustomize.toolkit.fluxcd.io/name";
/** Namespace of the Kustomization that applied an object. */
export const OWNER_NAMESPACE_LABEL = "kustomize.toolkit.fluxcd.io/namespace";
/** `Enabled` on a Secret or ConfigMap: its change wakes the objects that refer to it (spec/flux-core 0.5). */
export const WATCH_LABEL = "reconcile.fluxcd.io/watch";
