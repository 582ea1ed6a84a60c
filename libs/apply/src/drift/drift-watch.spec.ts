import { inventoryEntry, type Manifest } from "@plumb/api";
import type { KubeClient } from "@plumb/kube";
import { kubeError } from "@plumb/kube/testing";
import { systemClock, ToolkitError } from "@plumb/std";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { Applier, Baselines, DriftWatch, WatchHub, type Ring } from "../index.ts";
import { startCluster, type Cluster } from "../testing/cluster.ts";

const CONFIG_MAPS = { group: "", version: "v1", plural: "configmaps" };
const owner = { namespace: "flux-system", name: "apps" };
const { signal } = new AbortController();
let cluster: Cluster;
let ns: string;

beforeAll(async () => {
  cluster = await startCluster();
  ns = await cluster.newNamespace();
});
afterAll(() => cluster.close());

function settings(x: string): Manifest {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a", namespace: ns }, data: { x } };
}

describe("a cluster that was set back to a backup", () => {
  it.each(["list", "bookmark"])("rings for every write of ours that is undone, found out by a %s", async (by) => {
    const baselines = new Baselines();
    const applier = new Applier({ client: cluster.client, baselines, concurrency: 4, customStageKinds: new Set(), overrideManagers: [] });
    const run = { owner, inventory: [], revision: "1", checkpoint: () => Promise.resolve(), signal };
    await applier.run({ ...run, objects: [{ object: settings("1") }] });
    const backup = await cluster.client.list(CONFIG_MAPS, { namespace: ns, signal });
    const { inventory } = await applier.run({ ...run, objects: [{ object: settings("2") }] });
    const lists = [await cluster.client.list(CONFIG_MAPS, { namespace: ns, signal }), by === "list" ? { ...backup, resourceVersion: "999999999" } : backup];
    const rings: Ring[] = [];
    const client: Pick<KubeClient, "list" | "watch"> = {
      list: async () => lists.shift() ?? backup,
      async *watch(_resource, { signal: until }) {
        if (lists.length > 0) yield { kind: "bookmark", resourceVersion: "1" };
        await new Promise<void>((resolve) => until.addEventListener("abort", () => resolve()));
      },
    };
    const hub = new WatchHub(client);
    const watch = new DriftWatch({ client: cluster.client, hub, baselines, clock: systemClock, ring: (ring) => rings.push(ring) });
    await watch.follow(owner, inventory, signal);
    await vi.waitFor(() => expect(rings).toHaveLength(1), 60_000);
    expect([rings, inventory.map(({ id }) => baselines.isClean(id))]).toMatchObject([[{ key: `${ns}_a__ConfigMap`, reason: "version" }], [false]]);
    await watch.close();
  });
});

describe("a watch that worked and is refused", () => {
  it.each([
    ["goes on where it is let again soon, as by an API server that starts", 2, 1],
    ["is given up for narrower ones where the refusals last, and comes back with the next sweep", Infinity, 2],
  ])("%s", { timeout: 240_000 }, async (_, refusals, watches) => {
    const baselines = new Baselines();
    const applier = new Applier({ client: cluster.client, baselines, concurrency: 4, customStageKinds: new Set(), overrideManagers: [] });
    const objects = ["1", "2"].map((x) => ({ object: { ...settings(x), metadata: { name: `refused-${x}`, namespace: ns } } }));
    const { inventory } = await applier.run({ owner, objects, inventory: [], revision: "1", checkpoint: () => Promise.resolve(), signal });
    let left = 0;
    let end = Promise.withResolvers<void>();
    const client: Pick<KubeClient, "list" | "watch"> = {
      list: async (resource, options) => {
        if (options.fieldSelector === undefined && left > 0 && left--) throw kubeError({ status: 403, body: "" });
        return cluster.client.list(resource, options);
      },
      // oxlint-disable-next-line require-yield -- a watch on which nothing happens before it ends
      async *watch(_resource, { fieldSelector, signal: until }) {
        const aborted = new Promise<void>((resolve) => until.addEventListener("abort", () => resolve()));
        await Promise.race(fieldSelector === undefined ? [aborted, end.promise] : [aborted]);
        if (!until.aborted) throw new ToolkitError("conflict", "too old");
      },
    };
    const hub = new WatchHub(client);
    const watch = new DriftWatch({ client: cluster.client, hub, baselines, clock: systemClock, ring: () => undefined });
    await watch.follow(owner, inventory, signal);
    const isSeen = (): boolean => inventory.every(({ id }) => watch.isWatched(id));
    await vi.waitFor(() => expect(isSeen()).toBe(true), 60_000);
    left = refusals;
    end.resolve();
    end = Promise.withResolvers();
    await vi.waitFor(() => expect([hub.size, left === 0 || left === Infinity]).toEqual([watches, true]), 60_000);
    left = 0;
    await watch.sweep(signal);
    await vi.waitFor(() => expect([hub.size, isSeen()]).toEqual([1, true]), 60_000);
    await watch.close();
  });
});

it("a watch stays as wide as it is while the API server does not know who asks", async () => {
  const baselines = new Baselines();
  const applier = new Applier({ client: cluster.client, baselines, concurrency: 4, customStageKinds: new Set(), overrideManagers: [] });
  const objects = ["1", "2"].map((x) => ({ object: { ...settings(x), metadata: { name: `lapsed-${x}`, namespace: ns } } }));
  const { inventory } = await applier.run({ owner, objects, inventory: [], revision: "1", checkpoint: () => Promise.resolve(), signal });
  const asked: unknown[] = [];
  const client: Pick<KubeClient, "list" | "watch"> = {
    list: async (resource, options) => {
      asked.push(options.namespace ?? options.fieldSelector);
      if (asked.length < 3) throw kubeError({ status: 401, body: "" });
      return cluster.client.list(resource, options);
    },
    watch: cluster.client.watch,
  };
  const watch = new DriftWatch({ client: cluster.client, hub: new WatchHub(client), baselines, clock: systemClock, ring: () => undefined });
  await watch.follow(owner, inventory, signal);
  await vi.waitFor(() => expect(inventory.every(({ id }) => watch.isWatched(id))).toBe(true), 60_000);
  expect([asked, watch.blindSpots(owner)]).toEqual([[undefined, undefined, undefined], []]);
  await watch.close();
});

it("drift is looked at within seconds though the wall clock was set back by a day", async () => {
  const baselines = new Baselines();
  const applier = new Applier({ client: cluster.client, baselines, concurrency: 4, customStageKinds: new Set(), overrideManagers: [] });
  const object = { ...settings("1"), metadata: { name: "clock", namespace: ns } };
  const { inventory } = await applier.run({ owner, objects: [{ object }], inventory: [], revision: "1", checkpoint: () => Promise.resolve(), signal });
  let aheadMs = 0;
  const rings: Ring[] = [];
  const clock = { ...systemClock, nowMs: () => Date.now() + aheadMs };
  const watch = new DriftWatch({ client: cluster.client, hub: new WatchHub(cluster.client), baselines, clock, ring: (ring) => rings.push(ring) });
  await watch.follow(owner, inventory, signal);
  await vi.waitFor(() => expect(inventory.every(({ id }) => watch.isWatched(id))).toBe(true), 60_000);
  for (const x of ["2", "3"]) {
    const told = rings.length;
    const name = { resource: CONFIG_MAPS, namespace: ns, name: "clock" };
    await cluster.other.patch(name, { data: { x } }, { type: "merge", fieldManager: "kubectl-edit", signal });
    await vi.waitFor(() => expect(rings.length).toBeGreaterThan(told), 60_000);
    aheadMs = -86_400_000;
  }
  await watch.close();
});

it("leaves the kinds beyond the limit of watches to the sweep and the interval, and names their objects", async () => {
  const [watched, beyond] = [settings("1"), { ...settings("1"), kind: "Secret" }].map(inventoryEntry);
  if (watched === undefined || beyond === undefined) throw new Error("there are two");
  const hub = new WatchHub(cluster.client);
  const watch = new DriftWatch({ client: cluster.client, hub, baselines: new Baselines(), clock: systemClock, ring: () => undefined, maxWatches: 1 });
  await watch.follow(owner, [watched, beyond], signal);
  await vi.waitFor(() => expect(watch.isWatched(watched.id)).toBe(true), 60_000);
  expect([hub.size, watch.isWatched(beyond.id), watch.blindSpots(owner)]).toEqual([1, false, [beyond.id]]);
  await watch.close();
});
