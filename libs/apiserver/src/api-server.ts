import { systemClock, timestampOf, type Clock } from "@plumb/std";
import { DefinitionController } from "./crd/definition-controller.ts";
import { Discovery } from "./discovery/discovery.ts";
import { handleRequest, type ApiParts } from "./http/api-handler.ts";
import type { ApiRequest, ApiResponse } from "./http/message.ts";
import { bootstrap } from "./kinds/bootstrap.ts";
import { builtinResources } from "./kinds/builtin-resources.ts";
import { Registry } from "./kinds/registry.ts";
import { GarbageCollector } from "./lifecycle/garbage-collector.ts";
import { NamespaceController } from "./lifecycle/namespace-controller.ts";
import { Knobs } from "./knobs.ts";
import type { WriteContext } from "./resource.ts";
import { listen, type Listening } from "./server.ts";
import { Store } from "./storage/store.ts";
import { Allocations } from "./strategies/allocations.ts";
import { WorkloadSimulator } from "./workloads/simulator.ts";
import { ObjectDeleter } from "./write/deleter.ts";
import { ObjectWriter } from "./write/writer.ts";

export interface ApiServerOptions {
  /** Bearer tokens that are let in, all with every right; none lets everybody in. */
  readonly tokens?: readonly string[];
  /** PEM; without it the server speaks plain HTTP. */
  readonly tls?: { readonly key: string; readonly cert: string };
  readonly clock?: Clock;
  /**
   * Workloads are simulated unless it is `false`: pods are bound and become ready, whatever owns them gets its status.
   * `podStartMs` is how long a pod takes, 100 when left out.
   */
  readonly workloads?: false | { readonly podStartMs?: number };
  /** Changes that are kept for watches, of each kind. */
  readonly eventsKept?: number;
}

/** A Kubernetes API server in this process. */
export interface ApiServer {
  /** Answers one request without a socket. */
  handle(request: ApiRequest): Promise<ApiResponse>;
  /** Serves on a port of `host`, which is 127.0.0.1 when left out. */
  listen(port: number, host?: string): Promise<Listening>;
  readonly knobs: Knobs;
  readonly clock: Clock;
  /** Ends the controllers and every watch. Whoever listens is closed by itself. */
  stop(): void;
}

const DEFAULT_POD_START_MS = 100;

export function createApiServer(options: ApiServerOptions = {}): ApiServer {
  const clock = options.clock ?? systemClock;
  const store = new Store(options.eventsKept);
  const nowAfter = (seconds: number): string => timestampOf(clock.nowMs() + seconds * 1000);
  const now = (): string => nowAfter(0);
  const allocations = new Allocations();
  const registry = new Registry(builtinResources({ "/services": { release: (service) => allocations.release(service) } }));
  const context = (isDryRun: boolean): WriteContext => ({
    now: now(),
    isDryRun,
    allocateAddress: (wanted) => allocations.address(wanted, isDryRun),
    allocateNodePort: (wanted) => allocations.nodePort(wanted, isDryRun),
    find: (collection, key) => store.collection(collection).get(key),
  });
  const writer = new ObjectWriter(store, context);
  const knobs = new Knobs(store);
  const deleter = new ObjectDeleter(store, nowAfter);
  const definitions = new DefinitionController({ store, writer, deleter, registry, now });
  const controllers = [
    definitions,
    new NamespaceController({ store, deleter, registry, clock, now }, definitions),
    new GarbageCollector({ store, deleter, registry, clock, now }),
  ];
  const parts: ApiParts = {
    store,
    writer,
    registry,
    knobs,
    clock,
    deleter,
    discovery: new Discovery(registry),
    tokens: new Set(options.tokens),
    now,
    onWatch: (stop) => knobs.track(stop),
  };
  bootstrap(registry, writer, now());
  store.begin();
  const simulator =
    options.workloads === false ? undefined : new WorkloadSimulator(parts, { podStartMs: options.workloads?.podStartMs ?? DEFAULT_POD_START_MS });
  const handle = (request: ApiRequest): Promise<ApiResponse> => handleRequest(parts, request);
  return {
    handle,
    listen: (port, host = "127.0.0.1") => listen(handle, { port, host, tls: options.tls }),
    knobs,
    clock,
    stop: () => {
      simulator?.stop();
      for (const controller of controllers.toReversed()) controller.stop();
      knobs.dropWatches();
    },
  };
}
