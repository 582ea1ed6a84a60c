import type { Alert } from "@plumb/api";
import { EventRecorder } from "@plumb/events";
import { Spool } from "@plumb/files";
import { createHttpClient, OPEN_ADDRESS_RULES, type HttpClient } from "@plumb/http";
import {
  allSynced,
  Controller,
  openControllerProcess,
  runControllerProcess,
  sharedByControllers,
  watchParts,
  type ControllerProcess,
  type Notifier,
  type Part,
  type Surroundings,
} from "@plumb/runtime";
import { ALERT_KIND, AlertReconciler } from "./alert/kind.ts";
import type { NotificationConfig } from "./config.ts";
import { deliver } from "./delivery/deliver.ts";
import { EventHandler } from "./intake/event-handler.ts";
import { eventServer } from "./intake/event-server.ts";
import type { AlertWarning } from "./intake/match.ts";
import { Outbox } from "./delivery/outbox.ts";
import { ProviderClients } from "./provider/clients.ts";
import { PROVIDER_KIND, providerReconciler } from "./provider/kind.ts";
import { ProviderSecretsCache } from "./provider/secrets-cache.ts";
import { RateLimiter } from "./intake/rate-limiter.ts";
import { readLabels } from "./intake/read-labels.ts";
import { newStamps } from "./receiver/annotate.ts";
import { RECEIVER_KIND, ReceiverReconciler } from "./receiver/kind.ts";
import { Tokens } from "./receiver/tokens.ts";
import { ReceiverHandler } from "./receiver/receiver-handler.ts";
import { receiverServer } from "./receiver/receiver-server.ts";
import { RequestMetrics } from "./web/request-metrics.ts";
import { afterSync, serverPart } from "./web/server-part.ts";
import { alertOf, alertsIn, clusterOf, providerOf, receiverAt, type Cluster } from "./stores.ts";
import { followReferences } from "./triggers.ts";

/** The pieces that others are made of. */
interface Base {
  readonly shell: ControllerProcess;
  readonly config: NotificationConfig;
  readonly cluster: Cluster;
  readonly events: Notifier;
  readonly tokens: Tokens;
  readonly secrets: ProviderSecretsCache;
  readonly synced: (signal: AbortSignal) => Promise<void>;
  /** Aborts when everything has stopped. */
  readonly end: AbortSignal;
}

const CONTROLLER = "notification-controller";
const OUTBOX_LIMITS = { maxEntries: 50_000, maxBytes: 256 * 1024 * 1024 };

/**
 * Wires the whole process and runs it until `signal` aborts.
 *
 * @throws {ToolkitError} when the outbox or the access to the cluster cannot be used, or a part fails
 */
export async function runNotificationController(config: NotificationConfig, surroundings: Pick<Surroundings, "writeLog">, signal: AbortSignal): Promise<void> {
  await using cleanup = new AsyncDisposableStack();
  const shell = await openControllerProcess(CONTROLLER, config, surroundings);
  const { log, clock, unfenced } = shell;
  const end = new AbortController();
  cleanup.defer(() => end.abort());
  const spool = await Spool.open(config.spoolPath, OUTBOX_LIMITS);
  cleanup.defer(() => spool.close());
  const http = createHttpClient();
  cleanup.defer(() => http.close());
  const clients = new ProviderClients(OPEN_ADDRESS_RULES);
  cleanup.defer(() => clients.close());

  const secretsSelector = config.watchesSecrets ? config.configsLabelSelector : undefined;
  const cluster = clusterOf({ client: unfenced, namespace: config.namespace, secretsSelector, log });
  const events = recorderOf(shell, config, http);
  const objects = [cluster.alerts, cluster.providers, cluster.receivers];
  const synced = (until: AbortSignal): Promise<void> => allSynced(objects, until);
  const base: Base = {
    shell,
    config,
    cluster,
    events,
    tokens: new Tokens(unfenced, () => clock.monotonicMs()),
    secrets: new ProviderSecretsCache(unfenced, clock),
    synced,
    end: end.signal,
  };
  const outbox = outboxOf(base, spool, clients);
  const { controllers, reconcilers } = controllersOf(base);
  cleanup.defer(followReferences(cluster, { outbox, secrets: base.secrets, tokens: base.tokens, ...controllers }));
  const { secrets } = cluster;
  const watches = watchParts([...objects, ...(secrets === undefined ? [] : [secrets])]);
  await runControllerProcess(
    shell,
    { always: [...serversOf(base, outbox), ...watches, events, afterSync(synced, outbox)], synced, leading: reconcilers },
    signal,
  );
}

/** Writes Kubernetes Events alone: what it posted would come back to this very process. */
function recorderOf({ unfenced: client, clock, log, meter }: ControllerProcess, { instance }: NotificationConfig, http: HttpClient): EventRecorder {
  return new EventRecorder({ reporter: { controller: CONTROLLER, instance }, client, eventsUrl: undefined, http, spool: undefined, clock, log, meter });
}

function outboxOf({ shell: { log, meter, clock }, cluster, events, secrets }: Base, spool: Spool, clients: ProviderClients): Outbox {
  const directory = {
    alert: (namespace: string, name: string) => alertOf(cluster, namespace, name),
    provider: (namespace: string, name: string) => providerOf(cluster, namespace, name),
  };
  const outbox = new Outbox({
    spool,
    clock,
    log,
    attempt: (delivery, signal) =>
      deliver(
        delivery,
        { directory, clock, secretsOf: (provider, until) => secrets.get(provider, until), httpFor: (settings) => clients.get(settings) },
        signal,
      ),
    warn: ({ alert: { namespace, name } }, reason, message) => {
      const alert = directory.alert(namespace, name);
      if (alert !== undefined) warn(events, { alert, reason, message });
    },
    finished: meter.counter("plumb_notifications_total", "Events that left the outbox, by what became of them."),
  });
  meter.gauge("plumb_notifications_waiting", "Events that wait in the outbox.", () => outbox.count);
  return outbox;
}

/** Both servers run on every replica (N-002). */
function serversOf({ shell: { unfenced: client, log, meter, clock }, config, cluster, events, tokens, synced, end }: Base, outbox: Outbox): readonly Part[] {
  const allowsCrossNamespace = config.allowCrossNamespace;
  const intake = new EventHandler({
    alerts: () => alertsIn(cluster),
    labelsOf: (event, signal) => readLabels(client, event, signal),
    limiter: new RateLimiter(config.rateLimitIntervalMs),
    warn: (warning) => warn(events, warning),
    synced,
    outbox,
    allowsCrossNamespace,
    clock,
    log,
  });
  const hooks = new ReceiverHandler({
    client,
    tokens,
    log,
    allowsCrossNamespace,
    stamp: newStamps(() => clock.nowMs()),
    receiverAt: (path) => receiverAt(cluster, path),
  });
  const metrics = (prefix: "gotk_event" | "gotk_receiver", handler: string): RequestMetrics =>
    new RequestMetrics(meter, prefix, config.exportsHttpPaths ? undefined : handler);
  return [
    serverPart("events", eventServer(intake, metrics("gotk_event", "/"), end), config.eventsListenAddress, { log, clock }),
    serverPart("receiver", receiverServer(hooks, metrics("gotk_receiver", "/hook/"), end), config.receiverAddress, { log, clock }),
  ];
}

interface Controllers {
  readonly receivers: { enqueue(key: string): void };
  readonly alerts: { enqueue(key: string): void };
}

function controllersOf({ shell, cluster, events, tokens }: Base): { readonly controllers: Controllers; readonly reconcilers: readonly Part[] } {
  const { client } = shell;
  const shared = sharedByControllers(shell, events);
  const named = (alert: Alert): ReturnType<typeof providerOf> => providerOf(cluster, alert.metadata.namespace ?? "", alert.spec.providerRef.name);
  const receivers = new Controller({ ...shared, kind: RECEIVER_KIND, cache: cluster.receivers, reconciler: new ReceiverReconciler(client, tokens) });
  const alerts = new Controller({ ...shared, kind: ALERT_KIND, cache: cluster.alerts, reconciler: new AlertReconciler(client, named) });
  const providers = new Controller({ ...shared, kind: PROVIDER_KIND, cache: cluster.providers, reconciler: providerReconciler });
  return {
    controllers: { receivers, alerts },
    reconcilers: [
      { name: "receiver", run: (signal) => receivers.run(signal) },
      { name: "alert", run: (signal) => alerts.run(signal) },
      { name: "provider", run: (signal) => providers.run(signal) },
    ],
  };
}

function warn(events: Notifier, { alert, reason, message, metadata }: AlertWarning & { readonly metadata?: Readonly<Record<string, string>> }): void {
  void events.notify(alert, [{ severity: "error", reason, message, ...(metadata !== undefined && { metadata }) }]);
}
