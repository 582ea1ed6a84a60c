export { sharedCluster, type SharedCluster } from "./shared-cluster.ts";
