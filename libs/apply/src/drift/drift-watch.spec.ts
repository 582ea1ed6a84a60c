import { randomUUID } from "node:crypto";
import type { Manifest } from "@plumb/api";
import type { KubeClient } from "@plumb/kube";
import { systemClock } from "@plumb/std";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { Applier, Baselines, DriftWatch, WatchHub, type Ring } from "../index.ts";
import { startCluster, type Cluster } from "../testing/cluster.ts";

const CONFIG_MAPS = { group: "", version: "v1", plural: "configmaps" };
const owner = { namespace: "flux-system", name: "apps" };
const signal = AbortSignal.timeout(100_000);
const ns = `set-back-${randomUUID().slice(0, 8)}`;
let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster();
  const space = { apiVersion: "v1", kind: "Namespace", metadata: { name: ns } };
  await cluster.other.create({ group: "", version: "v1", plural: "namespaces" }, space, { fieldManager: "test", signal });
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
    await vi.waitFor(() => expect(rings).toHaveLength(1), 10_000);
    expect([rings, inventory.map(({ id }) => baselines.isClean(id))]).toMatchObject([[{ key: `${ns}_a__ConfigMap`, reason: "version" }], [false]]);
    await watch.close();
  });
});
