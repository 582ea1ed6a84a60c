/** Name of the Kustomization that applied an object. */
export const OWNER_NAME_LABEL = "kustomize.toolkit.fluxcd.io/name";
/** Namespace of the Kustomization that applied an object. */
export const OWNER_NAMESPACE_LABEL = "kustomize.toolkit.fluxcd.io/namespace";
/** `Enabled` on a Secret or ConfigMap: its change wakes the objects that refer to it (spec/flux-core 0.5). */
export const WATCH_LABEL = "reconcile.fluxcd.io/watch";
/**
 * What the `flux` command line finds definitions and Deployments by (`check`, `version`, `logs`, `migrate`, `uninstall`), and
 * the release of Flux whose kinds they are, which it shows.
 */
export const PART_OF_LABELS: Readonly<Record<string, string>> = { "app.kubernetes.io/part-of": "flux", "app.kubernetes.io/version": "v2.9" };
