export { createKubeClient, type KubeClientOptions, type KubeConnection } from "./client.ts";
export { follow, isBehind, type Delta, type Followed, type Replaced } from "./follow.ts";
export type { Credential, Impersonation, KubeAccess } from "./kube-access.ts";
export type {
  ApplyOptions,
  CreateOptions,
  DeleteOptions,
  KubeClient,
  ListOptions,
  ObjectList,
  ObjectName,
  PatchOptions,
  Resource,
  ResourceName,
  WatchEvent,
  WatchOptions,
} from "./kube-client.ts";
export { isForbidden, isUnauthenticated, kubeDetails, type KubeCause, type KubeDetails } from "./kube-error.ts";
export { LeaderLease, type LeaseOptions } from "./lease.ts";
export { readSecretData, type SecretData } from "./read-secret-data.ts";
export type { RequestReport } from "./requester.ts";
export { leanObject, Store, type StoreChange, type StoreOptions } from "./store.ts";
export { inClusterAccess, type InClusterOptions } from "./in-cluster.ts";
export { readKubeconfig, readKubeconfigDocument, type KubeconfigAccess, type KubeconfigOptions } from "./kubeconfig.ts";
