export { findPeers, type Peers } from "./build.ts";
export { fluxPrograms } from "./programs.ts";
