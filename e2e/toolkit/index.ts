export { ApiProxy, type Interrupt, type Interruption, type ProxiedRequest } from "./api-proxy.ts";
export { bundleOf, writeBundles, type ControllerName } from "./bundles.ts";
export { at, ClusterClient, conditionOf, isReady, isReadyAt, type Target } from "./cluster-client.ts";
export { CommandLine, onPath } from "./command-line.ts";
export { ControllerProcess } from "./controller-process.ts";
export {
  alerting,
  ALERT_VERSION,
  configMapFile,
  deploymentFile,
  gitRepository,
  kustomization,
  KUSTOMIZE_VERSION,
  NOTIFICATION_VERSION,
  SOURCE_VERSION,
  targetOf,
  text,
} from "./objects.ts";
export { BUNDLES, type Programs } from "./programs.ts";
export { Sink, type SinkMessage } from "./sink.ts";
export { definitions, START_ORDER, Toolkit, type ToolkitOptions } from "./toolkit.ts";
export { GIVE_UP_MS, until } from "./until.ts";
