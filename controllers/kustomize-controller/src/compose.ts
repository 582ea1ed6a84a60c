import { availableParallelism } from "node:os";
import { KUSTOMIZATION, type DesiredObject, type Kustomization } from "@plumb/api";
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
  type ControllerProcess,
  type Part,
  type Surroundings,
} from "@plumb/runtime";
import { pause, toToolkitError, type Clock, type Log } from "@plumb/std";
import { cachedArtifacts } from "./artifacts.ts";
import { WorkerBuilds } from "./builds.ts";
import type { KustomizeConfig } from "./config.ts";
import { DriftCorrector } from "./drift/drift-corrector.ts";
import { Attempts } from "./kustomization/attempts.ts";
import type { Find } from "./kustomization/contracts.ts";
import { HealthWaits } from "./kustomization/health-waits.ts";
import { forgetKustomization, KUSTOMIZATION_KIND, kustomizationReconciler, type KustomizationOptions } from "./kustomization/kind.ts";
import { asKustomization, KUSTOMIZATION_INDEXES, triggers, type TriggerOptions } from "./triggers.ts";

/** Unpacked bytes of artifacts kept although nobody stands on them. */
const CACHE_BYTES = 512 * 1024 * 1024;
const SWEEP_EVERY_MS = 3_600_000;
const WORKER_MEMORY_MB = 512;
const SPOOL_LIMITS = { maxEntries: 10_000, maxBytes: 64 * 1024 * 1024 };

/** The source kinds that are watched; the others of the CRD are later work and read as not enabled. */
const SOURCES: readonly (readonly [kind: string, resource: ResourceName])[] = [
  ["GitRepository", { group: "source.toolkit.fluxcd.io", version: "v1", plural: "gitrepositories" }],
];

type Enqueue = TriggerOptions["enqueue"];

/** The pieces that others are made of. */
interface Base {
  readonly shell: ControllerProcess;
  readonly config: KustomizeConfig;
  readonly recorder: EventRecorder;
  readonly cache: ArtifactCache;
  readonly builds: WorkerBuilds;
  readonly baselines: Baselines;
  readonly hub: WatchHub;
  readonly sources: ReadonlyMap<string, Store>;
  readonly kustomizations: Store;
  /** The watched Kustomizations, typed. */
  readonly find: Find<Kustomization>;
}

/** The whole kustomize-controller: from its settings to its end. @throws {ToolkitError} when it cannot start, or a part of it fails */
export async function runKustomizeController(config: KustomizeConfig, surroundings: Surroundings, signal: AbortSignal): Promise<void> {
  const shell = await openControllerProcess("kustomize-controller", config, surroundings);
  const { client, clock, log, meter } = shell;
  const { namespace, labelSelector } = config;
  // why: what was opened is closed when the next thing cannot be, or its threads would keep a process that has failed
  await using cleanup = new AsyncDisposableStack();
  const http = createHttpClient({});
  cleanup.defer(() => http.close());
  const spool = config.spoolPath === undefined ? undefined : await Spool.open(config.spoolPath, SPOOL_LIMITS);
  cleanup.defer(() => spool?.close());
  const reporter = { controller: shell.name, instance: config.instance };
  const recorder = new EventRecorder({ client, http, spool, clock, log, meter, reporter, eventsUrl: config.eventsUrl });
  const threads = Math.max(2, availableParallelism() - 1);
  const pool = new WorkerPool({ entry: surroundings.entry, execArgv: surroundings.execArgv, threads, memoryLimitMb: WORKER_MEMORY_MB, clock });
  cleanup.defer(() => pool.close());
  const cache = await ArtifactCache.open({ root: config.cachePath, http, clock, maxBytes: CACHE_BYTES, retries: config.httpRetries });
  const sources = new Map(SOURCES.map(([kind, resource]) => [kind, watched(resource, { client, log, namespace })]));
  const kustomizations = watched(KUSTOMIZATION_KIND.resource, { client, log, namespace, labelSelector, indexes: KUSTOMIZATION_INDEXES });
  const { drift, leading } = leadingOf({
    shell,
    config,
    recorder,
    cache,
    builds: new WorkerBuilds(pool),
    baselines: new Baselines(),
    hub: new WatchHub(client),
    sources,
    kustomizations,
    find: { get: (inNamespace, name) => asOptional(kustomizations.get(inNamespace, name)) },
  });
  cleanup.defer(() => drift.close());
  const stores = [...sources.values(), kustomizations];
  await runControllerProcess(shell, { always: [recorder, ...watchParts(stores)], synced: (until) => allSynced(stores, until), leading }, signal);
}

/** What only the leader runs, and the watches for drift, which outlast its terms. */
function leadingOf(base: Base): { readonly drift: DriftWatch; readonly leading: readonly Part[] } {
  const { shell, config, recorder, builds, baselines, hub, sources, kustomizations, find } = base;
  const { client, clock, log, meter } = shell;
  const { overrideManagers } = config;
  const enqueue: Enqueue = (key, isStillDue) => controller.enqueue(key, isStillDue);
  const desired = (key: string): Iterable<DesiredObject> => builds.desired(key);
  const corrector = new DriftCorrector({ client, baselines, clock, log, meter, enqueue, kustomizations: find, notifier: recorder, overrideManagers, desired });
  const drift = new DriftWatch({ client, hub, baselines, clock, ring: (ring) => corrector.ring(ring) });
  const options = reconcilerOptions(base, drift, corrector, enqueue);
  const controller = new Controller({
    ...sharedByControllers(shell, recorder),
    kind: KUSTOMIZATION_KIND,
    cache: kustomizations,
    reconciler: kustomizationReconciler(options),
    forget: (key) => forgetKustomization(key, options),
  });
  const { attempts } = options;
  return {
    drift,
    leading: [
      triggers({ sources, kustomizations, attempts, log, enqueue, reconsider: (owner) => corrector.reconsider(owner) }),
      corrector,
      sweeping(drift, clock, log),
      { name: KUSTOMIZATION.kind, run: (until) => controller.run(until) },
    ],
  };
}

function reconcilerOptions(base: Base, drift: DriftWatch, corrections: DriftCorrector, enqueue: Enqueue): KustomizationOptions {
  const { shell, config, cache, builds, baselines, hub, sources, kustomizations, find } = base;
  const { client, clock } = shell;
  const { concurrentSsa: concurrency, customStageKinds, overrideManagers, allowCrossNamespace, requeueDependencyMs } = config;
  const waits = new HealthWaits(clock);
  return {
    client,
    baselines,
    builds,
    drift,
    corrections,
    applier: new Applier({ client, baselines, concurrency, customStageKinds, overrideManagers, isWatched: (key) => drift.isWatched(key) }),
    artifacts: cachedArtifacts(cache, config.sourceHost),
    health: new HealthChecks({ client, hub, clock, wake: (key) => enqueue(key, () => waits.isWaiting(key)) }),
    waits,
    attempts: new Attempts(),
    hasDependents: (key) => kustomizations.byIndex("dependency", key).length > 0,
    world: { sources, kustomizations: find, allowCrossNamespace, requeueDependencyMs },
  };
}

/** Looks at every object once an hour, whatever the watches say. */
function sweeping(drift: DriftWatch, clock: Clock, log: Log): Part {
  return {
    name: "sweep",
    async run(signal) {
      while (!signal.aborted) {
        await pause(SWEEP_EVERY_MS, clock, signal);
        if (signal.aborted) return;
        await drift.sweep(signal).catch((thrown: unknown) => {
          if (!signal.aborted) log.error("objects could not be compared by value, that is tried again in an hour", { error: toToolkitError(thrown).message });
        });
      }
    },
  };
}

function asOptional(object: ReturnType<Store["get"]>): ReturnType<typeof asKustomization> | undefined {
  return object === undefined ? undefined : asKustomization(object);
}
