export { findBinaries, type Binaries, type BuildOptions } from "./build.ts";
export { HttpsClient, type HttpsAnswer, type ServerAccess } from "./https-client.ts";
export { simulateNode } from "./node-simulator.ts";
export { ProcessGroup, type RunningProcess } from "./process-group.ts";
export { freePorts, LIFECYCLE_CONTROLLERS, startControlPlane, WORKLOAD_CONTROLLERS, type ControlPlane, type StartOptions } from "./start.ts";
