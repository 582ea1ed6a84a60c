import { availableParallelism } from "node:os";
import { KUSTOMIZATION } from "@plumb/api";
import { ArtifactCache } from "@plumb/archive";
import { Applier, Baselines, DriftWatch, HealthChecks, WatchHub } from "@plumb/apply";
import { EventRecorder } from "@plumb/events";
import { Spool } from "@plumb/files";
import { createHttpClient } from "@plumb/http";
import type { ResourceName, Store } from "@plumb/kube";
import {
  allSynced,
  Controller,
  openControllerProcess,
  runControllerProcess,
  sharedByControllers,
  watched,
  watchParts,
  WorkerPool,
  type Part,
  type Surroundings,
} from "@plumb/runtime";
import { pause, toToolkitError, type Clock, type Log } from "@plumb/std";
import { cachedArtifacts } from "./artifacts.ts";
import { WorkerBuilds } from "./builds.ts";
import type { KustomizeConfig } from "./config.ts";
import { DriftCorrector } from "./drift/drift-corrector.ts";
import { Attempts } from "./kustomization/attempts.ts";
import { HealthWaits } from "./kustomization/health-waits.ts";
import { forgetKustomization, KUSTOMIZATION_KIND, kustomizationReconciler } from "./kustomization/kind.ts";
import { asKustomization, KUSTOMIZATION_INDEXES, triggers } from "./triggers.ts";

/** Unpacked bytes of artifacts kept although nobody stands on them. */
const CACHE_BYTES = 512 * 1024 * 1024;
const SWEEP_EVERY_MS = 3_600_000;
const WORKER_MEMORY_MB = 512;
const SPOOL_LIMITS = { maxEntries: 10_000, maxBytes: 64 * 1024 * 1024 };

/** The source kinds that are watched; the others of the CRD are later work and read as not enabled. */
const SOURCES: readonly (readonly [kind: string, resource: ResourceName])[] = [
  ["GitRepository", { group: "source.toolkit.fluxcd.io", version: "v1", plural: "gitrepositories" }],
];

/** The whole kustomize-controller: from its settings to its end. @throws {ToolkitError} when it cannot start, or a part of it fails */
export async function runKustomizeController(config: KustomizeConfig, surroundings: Surroundings, signal: AbortSignal): Promise<void> {
  const shell = await openControllerProcess("kustomize-controller", config, surroundings);
  const { client, clock, log, meter } = shell;
  // why: what was opened is closed when the next thing cannot be, or its threads would keep a process that has failed
  await using cleanup = new AsyncDisposableStack();
  const http = createHttpClient({});
  cleanup.defer(() => http.close());
  const spool = config.spoolPath === undefined ? undefined : await Spool.open(config.spoolPath, SPOOL_LIMITS);
  cleanup.defer(() => spool?.close());
  const recorder = new EventRecorder({
    client,
    http,
    spool,
    clock,
    log,
    meter,
    reporter: { controller: shell.name, instance: config.instance },
    eventsUrl: config.eventsUrl,
  });
  const pool = new WorkerPool({
    entry: surroundings.entry,
    execArgv: surroundings.execArgv,
    threads: Math.max(2, availableParallelism() - 1),
    memoryLimitMb: WORKER_MEMORY_MB,
    clock,
  });
  cleanup.defer(() => pool.close());

  const { namespace, labelSelector } = config;
  const sources = new Map(SOURCES.map(([kind, resource]) => [kind, watched(resource, { client, log, namespace })]));
  const kustomizations = watched(KUSTOMIZATION_KIND.resource, { client, log, namespace, labelSelector, indexes: KUSTOMIZATION_INDEXES });
  const baselines = new Baselines();
  const builds = new WorkerBuilds(pool);
  const cache = await ArtifactCache.open({ root: config.cachePath, http, clock, maxBytes: CACHE_BYTES, retries: config.httpRetries });
  const find = { get: (namespace: string, name: string) => asOptional(kustomizations.get(namespace, name)) };
  const enqueue = (key: string, isStillDue?: () => boolean): void => controller.enqueue(key, isStillDue);
  const attempts = new Attempts();
  const waits = new HealthWaits(clock);
  const hub = new WatchHub(client);
  const corrector = new DriftCorrector({
    client,
    baselines,
    clock,
    log,
    meter,
    enqueue,
    kustomizations: find,
    notifier: recorder,
    overrideManagers: config.overrideManagers,
    desired: (key) => builds.desired(key),
  });
  const drift = new DriftWatch({ client, hub, baselines, clock, ring: (ring) => corrector.ring(ring) });
  cleanup.defer(() => drift.close());
  const options = {
    client,
    baselines,
    builds,
    drift,
    corrections: corrector,
    applier: new Applier({
      client,
      baselines,
      concurrency: config.concurrentSsa,
      customStageKinds: config.customStageKinds,
      overrideManagers: config.overrideManagers,
      isWatched: (key) => drift.isWatched(key),
    }),
    artifacts: cachedArtifacts(cache, config.sourceHost),
    health: new HealthChecks({ client, hub, clock, wake: (key) => enqueue(key, () => waits.isWaiting(key)) }),
    waits,
    attempts,
    hasDependents: (key: string) => kustomizations.byIndex("dependency", key).length > 0,
    world: {
      sources,
      kustomizations: find,
      allowCrossNamespace: config.allowCrossNamespace,
      requeueDependencyMs: config.requeueDependencyMs,
    },
  };
  const controller = new Controller({
    ...sharedByControllers(shell, recorder),
    kind: KUSTOMIZATION_KIND,
    cache: kustomizations,
    reconciler: kustomizationReconciler(options),
    forget: (key) => forgetKustomization(key, options),
  });
  const reconciling: Part = { name: KUSTOMIZATION.kind, run: (until) => controller.run(until) };
  const stores = [...sources.values(), kustomizations];
  await runControllerProcess(
    shell,
    {
      always: [recorder, ...watchParts(stores)],
      synced: (until) => allSynced(stores, until),
      leading: [
        triggers({ sources, kustomizations, attempts, log, enqueue, reconsider: (owner) => corrector.reconsider(owner) }),
        corrector,
        sweeping(drift, clock, log),
        reconciling,
      ],
    },
    signal,
  );
}

/** Looks at every object once an hour, whatever the watches say. */
function sweeping(drift: DriftWatch, clock: Clock, log: Log): Part {
  return {
    name: "sweep",
    async run(signal) {
      while (!signal.aborted) {
        await pause(SWEEP_EVERY_MS, clock, signal);
        if (!signal.aborted) await drift.sweep(signal).catch((thrown: unknown) => log.error("sweep failed", { error: toToolkitError(thrown).message }));
      }
    },
  };
}

function asOptional(object: ReturnType<Store["get"]>): ReturnType<typeof asKustomization> | undefined {
  return object === undefined ? undefined : asKustomization(object);
}
