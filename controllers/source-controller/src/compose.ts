import { ArtifactStore } from "@plumb/archive";
import { EventRecorder } from "@plumb/events";
import { Folder, Spool } from "@plumb/files";
import { createHttpClient, proxyFromEnvironment } from "@plumb/http";
import type { Store } from "@plumb/kube";
import {
  allSynced,
  Controller,
  listen,
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
import { advertisedHost, type SourceConfig } from "./config.ts";
import { GitClients } from "./git-repository/clients.ts";
import { GIT_REPOSITORY_KIND, gitRepositoryReconciler } from "./git-repository/kind.ts";
import type { ObserveOptions } from "./git-repository/observe.ts";
import { PACK_JOB, type PackAnswer } from "./git-repository/pack-job.ts";
import { artifactServer } from "./server.ts";

const NAME = "source-controller";
const WORKER_MEMORY_MB = 768;
const SPOOL_LIMITS = { maxEntries: 10_000, maxBytes: 64 * 1024 * 1024 };

/** The whole wiring. Runs until `signal` aborts. @throws {ToolkitError} when the cluster, the storage or an address cannot be used */
export async function runSourceController(config: SourceConfig, surroundings: Surroundings, signal: AbortSignal): Promise<void> {
  const shell = await openControllerProcess(NAME, config, surroundings);
  const { client, log, meter, clock } = shell;
  const { namespace, labelSelector } = config;
  await using cleanup = new AsyncDisposableStack();
  const folder = await Folder.open(config.storagePath);
  const spool = config.spoolPath === undefined ? undefined : await Spool.open(config.spoolPath, SPOOL_LIMITS);
  cleanup.defer(() => spool?.close());
  const http = createHttpClient({ proxy: proxyFromEnvironment(config.proxyEnvironment) });
  cleanup.defer(() => http.close());
  const reporter = { controller: NAME, instance: config.instance };
  const events = new EventRecorder({ client, http, spool, clock, log, meter, reporter, eventsUrl: config.eventsUrl });
  const repositories = watched(GIT_REPOSITORY_KIND.resource, { client, log, namespace, labelSelector });
  const leading = [sourcesPart({ config, shell, surroundings, folder, events, repositories })];
  const synced = (until: AbortSignal): Promise<void> => allSynced([repositories], until);
  await runControllerProcess(shell, { always: [...watchParts([repositories]), events], synced, leading }, signal);
}

interface SourcesOptions {
  readonly config: SourceConfig;
  readonly shell: ControllerProcess;
  readonly surroundings: Surroundings;
  readonly folder: Folder;
  readonly events: EventRecorder;
  readonly repositories: Store;
}

/** The file server and the reconciler, which only the leader runs (S-001). The port must be known before a URL is written. */
function sourcesPart({ config, shell, surroundings: { entry, execArgv }, folder, events, repositories }: SourcesOptions): Part {
  const { log, clock, client } = shell;
  const { retentionTtlMs, retentionRecords } = config;
  return {
    name: "sources",
    async run(signal) {
      const listening = await listen(artifactServer(folder, log), config.storageAddress);
      log.info("listening", { server: "storage", address: listening.address });
      const host = advertisedHost(config, listening.address);
      const pool = new WorkerPool({ entry, execArgv, threads: config.concurrent, memoryLimitMb: WORKER_MEMORY_MB, clock });
      const clients = new GitClients(config.proxyEnvironment);
      const discoveries: ObserveOptions["discoveries"] = new Map();
      const store = new ArtifactStore({ folder, advertisedHost: host, retentionTtlMs, retentionRecords, clock });
      const controller = new Controller({
        ...sharedByControllers(shell, events),
        kind: GIT_REPOSITORY_KIND,
        cache: repositories,
        forget: (key) => discoveries.delete(key),
        reconciler: gitRepositoryReconciler({
          client,
          store,
          clients,
          discoveries,
          storagePath: folder.root,
          advertisedHost: host,
          digestAlgorithm: config.digestAlgorithm,
          proxyEnvironment: config.proxyEnvironment,
          // why: the worker runs the same file, whose job by this name answers in this form
          pack: async (job, options) => (await pool.run(PACK_JOB, job, options)) as PackAnswer,
        }),
      });
      try {
        await controller.run(signal);
      } finally {
        clients.close();
        await Promise.all([pool.close(), listening.close()]);
      }
    },
  };
}
