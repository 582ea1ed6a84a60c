import { inject } from "vitest";

/** The one cluster that the suites of a run share. A suite keeps to namespaces of its own. */
export type SharedCluster =
  | {
      /** Real etcd and kube-apiserver, every controller, simulated nodes. */
      readonly kind: "own";
      readonly kubeconfig: string;
      readonly kubectl: string;
      readonly url: string;
      readonly token: string;
      /** PEM. */
      readonly ca: string;
    }
  /** The cluster that `KUBECONFIG` names; it may be anybody's. */
  | { readonly kind: "foreign"; readonly kubeconfig: string }
  /** The embedded API server, as a process. */
  | { readonly kind: "embedded"; readonly kubeconfig: string }
  | { readonly kind: "absent"; readonly reason: string };

declare module "vitest" {
  interface ProvidedContext {
    cluster: SharedCluster;
  }
}

export function sharedCluster(): SharedCluster {
  return inject("cluster");
}
