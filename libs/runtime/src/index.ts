export { listen, type Listening } from "./bounded-server.ts";
export { collectEarly } from "./collect-early.ts";
export { COMMON_FLAGS, atLeast, commonConfig, eventsUrlOf, oneOf, type CommonConfig, type Host, type LeaderElectionConfig } from "./common-config.ts";
export { standardConditions, type ConditionChanges, type ConditionState } from "./conditions.ts";
export type { ControlledKind } from "./controlled-kind.ts";
export { Controller, type ControllerOptions, type ControllerShared } from "./controller.ts";
export {
  openControllerProcess,
  runControllerProcess,
  sharedByControllers,
  type ControllerParts,
  type ControllerProcess,
  type Surroundings,
} from "./controller-process.ts";
export type { Part } from "./manager.ts";
export type { HeldNotice, Notifier } from "./notifier.ts";
export { keyOf, splitKey, type ObjectCache } from "./object-cache.ts";
export { requeue, type Outcome, type Requeue } from "./outcome.ts";
export { Places } from "./places.ts";
export {
  reconcileOnce,
  removeOnce,
  withReason,
  type Failure,
  type Reconciler,
  type Removal,
  type Report,
  type Run,
  type StatusChange,
  type Timing,
  type Tools,
  type Verdict,
} from "./reconcile.ts";
export { runMain, type Main, type MainProcess } from "./run-main.ts";
export { serveJobs, workerPort, type Jobs } from "./serve-jobs.ts";
export { conditionsOf, statusPatch } from "./status.ts";
export { WorkerPool, type JobAnswer, type JobOptions, type WorkerPoolOptions } from "./worker-pool.ts";
export { allSynced, watched, watchParts, type WatchedOptions } from "./watched.ts";
