import { createHash, randomUUID } from "node:crypto";
import { createKubeClient, inClusterAccess, readKubeconfig, type KubeAccess, type KubeConnection } from "@plumb/kube";
import { systemClock, ToolkitError, toToolkitError, type Clock, type Log } from "@plumb/std";
import { createLog, createMeter, measureProcess, type ExposedMeter } from "@plumb/telemetry";
import type { CommonConfig } from "./common-config.ts";
import type { ControllerShared } from "./controller.ts";
import { leaseLeadership, type FencedLeadership } from "./leadership.ts";
import { Manager, type Part } from "./manager.ts";
import type { Notifier } from "./notifier.ts";
import { HostPlaces, Places } from "./places.ts";
import { metricsPages, probePages, servePages } from "./probes-server.ts";
import { RunMetrics } from "./run-metrics.ts";

const VERSION = "0.1.0";

/** What a controller is given of the process that it is in. */
export interface Surroundings {
  /** The process's own file, which its workers start with. */
  readonly entry: URL;
  /** Arguments for Node in a worker; those of this process unless set. */
  readonly execArgv?: readonly string[] | undefined;
  /** Takes each line of the log; it goes to standard error unless set. */
  readonly writeLog?: ((line: string) => void) | undefined;
}

/** What every controller's process has, before there is anything of its own in it. */
export interface ControllerProcess {
  readonly name: string;
  readonly config: CommonConfig;
  readonly log: Log;
  readonly meter: ExposedMeter;
  readonly clock: Clock;
  /** Writes only while this process leads. */
  readonly client: KubeConnection;
  /** Writes on every replica: for what answers requests and not for reconcilers. The same as `client` without an election. */
  readonly unfenced: KubeConnection;
  readonly metrics: RunMetrics;
  readonly leadership: FencedLeadership | undefined;
}

/** What a controller adds. */
export interface ControllerParts {
  /** Servers and watches, which every replica runs. */
  readonly always: readonly Part[];
  readonly synced: (signal: AbortSignal) => Promise<void>;
  /** Reconcilers, which only the leader runs. */
  readonly leading: readonly Part[];
}

/**
 * Opens what a controller's process needs.
 *
 * @param name such as `kustomize-controller`
 * @throws {ToolkitError} when the cluster's address or credentials cannot be read
 */
export async function openControllerProcess(name: string, config: CommonConfig, { writeLog }: Pick<Surroundings, "writeLog">): Promise<ControllerProcess> {
  const log = createLog({ level: config.logLevel, encoding: config.logEncoding, write: writeLog });
  const meter = createMeter();
  const requests = meter.counter("rest_client_requests_total", "Number of HTTP requests, partitioned by status code, method, and host.");
  const access = await clusterAccess(config);
  const holder: { leadership: FencedLeadership | undefined } = { leadership: undefined };
  const connect = (mayWrite: () => boolean): KubeConnection =>
    createKubeClient({
      access,
      userAgent: `${name}/${VERSION}`,
      clock: systemClock,
      mayWrite,
      onWarning: (warning) => log.debug("the API server warns", { warning }),
      onRequest: ({ method, host, code }) => requests.add({ code, method, host }),
    });
  const client = connect(() => holder.leadership?.isLeading() ?? true);
  const unfenced = config.leaderElection.isEnabled ? connect(() => true) : client;
  holder.leadership = config.leaderElection.isEnabled ? lead(name, config, client, { log, meter }) : undefined;
  const metrics = new RunMetrics(meter, systemClock, config.concurrent);
  return { name, config, log, meter, clock: systemClock, client, unfenced, metrics, leadership: holder.leadership };
}

/** Runs until `signal` aborts and everything has stopped. @throws {ToolkitError} when a part failed or the lease was lost */
export async function runControllerProcess(shell: ControllerProcess, { always, synced, leading }: ControllerParts, signal: AbortSignal): Promise<void> {
  const { config, log, meter, client, unfenced, leadership } = shell;
  const stopMeasuring = measureProcess(meter);
  const manager = new Manager({ always, synced, leading, leadership, log });
  const health = await servePages(
    config.healthAddress,
    probePages(
      () => true,
      () => manager.phase === "standby" || manager.phase === "leading",
    ),
  );
  const metrics = await servePages(
    config.metricsAddress,
    metricsPages(() => meter.expose()),
  );
  log.info("starting", { program: shell.name, version: VERSION, namespace: config.namespace ?? "all", isElected: leadership !== undefined });
  log.info("listening", { server: "health", address: health.address });
  log.info("listening", { server: "metrics", address: metrics.address });
  signal.addEventListener("abort", () => log.info("stopping", { because: toToolkitError(signal.reason).message }), { once: true });
  try {
    await manager.run(signal);
  } finally {
    log.info("stopped");
    await Promise.all([health.close(), metrics.close()]);
    stopMeasuring();
    client.close();
    unfenced.close();
  }
}

/** What the controllers of one process share. */
export function sharedByControllers({ client, log, clock, config, metrics }: ControllerProcess, notifier: Notifier): ControllerShared {
  return {
    client,
    notifier,
    log,
    clock,
    metrics,
    places: new Places(config.concurrent),
    hosts: new HostPlaces(),
    backoff: config.backoff,
    jitterPercent: config.jitterPercent,
    random: Math.random,
  };
}

/** A kubeconfig where one is named, else what the kubelet gave the pod. */
async function clusterAccess({ kubeconfigPath, serviceHost, servicePort }: CommonConfig): Promise<KubeAccess> {
  const read =
    kubeconfigPath === undefined ? inClusterAccess({ host: serviceHost, port: servicePort }) : readKubeconfig(kubeconfigPath, { allowsInsecureTls: true });
  return (await read).access;
}

function lead(name: string, config: CommonConfig, client: KubeConnection, { log, meter }: Pick<ControllerProcess, "log" | "meter">): FencedLeadership {
  const { leaderElection, runtimeNamespace, instance, labelSelector } = config;
  if (runtimeNamespace === undefined) throw new ToolkitError("invalid", "--enable-leader-election needs RUNTIME_NAMESPACE");
  const shard = labelSelector === undefined ? "" : `-${createHash("sha256").update(labelSelector).digest("hex").slice(0, 8)}`;
  const leaseName = `${name}-leader-election${shard}`;
  const leadership = leaseLeadership({
    client,
    config: leaderElection,
    namespace: runtimeNamespace,
    leaseName,
    identity: `${instance}_${randomUUID()}`,
    clock: systemClock,
    log,
  });
  const help = "Whether the reporting process holds the lease of that name: 1 for the leader, 0 for one that stands by.";
  meter.gauge("leader_election_master_status", help, () => [[{ name: leaseName }, leadership.isLeading() ? 1 : 0]]);
  return leadership;
}
