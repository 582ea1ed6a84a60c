import { crd, KINDS, type LiveObject, type Manifest, type Notice } from "@plumb/api";
import { startTestApiServer, type TestApiServer } from "@plumb/apiserver/testing";
import { ManualClock } from "@plumb/events/testing";
import { createKubeClient, Store, type KubeClient, type KubeConnection, type PatchOptions } from "@plumb/kube";
import { kubeError } from "@plumb/kube/testing";
import { isObject, noMeter, ToolkitError, type Fields, type JsonObject, type JsonValue, type Log } from "@plumb/std";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ControlledKind } from "./controlled-kind.ts";
import { Controller } from "./controller.ts";
import type { Notifier } from "./notifier.ts";
import type { Outcome } from "./outcome.ts";
import { HostPlaces, Places } from "./places.ts";
import { withReason, type Reconciler, type Removal, type Report, type StatusChange, type Tools } from "./reconcile.ts";
import { RunMetrics } from "./run-metrics.ts";

interface Status {
  artifact?: JsonObject;
  observedGeneration?: number;
  lastHandledReconcileAt?: string;
}
type RunTools = Tools<Status>;
type Behaviour = (obj: LiveObject, tools: RunTools) => Promise<Partial<Report<Status>> | undefined>;

const KIND: ControlledKind = {
  resource: { group: "source.toolkit.fluxcd.io", version: "v1", plural: "gitrepositories" },
  kind: "GitRepository",
  apiVersion: "source.toolkit.fluxcd.io/v1",
  isFinalized: true,
  hasStatus: true,
  fieldManager: "source-controller",
};
const FINALIZER = "finalizers.fluxcd.io";
const settled: Outcome = { kind: "settled", reason: "Succeeded", message: "stored", nextInMs: 60_000 };
const { signal } = new AbortController();

let server: TestApiServer;
let connection: KubeConnection;
let clock: ManualClock;
let store: Store;
let stop: AbortController;
let running: readonly Promise<void>[];
/** Patches as they are sent, in order. */
let patches: { readonly subresource: string | undefined; readonly body: JsonObject }[];
/** Called before a patch is sent; may throw in its place. */
let beforePatch: (body: JsonObject, options: PatchOptions) => Promise<void>;
let behave: Behaviour;
let remove: (obj: LiveObject, tools: RunTools) => Promise<Removal<Status>>;
let runs: LiveObject[];
let removals: LiveObject[];
let told: Notice[];
let logged: { readonly level: string; readonly message: string; readonly fields: Fields | undefined }[];
let forgotten: string[];
let random: () => number;
let backoff: { minMs: number; maxMs: number };

beforeEach(async () => {
  server = await startTestApiServer();
  connection = createKubeClient({ access: { server: new URL(server.url), credential: { kind: "token", token: server.token } } });
  const definition = KINDS.find(({ kind }) => kind === KIND.kind);
  if (definition === undefined) throw new Error("the kind is not there");
  const definitions = { group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions" };
  await connection.create(definitions, crd(definition), { fieldManager: "test", signal });
  await connection.create(
    { group: "", version: "v1", plural: "namespaces" },
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "team" } },
    { fieldManager: "test", signal },
  );
  clock = new ManualClock();
  stop = new AbortController();
  running = [];
  patches = [];
  beforePatch = async () => {};
  behave = async () => undefined;
  remove = async () => ({ kind: "removed", notices: [] });
  runs = [];
  removals = [];
  told = [];
  logged = [];
  forgotten = [];
  random = () => 0.5;
  backoff = { minMs: 1000, maxMs: 8000 };
  await vi.waitFor(async () => connection.list(KIND.resource, { signal }), WAIT);
  store = new Store({ client: connection, resource: KIND.resource });
});

afterEach(async () => {
  stop.abort();
  await Promise.all(running);
  expect(clock.pending).toBe(0);
  connection.close();
  await server.close();
});

const WAIT = { timeout: 60_000, interval: 5 };

function watched(inner: KubeClient): KubeClient {
  return {
    get: (name, options) => inner.get(name, options),
    list: (resource, options) => inner.list(resource, options),
    watch: (resource, options) => inner.watch(resource, options),
    create: (resource, object, options) => inner.create(resource, object, options),
    apply: (resource, object, options) => inner.apply(resource, object, options),
    delete: (name, options) => inner.delete(name, options),
    resourceFor: (kind, until) => inner.resourceFor(kind, until),
    resourceOf: (kind, until) => inner.resourceOf(kind, until),
    async patch(name, patch: JsonValue, options) {
      const body = isObject(patch) ? patch : {};
      patches.push({ subresource: options.subresource, body });
      await beforePatch(body, options);
      return inner.patch(name, patch, options);
    },
  };
}

const log: Log = {
  debug: (message, fields) => void logged.push({ level: "debug", message, fields }),
  info: (message, fields) => void logged.push({ level: "info", message, fields }),
  error: (message, fields) => void logged.push({ level: "error", message, fields }),
  with: () => log,
};
const notifier: Notifier = {
  notify: async (_, notices) => void told.push(...notices),
  hold: async () => ({ release: () => {}, discard: async () => {} }),
};

const reconciler: Reconciler<LiveObject, undefined, undefined, Partial<Report<Status>> | undefined, Status> = {
  async observe(obj) {
    runs.push(obj);
    return undefined;
  },
  plan: () => ({ kind: "proceed", plan: undefined }),
  act: (obj, _, tools) => behave(obj, tools),
  report: (_, { done }) => ({ outcome: settled, status: {}, conditions: {}, notices: [], ...done }),
  explain: (_, { error, reason = "Failed" }) => ({
    outcome: { kind: "failed", reason, error },
    status: {},
    conditions: {},
    notices: [{ severity: "error", reason, message: error.message }],
  }),
  remove(obj, tools) {
    removals.push(obj);
    return remove(obj, tools);
  },
};

/** Starts the controller once the cache has what is there. */
async function start(
  change: Partial<typeof reconciler> = {},
  kind: ControlledKind = KIND,
  concurrent = 4,
): Promise<Controller<LiveObject, undefined, undefined, Partial<Report<Status>> | undefined, Status>> {
  const controller = new Controller({
    client: watched(connection),
    notifier,
    log,
    clock,
    kind,
    cache: store,
    reconciler: { ...reconciler, ...change },
    metrics: new RunMetrics(noMeter, clock, 1),
    places: new Places(concurrent),
    hosts: new HostPlaces(),
    backoff,
    jitterPercent: 10,
    random: () => random(),
    forget: (key) => void forgotten.push(key),
  });
  const following = store.run(stop.signal);
  await store.waitSynced(stop.signal);
  running = [following, controller.run(stop.signal)];
  return controller;
}

const named = (name: string): { resource: ControlledKind["resource"]; namespace: string; name: string } => ({
  resource: KIND.resource,
  namespace: "team",
  name,
});

async function create(
  name = "app",
  metadata: Partial<Manifest["metadata"]> & { finalizers?: readonly string[] } = {},
  spec: JsonObject = {},
): Promise<LiveObject> {
  const object = {
    apiVersion: KIND.apiVersion,
    kind: KIND.kind,
    metadata: { name, namespace: "team", ...metadata },
    spec: { url: "https://git.example/app", interval: "1m", ...spec },
  };
  return connection.create(KIND.resource, object, { fieldManager: "kubectl", signal });
}

async function stored(name = "app"): Promise<LiveObject | undefined> {
  return connection.get(named(name), { signal });
}

async function status(name = "app"): Promise<JsonObject> {
  const found = (await stored(name))?.["status"];
  return isObject(found) ? found : {};
}

async function conditions(name = "app"): Promise<readonly string[]> {
  const found = (await status(name))["conditions"];
  return Array.isArray(found)
    ? found.map((entry) =>
        isObject(entry)
          ? `${String(entry["type"])}=${String(entry["status"])} ${String(entry["reason"])} @${String(entry["observedGeneration"])}: ${String(entry["message"])}`
          : "",
      )
    : [];
}

const edit = (patch: JsonObject, subresource?: "status"): Promise<LiveObject> =>
  connection.patch(named("app"), patch, { type: "merge", fieldManager: "kubectl", signal, ...(subresource === undefined ? {} : { subresource }) });

const statusPatches = (): readonly JsonObject[] => patches.filter(({ subresource }) => subresource === "status").map(({ body }) => body);

/** Resolves when `count` runs have come to their end. */
async function ended(count: number): Promise<void> {
  await vi.waitFor(() => expect(logged.filter(({ message }) => /^reconcile(d$| failed$| stalled,)/.test(message)).length).toBe(count), WAIT);
}

/** Lets the watch bring what the API server has. */
async function caughtUp(name = "app"): Promise<void> {
  await vi.waitFor(async () => {
    expect(store.get("team", name)?.metadata.resourceVersion).toBe((await stored(name))?.metadata.resourceVersion);
  }, WAIT);
}

describe("a first run", () => {
  it("puts the finalizer on before anything else, and writes the status once", async () => {
    await create();
    behave = async (obj) => {
      expect(obj.metadata.finalizers).toEqual([FINALIZER]);
      return { status: { artifact: undefined } };
    };
    await start();
    await ended(1);
    expect(patches.map(({ subresource }) => subresource)).toEqual([undefined, "status"]);
    expect(await status()).toMatchObject({ observedGeneration: 1 });
    expect(await conditions()).toEqual(["Ready=True Succeeded @1: stored"]);
    const [runOne] = runs;
    expect(runOne?.metadata.generation).toBe(1);
  });

  it("keeps the finalizers of others", async () => {
    await create("app", { finalizers: ["example.com/keep"] });
    await start();
    await ended(1);
    expect((await stored())?.metadata.finalizers).toEqual(["example.com/keep", FINALIZER]);
  });

  it("leaves a kind without finalizer and status without either", async () => {
    await create();
    await start({}, { ...KIND, isFinalized: false, hasStatus: false });
    await ended(1);
    expect(patches).toEqual([]);
  });
});

describe("a quiet run", () => {
  it("makes no request, and comes after the interval with its jitter", async () => {
    await create();
    random = () => 0.999_999;
    await start();
    await ended(1);
    await caughtUp();
    patches.length = 0;
    clock.advance(60_000);
    expect(clock.pending).toBe(1);
    clock.advance(6_000);
    await ended(2);
    expect(patches).toEqual([]);
  });

  it("does not come again for a time that was set before it, and that falls into it", async () => {
    await create();
    behave = async () => {
      if (runs.length === 2) clock.advance(120_000);
      return undefined;
    };
    const controller = await start();
    await ended(1);
    controller.enqueue("team/app");
    await ended(2);
    await caughtUp();
    expect([controller.depth, runs.length, clock.pending]).toEqual([0, 2, 1]);
  });

  it("is not brought about by our own status writes", async () => {
    await create();
    behave = async () => ({ status: { artifact: artifact(String(runs.length)) } });
    await start();
    await ended(1);
    await caughtUp();
    await edit({ metadata: { labels: { touched: "yes" } } });
    await caughtUp();
    expect(runs.length).toBe(1);
  });

  it("never comes by itself where the interval is 0", async () => {
    await create();
    behave = async () => ({ outcome: { kind: "settled", reason: "Succeeded", message: "stored", nextInMs: 0 } });
    await start();
    await ended(1);
    await vi.waitFor(() => expect(clock.pending).toBe(0), WAIT);
  });
});

function artifact(revision: string): JsonObject {
  return { path: "p", url: "http://localhost/p", revision, digest: `sha256:${"0".repeat(64)}`, lastUpdateTime: "2026-01-01T00:00:00Z", size: 1 };
}

describe("what a client asked for", () => {
  it.each<[string, Partial<Report<Status>> | "throws", string]>([
    ["a success", {}, "True"],
    ["a failure", "throws", "False"],
    ["a wait", { outcome: { kind: "waiting", ready: "False", reason: "DependencyNotReady", message: "m", retryInMs: 1000 } }, "False"],
    ["a stall", { outcome: { kind: "stalled", reason: "URLInvalid", message: "m" } }, "False"],
  ])("is said to be handled in the one patch that ends %s", async (_, report, ready) => {
    await create("app", { annotations: { "reconcile.fluxcd.io/requestedAt": "now" } });
    behave = async () => {
      if (report === "throws") throw new ToolkitError("denied", "no");
      return report;
    };
    await start();
    await ended(1);
    const [patch] = statusPatches();
    expect(statusPatches().length).toBe(1);
    expect(patch?.["status"]).toMatchObject({ lastHandledReconcileAt: "now" });
    expect((await conditions()).find((line) => line.startsWith("Ready"))).toContain(`Ready=${ready}`);
  });

  it("leads to a run, and its end to none", async () => {
    await create();
    await start();
    await ended(1);
    await edit({ metadata: { annotations: { "reconcile.fluxcd.io/requestedAt": "t1" } } });
    await ended(2);
    expect(await status()).toMatchObject({ lastHandledReconcileAt: "t1" });
    await edit({ metadata: { annotations: { "reconcile.fluxcd.io/requestedAt": null } } });
    await edit({ metadata: { annotations: { "reconcile.fluxcd.io/requestedAt": "t2" } } });
    await ended(3);
    expect(runs.map(({ metadata }) => metadata.annotations?.["reconcile.fluxcd.io/requestedAt"])).toEqual([undefined, "t1", "t2"]);
  });

  it("during a run is handled by the next, though that run's own writes have seen it", async () => {
    await create();
    const handled: unknown[] = [];
    beforePatch = async (body) => {
      if (isObject(body["status"]) && Object.hasOwn(body["status"], "conditions")) handled.push(body["status"]["lastHandledReconcileAt"]);
    };
    behave = async (_, { checkpoint }) => {
      if (runs.length > 1) return undefined;
      await edit({ metadata: { annotations: { "reconcile.fluxcd.io/requestedAt": "later" } } });
      await checkpoint({ artifact: artifact("a") });
      return undefined;
    };
    await start();
    await ended(2);
    expect(handled[0]).toBeUndefined();
    expect(await status()).toMatchObject({ lastHandledReconcileAt: "later" });
  });
});

describe("observedGeneration", () => {
  it.each<[Outcome, number | undefined]>([
    [settled, 1],
    [{ kind: "stalled", reason: "URLInvalid", message: "m" }, 1],
    [{ kind: "waiting", ready: "Unknown", reason: "Progressing", message: "m", retryInMs: 1000 }, undefined],
    [{ kind: "failed", reason: "Failed", error: new ToolkitError("denied", "m") }, undefined],
  ])("follows when a run is settled or stalled: %o", async (outcome, expected) => {
    await create();
    behave = async () => ({ outcome });
    await start();
    await ended(1);
    expect((await status())["observedGeneration"]).toBe(expected === undefined ? -1 : expected);
  });

  it("is never that of a specification which the run has not seen", async () => {
    await create();
    const seen: unknown[] = [];
    behave = async (obj, { checkpoint }) => {
      if (obj.metadata.generation === 1) {
        await edit({ spec: { interval: "2m" } });
        await checkpoint({ artifact: artifact("a") });
      } else seen.push(await conditions(), (await status())["observedGeneration"]);
      return undefined;
    };
    await start();
    await ended(2);
    expect(seen).toEqual([["Ready=True Succeeded @1: stored"], 1]);
    expect(await conditions()).toEqual(["Ready=True Succeeded @2: stored"]);
  });
});

describe("a suspended object", () => {
  it("is left alone but for the finalizer until it is resumed", async () => {
    await create("app", {}, { suspend: true });
    const controller = await start();
    await vi.waitFor(async () => expect((await stored())?.metadata.finalizers).toEqual([FINALIZER]), WAIT);
    controller.enqueue("team/app");
    await vi.waitFor(() => expect(controller.depth).toBe(0), WAIT);
    expect([runs, clock.pending]).toEqual([[], 0]);
    expect(patches.map(({ body }) => body["metadata"])).toEqual([expect.objectContaining({ finalizers: [FINALIZER] })]);
    await edit({ spec: { suspend: false } });
    await ended(1);
    await edit({ spec: { suspend: true } });
    await vi.waitFor(() => expect(clock.pending).toBe(0), WAIT);
  });

  it("is removed all the same", async () => {
    await create("app", { finalizers: [FINALIZER] }, { suspend: true });
    await start();
    await connection.delete(named("app"), { propagation: "Background", signal });
    await vi.waitFor(async () => expect(await stored()).toBeUndefined(), WAIT);
    expect(removals.length).toBe(1);
  });
});

describe("a deletion", () => {
  it("takes back what was put into the world, tells of it, lets the object go once, and forgets it", async () => {
    await create();
    remove = async () => ({ kind: "removed", notices: [{ severity: "info", reason: "Deleted", message: "gone" }] });
    await start();
    await ended(1);
    await connection.delete(named("app"), { propagation: "Background", signal });
    await vi.waitFor(() => expect(store.get("team", "app")).toBeUndefined(), WAIT);
    await vi.waitFor(() => expect(forgotten.length).toBeGreaterThan(0), WAIT);
    expect(removals.length).toBe(1);
    expect(told).toEqual([{ severity: "info", reason: "Deleted", message: "gone" }]);
    expect(clock.pending).toBe(0);
  });

  it("is not begun again for an object that is let go and that the cache still has", async () => {
    await create("app", { finalizers: [FINALIZER, "example.com/keep"] });
    const controller = await start();
    await ended(1);
    const removed = Promise.withResolvers<void>();
    remove = async () => {
      controller.enqueue("team/app");
      removed.resolve();
      return { kind: "removed", notices: [] };
    };
    await connection.delete(named("app"), { propagation: "Background", signal });
    await removed.promise;
    await vi.waitFor(async () => expect((await stored())?.metadata.finalizers).toEqual(["example.com/keep"]), WAIT);
    await caughtUp();
    controller.enqueue("team/app");
    await vi.waitFor(() => expect(controller.depth).toBe(0), WAIT);
    expect(removals.length).toBe(1);
  });

  it("without our finalizer is nobody's business", async () => {
    await create("app", { finalizers: ["example.com/keep"] });
    await connection.delete(named("app"), { propagation: "Background", signal });
    const controller = await start();
    await caughtUp();
    controller.enqueue("team/app");
    await vi.waitFor(() => expect(controller.depth).toBe(0), WAIT);
    expect([removals, patches]).toEqual([[], []]);
  });

  it.each<[string, () => Promise<Removal<Status>>]>([
    [
      "that says it must wait",
      async () => ({
        kind: "kept",
        report: {
          outcome: { kind: "waiting", ready: "Unknown", reason: "Progressing", message: "waiting", retryInMs: 1000 },
          status: {},
          conditions: {},
          notices: [],
        },
      }),
    ],
    [
      "that fails",
      async () => {
        throw new ToolkitError("unavailable", "no inventory");
      },
    ],
    [
      "that has a bug",
      () => {
        throw new TypeError("bug");
      },
    ],
  ])("%s keeps the object, says why, and is tried again", async (_, first) => {
    await create();
    await start();
    await ended(1);
    remove = async () => (removals.length === 1 ? first() : { kind: "removed", notices: [] });
    await connection.delete(named("app"), { propagation: "Background", signal });
    await ended(2);
    expect((await stored())?.metadata.finalizers).toEqual([FINALIZER]);
    expect((await conditions()).join()).toMatch(/Ready=(Unknown|False)/);
    clock.advance(1000);
    await vi.waitFor(async () => expect(await stored()).toBeUndefined(), WAIT);
    expect(removals.length).toBe(2);
  });

  it("of an object that vanishes during its run ends that run without noise", async () => {
    await create("app");
    behave = async (_, { checkpoint }) => {
      await edit({ metadata: { finalizers: null } });
      await connection.delete(named("app"), { propagation: "Background", signal });
      await checkpoint({ artifact: artifact("a") });
      return undefined;
    };
    await start();
    await vi.waitFor(() => expect(forgotten).toContain("team/app"), WAIT);
    expect(told).toEqual([]);
    expect(logged.filter(({ level }) => level === "error")).toEqual([]);
    expect(clock.pending).toBe(0);
  });
});

describe("a conflict", () => {
  it("with another writer of the status is settled from a fresh read, and what the other wrote stays", async () => {
    await create();
    let isFirst = true;
    beforePatch = async (_, { subresource }) => {
      if (subresource !== "status" || !isFirst) return;
      isFirst = false;
      await edit(
        {
          status: {
            conditions: [{ type: "Theirs", status: "True", reason: "R", message: "m", lastTransitionTime: "2026-01-01T00:00:00Z", observedGeneration: 1 }],
          },
        },
        "status",
      );
    };
    await start();
    await ended(1);
    expect(await conditions()).toEqual(["Ready=True Succeeded @1: stored", "Theirs=True R @1: m"]);
    expect(statusPatches().length).toBe(2);
  });

  it("is neither stored nor told the first time, and tried again at once; the second one is", async () => {
    await create();
    behave = async () => {
      throw new ToolkitError("conflict", "somebody wrote first");
    };
    await start();
    await ended(1);
    expect([statusPatches(), told]).toEqual([[], []]);
    clock.advance(0);
    await ended(2);
    expect((await conditions()).join()).toContain("Ready=False Failed @1: somebody wrote first");
    expect(told.length).toBe(1);
    clock.advance(1999);
    expect(clock.pending).toBe(1);
    clock.advance(1);
    await ended(3);
  });

  it("over the finalizer is no error of anybody's", async () => {
    await create();
    let isFirst = true;
    beforePatch = async (_, { subresource }) => {
      if (subresource !== undefined || !isFirst) return;
      isFirst = false;
      await edit({ metadata: { labels: { moved: "yes" } } });
    };
    await start();
    await vi.waitFor(() => expect(clock.pending).toBe(1), WAIT);
    await caughtUp();
    clock.advance(1000);
    await ended(1);
    expect(logged.filter(({ level }) => level === "error")).toEqual([]);
    expect((await stored())?.metadata.finalizers).toEqual([FINALIZER]);
  });
});

it("says nothing of a run that was told to stop", async () => {
  await create();
  const entered = Promise.withResolvers<void>();
  behave = async (_, tools) => {
    entered.resolve();
    await new Promise((_, reject) => tools.signal.addEventListener("abort", () => reject(new ToolkitError("cancelled", "stopped")), { once: true }));
    return undefined;
  };
  await start();
  await entered.promise;
  stop.abort();
  await Promise.all(running);
  expect([told, statusPatches(), logged.filter(({ level }) => level !== "debug")]).toEqual([[], [], []]);
});

describe("after a failure", () => {
  it("waits twice as long each time, up to the limit, and not at all by the jitter", async () => {
    await create();
    random = () => 0;
    behave = async () => {
      throw new ToolkitError("denied", "no");
    };
    await start();
    let count = 1;
    for (const delayMs of [1000, 2000, 4000, 8000, 8000]) {
      await ended(count);
      clock.advance(delayMs - 1);
      expect([delayMs, clock.pending]).toEqual([delayMs, 1]);
      clock.advance(1);
      count += 1;
    }
    await ended(count);
  });

  it("keeps to the kind's own interval where it names one, and begins anew after a success", async () => {
    await create();
    behave = async () =>
      runs.length < 3 ? { outcome: { kind: "failed", reason: "BuildFailed", error: new ToolkitError("invalid", "no"), retryInMs: 30_000 } } : undefined;
    await start();
    for (const count of [1, 2]) {
      await ended(count);
      clock.advance(29_999);
      expect(clock.pending).toBe(1);
      clock.advance(1);
    }
    await ended(3);
    expect(await conditions()).toEqual(["Ready=True Succeeded @1: stored"]);
  });

  it("backs off where the kind's own interval is 0", async () => {
    await create();
    behave = async () => ({ outcome: { kind: "failed", reason: "BuildFailed", error: new ToolkitError("invalid", "no"), retryInMs: 0 } });
    await start();
    await ended(1);
    clock.advance(999);
    expect(clock.pending).toBe(1);
    clock.advance(1);
    await ended(2);
  });

  it("to store the status tries again, slower each time, and says so in the log", async () => {
    await create();
    beforePatch = async (_, { subresource }) => {
      if (subresource === "status" && statusPatches().length < 3) throw new ToolkitError("denied", "forbidden");
    };
    await start();
    for (const delayMs of [1000, 2000]) {
      await vi.waitFor(() => expect(clock.pending).toBe(1), WAIT);
      clock.advance(delayMs);
    }
    await ended(1);
    expect(logged.filter(({ level, message }) => level === "error" && message === "reconcile could not be stored").length).toBe(2);
    expect(await conditions()).toEqual(["Ready=True Succeeded @1: stored"]);
  });
});

describe("a run that is stopped half way", () => {
  it("tells what it had done by then, and neither that it was stopped nor anything in status", async () => {
    await create();
    const done: Notice = { severity: "info", reason: "Progressing", message: "ConfigMap/a configured", isDurable: true };
    const error = new ToolkitError("cancelled", "stopped");
    const failed: Outcome = { kind: "failed", reason: "ReconciliationFailed", error };
    behave = async () => ({ outcome: failed, notices: [done, { severity: "error", reason: "ReconciliationFailed", message: "stopped" }] });
    await start();
    await vi.waitFor(() => expect(told).toEqual([done]), WAIT);
    await vi.waitFor(() => expect(clock.pending).toBe(1), WAIT);
    expect(statusPatches()).toEqual([]);
  });
});

describe("an API server that is away, or does not know who asks,", () => {
  it.each([
    ["connection refused", new ToolkitError("unavailable", "connection refused")],
    ["Unauthorized", kubeError({ status: 401, body: "" })],
  ])("(%s) is tried every few seconds, so that soon after its return all is well", async (_, error) => {
    await create();
    backoff = { minMs: 1000, maxMs: 900_000 };
    let isAway = true;
    beforePatch = async (_, { subresource }) => {
      if (subresource === "status" && isAway) throw error;
    };
    await start();
    for (const [count, delayMs] of [1000, 2000, 4000, 8000, 8000].entries()) {
      await vi.waitFor(() => expect([statusPatches().length, clock.pending]).toEqual([count + 1, 1]), WAIT);
      if (count === 4) isAway = false;
      clock.advance(delayMs);
    }
    await ended(1);
  });
});

describe("a cluster that is set back to a backup", () => {
  it("is looked at as it is then, and not as our own undone writes left it", async () => {
    const before = await create();
    let tell: Parameters<Store["subscribe"]>[0] = () => undefined;
    const [get, subscribe] = [store.get.bind(store), store.subscribe.bind(store)];
    vi.spyOn(store, "subscribe").mockImplementation((handle) => {
      tell = handle;
      return subscribe(handle);
    });
    let isBehind = false;
    vi.spyOn(store, "get").mockImplementation((namespace, name) => (isBehind ? before : get(namespace, name)));
    await start();
    await ended(1);
    isBehind = true;
    tell({ before, after: before, isSetBack: true });
    // the finalizer that the backup lacks is put on again
    await vi.waitFor(() => expect(patches.filter(({ subresource }) => subresource === undefined)).toHaveLength(2), WAIT);
  });
});

describe("a change during a run", () => {
  it("leads to exactly one more run, however often it changed", async () => {
    await create();
    const entered = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    behave = async () => {
      entered.resolve();
      if (runs.length === 1) await release.promise;
      return undefined;
    };
    await start();
    await entered.promise;
    for (const interval of ["2m", "3m", "4m"]) await edit({ spec: { interval } });
    await caughtUp();
    release.resolve();
    await ended(2);
    expect(runs.map(({ metadata }) => metadata.generation)).toEqual([1, 4]);
  });
});

it("goes on from what it wrote itself while the cache is behind", async () => {
  const first = await create();
  const stale = {
    get: () => first,
    list: () => [first],
    subscribe: (handle: (change: { before: undefined; after: LiveObject }) => void) => {
      handle({ before: undefined, after: first });
      return () => {};
    },
  };
  const controller = new Controller({
    client: watched(connection),
    notifier,
    log,
    clock,
    kind: KIND,
    cache: stale,
    reconciler,
    metrics: new RunMetrics(noMeter, clock, 1),
    places: new Places(1),
    hosts: new HostPlaces(),
    backoff: { minMs: 1000, maxMs: 8000 },
    jitterPercent: 0,
    random: () => 0,
  });
  running = [controller.run(stop.signal)];
  await ended(1);
  const sent = patches.length;
  controller.enqueue("team/app");
  await ended(2);
  expect(patches.length).toBe(sent);
  expect(runs[1]?.metadata.resourceVersion).toBe((await stored())?.metadata.resourceVersion);
});

describe("a bug", () => {
  const throws = (): never => {
    throw new TypeError("bug");
  };
  it.each<[string, Partial<typeof reconciler>]>([
    ["observe", { observe: throws }],
    ["plan", { plan: throws }],
    ["act", { act: throws }],
    ["report", { report: throws }],
    ["explain", { act: throws, explain: throws }],
    ["a named step", { act: () => withReason("BuildFailed", Promise.reject(new TypeError("bug"))) }],
  ])("in %s is shown on the object with its stack in the log, and tried again", async (_, change) => {
    await create();
    await start(change);
    await ended(1);
    expect((await conditions()).join()).toMatch(/Ready=False .*bug/);
    expect(logged.find(({ level }) => level === "error")?.fields?.["stack"]).toContain("controller.spec.ts");
    clock.advance(1000);
    await ended(2);
  });

  it("over one poisonous object does not stop the others of its kind", async () => {
    await create("a");
    await create("b");
    await start(
      {
        explain: throws,
        act: async (obj) => {
          if (obj.metadata.name === "a") throw new ToolkitError("invalid", '"soon" is not a duration');
          return undefined;
        },
      },
      KIND,
      1,
    );
    await ended(2);
    expect((await conditions("a")).join()).toContain('"soon" is not a duration');
    expect(await conditions("b")).toEqual(["Ready=True Succeeded @1: stored"]);
  });
});

const change: StatusChange<Status> = { artifact: artifact("x") };

it("keeps in status what a checkpoint stored, though the run fails", async () => {
  await create();
  behave = async (_, { checkpoint }) => {
    await checkpoint(change, { reason: "Progressing", message: "rewriting" });
    expect((await conditions()).join()).toContain("Ready=Unknown Progressing @1: rewriting");
    throw new ToolkitError("unavailable", "gone away");
  };
  await start();
  await ended(1);
  expect(await status()).toMatchObject({ artifact: { revision: "x" } });
  expect((await conditions()).join()).toContain("Ready=False Failed @1: gone away");
});
