import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { inventoryEntry, type Kustomization, type Manifest, type Notice } from "@plumb/api";
import { Applier, Baselines, type ApplyResult } from "@plumb/apply";
import { startTestApiServer, type TestApiServer } from "@plumb/apiserver/testing";
import { ManualClock } from "@plumb/events/testing";
import { createKubeClient, type KubeConnection, type ObjectName } from "@plumb/kube";
import type { HeldNotice, Notifier } from "@plumb/runtime";
import { noMeter, silentLog, type JsonObject } from "@plumb/std";
import { DriftCorrector } from "./drift-corrector.ts";

const { signal } = new AbortController();
const OWNER = { namespace: "default", name: "shop" };
const OBJECT: Manifest = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "one", namespace: "default" }, data: { v: "1" } };
const KEY = inventoryEntry(OBJECT).id;
const NAME: ObjectName = { resource: { group: "", version: "v1", plural: "configmaps" }, namespace: "default", name: "one" };
const RING = { owners: [OWNER], key: KEY, reason: "version" } as const;
const LIMIT = { timeout: 60_000, interval: 5 };

/** Remembers what it is told, and what the object was like when a notice was put on disk. */
class Telling implements Notifier {
  readonly told: string[] = [];
  readonly held: string[] = [];
  onHold: () => Promise<void> = () => Promise.resolve();

  notify(_: object, notices: readonly Notice[]): Promise<void> {
    this.told.push(...notices.map(({ reason, message }) => `${reason}: ${message}`));
    return Promise.resolve();
  }

  async hold(_: object, { reason, message }: Notice): Promise<HeldNotice> {
    await this.onHold();
    this.held.push(reason);
    let isOver = false;
    const release = (): void => {
      if (!isOver) this.told.push(`${reason}: ${message}`);
      isOver = true;
    };
    return { release, discard: () => Promise.resolve(void (isOver = true)) };
  }
}

let cluster: TestApiServer;
let client: KubeConnection;
let clock: ManualClock;
let baselines: Baselines;
let telling: Telling;
let enqueued: string[];
let declared: readonly Manifest[];
let desired: (key: string) => readonly Manifest[];
let object: Kustomization | undefined;
let corrector: DriftCorrector;
let stop: AbortController;
let running: Promise<void>;

const edit = (data: JsonObject): Promise<unknown> => client.patch(NAME, { data }, { type: "merge", fieldManager: "kubectl-edit", signal });
const data = async (): Promise<unknown> => (await client.get(NAME, { signal }))?.["data"];
const apply = (): Promise<ApplyResult> =>
  new Applier({ client, baselines, concurrency: 2, customStageKinds: new Set(), overrideManagers: [] }).run({
    owner: OWNER,
    objects: declared.map((each) => ({ object: each })),
    inventory: [],
    revision: "main@sha1:1",
    checkpoint: () => Promise.resolve(),
    signal,
  });
const refuseWrites = (): (() => void) =>
  cluster.server.knobs.inject({
    matches: ({ method, query }) => method === "PATCH" && query.get("fieldManager") === "kustomize-controller" && !query.has("dryRun"),
    status: 403,
  });

function start(): void {
  stop = new AbortController();
  running = corrector.run(stop.signal);
}
async function stopped(): Promise<void> {
  stop.abort();
  await running;
}

/** Outlasts a look at an object, which takes three requests on the same connection. */
async function looked(): Promise<void> {
  for (let count = 0; count < 12; count++) await data();
}

beforeEach(async () => {
  cluster = await startTestApiServer({ workloads: false });
  client = createKubeClient({ access: { server: new URL(cluster.url), isTlsUnverified: true, credential: { kind: "token", token: cluster.token } } });
  [clock, baselines, telling, enqueued, declared] = [new ManualClock(), new Baselines(), new Telling(), [], [OBJECT]];
  desired = () => declared;
  object = {
    apiVersion: "kustomize.toolkit.fluxcd.io/v1",
    kind: "Kustomization",
    metadata: { ...OWNER, uid: "u", resourceVersion: "1", generation: 1 },
    spec: { interval: "10m", prune: true, sourceRef: { kind: "GitRepository", name: "lab" } },
    status: { lastAppliedRevision: "main@sha1:1" },
  };
  corrector = new DriftCorrector({
    client,
    baselines,
    clock,
    log: silentLog,
    meter: noMeter,
    overrideManagers: [],
    notifier: telling,
    kustomizations: { get: () => object },
    desired: (key) => desired(key).map((each) => ({ object: each })),
    enqueue: (key) => void enqueued.push(key),
  });
  start();
  await apply();
});
afterEach(async () => {
  await stopped();
  client.close();
  await cluster.close();
});

describe("an object that rings", () => {
  it("while the lease cannot be renewed is looked at, and told, when there is one again", async () => {
    await stopped();
    await edit({ v: "2" });
    corrector.ring(RING);
    await looked();
    expect([await data(), telling.held]).toEqual([{ v: "2" }, []]);
    start();
    await vi.waitFor(() => expect(telling.told).toHaveLength(1), LIMIT);
    expect(telling.told).toEqual([expect.stringMatching(/^DriftCorrected: .*ConfigMap\/default\/one/)]);
    expect(await data()).toEqual({ v: "1" });
  });

  it.each<[string, () => Promise<void>]>([
    [
      "was being looked at",
      async () => {
        telling.onHold = () => Promise.resolve(stop.abort());
        corrector.ring(RING);
        await vi.waitFor(() => expect(telling.held).toHaveLength(1), LIMIT);
      },
    ],
    [
      "waited to be tried again",
      async () => {
        const restore = refuseWrites();
        corrector.ring(RING);
        await vi.waitFor(() => expect(telling.held).toHaveLength(2), LIMIT);
        restore();
      },
    ],
  ])("and %s when the lease could not be renewed is corrected when there is one again", async (_, begin) => {
    await edit({ v: "2" });
    await begin();
    await stopped();
    expect([await data(), clock.pending]).toEqual([{ v: "2" }, 0]);
    start();
    await vi.waitFor(() => expect(telling.told).toEqual([expect.stringMatching(/^DriftCorrected: /)]), LIMIT);
    expect(await data()).toEqual({ v: "1" });
  });

  it("is corrected, and told in one message; what was seen is on disk before anything is written", async () => {
    let atHold: unknown;
    telling.onHold = async () => void (atHold = await data());
    await edit({ v: "2" });
    corrector.ring(RING);
    await vi.waitFor(() => expect(telling.told).toEqual([expect.stringMatching(/^DriftCorrected: .*\/data\/v 1 → 2 \(by kubectl-edit\)$/)]), LIMIT);
    expect([await data(), atHold, telling.held]).toEqual([{ v: "1" }, { v: "2" }, ["DriftDetected"]]);
    clock.advance(60_000);
    expect(telling.told).toHaveLength(1);
  });

  it("and is as it was left says nothing", async () => {
    corrector.ring(RING);
    await looked();
    expect([telling.told, telling.held]).toEqual([[], []]);
  });

  it("many times at once is looked at once more, and told once", async () => {
    await edit({ v: "2" });
    for (let count = 0; count < 20; count++) corrector.ring(RING);
    await vi.waitFor(() => expect(telling.told).toHaveLength(1), LIMIT);
    await looked();
    expect(telling.told).toHaveLength(1);
  });

  it.each<[string, () => void]>([
    ["is suspended", () => (object = object && { ...object, spec: { ...object.spec, suspend: true } })],
    ["is being deleted", () => (object = object && { ...object, metadata: { ...object.metadata, deletionTimestamp: "2026-01-01T00:00:00Z" } })],
    ["is gone", () => (object = undefined)],
  ])("is left while its Kustomization %s", async (_, change) => {
    change();
    await edit({ v: "2" });
    corrector.ring(RING);
    await looked();
    expect([await data(), telling.told]).toEqual([{ v: "2" }, []]);
  });

  it.each<[string, () => void]>([
    ["is suspended", () => (object = object && { ...object, spec: { ...object.spec, suspend: true } })],
    ["is told to observe", () => (object = object && { ...object, metadata: { ...object.metadata, annotations: { "plumb.dev/drift": "observe" } } })],
  ])("is left where its Kustomization %s while it is looked at", async (_, change) => {
    telling.onHold = () => Promise.resolve(change());
    await edit({ v: "2" });
    corrector.ring(RING);
    await vi.waitFor(() => expect(telling.held).toHaveLength(1), LIMIT);
    await looked();
    expect(await data()).toEqual({ v: "2" });
  });

  it("and is named by another Kustomization too is corrected for the one that wrote it, whatever the other does", async () => {
    const other = { namespace: "default", name: "before" };
    desired = (key) => (key === "default/shop" ? declared : []);
    await edit({ v: "2" });
    corrector.ring({ ...RING, owners: [other, OWNER] });
    await vi.waitFor(() => expect(telling.told).toEqual([expect.stringMatching(/^DriftCorrected: /)]), LIMIT);
    expect([await data(), enqueued]).toEqual([{ v: "1" }, []]);
  });

  it("and was applied by a build that nobody remembers gets a whole run", async () => {
    declared = [{ ...OBJECT, data: { v: "newer" } }];
    await edit({ v: "2" });
    corrector.ring(RING);
    await vi.waitFor(() => expect(enqueued).toEqual(["default/shop"]), LIMIT);
    expect(await data()).toEqual({ v: "2" });
  });
});

/** Until drift that could not be corrected is to be tried again, and to be told. */
function open(): Promise<void> {
  return vi.waitFor(() => expect([telling.held.length, clock.pending]).toEqual([2, 2]), LIMIT);
}

describe("drift that cannot be corrected", () => {
  it("is tried again with back-off, told after five seconds with the reason, and told when it is over", async () => {
    const restore = refuseWrites();
    await edit({ v: "2" });
    corrector.ring(RING);
    await open();
    expect(telling.told).toEqual([]);
    await vi.waitFor(() => {
      clock.advance(1000);
      expect(telling.told).toEqual([expect.stringMatching(/^DriftDetected: .*\nnot corrected: .*ConfigMap\/default\/one/)]);
    }, LIMIT);
    restore();
    await vi.waitFor(() => {
      clock.advance(1000);
      expect(telling.told.slice(1)).toEqual([expect.stringMatching(/^DriftResolved: /)]);
    }, LIMIT);
    expect(await data()).toEqual({ v: "1" });
  });

  it("is over when a run has put it right", async () => {
    const restore = refuseWrites();
    await edit({ v: "2" });
    corrector.ring(RING);
    await open();
    clock.advance(5000);
    restore();
    corrector.afterRun(OWNER, await apply());
    await vi.waitFor(() => expect(telling.told.map((text) => text.replace(/:.*/s, ""))).toEqual(["DriftDetected", "DriftResolved"]), LIMIT);
  });

  it("of an object that is declared no more is told once, and left", async () => {
    refuseWrites();
    await edit({ v: "2" });
    corrector.ring(RING);
    await open();
    corrector.afterRun(OWNER, { changes: [], inventory: [], drifted: [], failure: undefined });
    expect(telling.told).toEqual([expect.stringMatching(/^DriftDetected: /)]);
    expect(clock.pending).toBe(0);
  });

  it("is no more ours once the object says that it is nobody's", async () => {
    const restore = refuseWrites();
    await edit({ v: "2" });
    corrector.ring(RING);
    await open();
    await client.patch(
      NAME,
      { metadata: { annotations: { "kustomize.toolkit.fluxcd.io/reconcile": "disabled" } } },
      { type: "merge", fieldManager: "kubectl-edit", signal },
    );
    restore();
    corrector.ring(RING);
    await vi.waitFor(() => expect(telling.told).toEqual([expect.stringMatching(/^DriftDetected: /)]), LIMIT);
    expect([await data(), clock.pending]).toEqual([{ v: "2" }, 0]);
  });

  it("is forgotten with its Kustomization also while it is looked at", async () => {
    telling.onHold = () => {
      object = undefined;
      corrector.forget(OWNER);
      return Promise.resolve(void (telling.onHold = () => Promise.resolve()));
    };
    refuseWrites();
    await edit({ v: "2" });
    corrector.ring(RING);
    await vi.waitFor(() => expect(telling.told).toEqual([expect.stringMatching(/^DriftDetected: /)]), LIMIT);
    await looked();
    expect(clock.pending).toBe(0);
  });

  it("is forgotten with its Kustomization: no timer stays", async () => {
    refuseWrites();
    await edit({ v: "2" });
    corrector.ring(RING);
    await open();
    corrector.forget({ namespace: "default", name: "another" });
    expect(clock.pending).toBe(2);
    corrector.forget(OWNER);
    expect(clock.pending).toBe(0);
  });
});

describe("drift that is observed", () => {
  it("is told at once and left, also when the object says so, and corrected when the policy changes", async () => {
    if (object !== undefined) object = { ...object, metadata: { ...object.metadata, annotations: { "plumb.dev/drift": "observe" } } };
    await edit({ v: "2" });
    corrector.ring(RING);
    await vi.waitFor(() => expect(telling.told).toEqual([expect.stringMatching(/^DriftDetected: /)]), LIMIT);
    corrector.reconsider(OWNER);
    if (object !== undefined) object = { ...object, metadata: { ...object.metadata, annotations: { "plumb.dev/drift": "enforce" } } };
    corrector.reconsider(OWNER);
    await vi.waitFor(() => expect(telling.told.slice(1)).toEqual([expect.stringMatching(/^DriftResolved: /)]), LIMIT);
    expect(await data()).toEqual({ v: "1" });
  });
});
