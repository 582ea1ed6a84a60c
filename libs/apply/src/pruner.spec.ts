import type { InventoryEntry } from "@plumb/api";
import type { KubeClient } from "@plumb/kube";
import { ToolkitError } from "@plumb/std";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Baselines, prune } from "./index.ts";
import { startCluster, type Cluster } from "./testing/cluster.ts";

const CONFIG_MAPS = { group: "", version: "v1", plural: "configmaps" };
const { signal } = new AbortController();
const owner = { namespace: "flux-system", name: "apps" };
let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.close());

async function pruned(entry: InventoryEntry): Promise<readonly string[]> {
  const { changes, survivors, failure } = await prune(cluster.client, new Baselines(), { owner, entries: [entry], signal });
  expect({ survivors, failure }).toEqual({ survivors: [], failure: undefined });
  return changes.map(({ subject, action }) => `${subject} ${action}`);
}

describe("what an inventory names at a version that is served no longer", () => {
  it("is deleted at one that is, not called deleted and left", async () => {
    const labels = { "kustomize.toolkit.fluxcd.io/name": owner.name, "kustomize.toolkit.fluxcd.io/namespace": owner.namespace };
    const object = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "old", namespace: "default", labels } };
    await cluster.other.create(CONFIG_MAPS, object, { fieldManager: "test", signal });
    expect(await pruned({ id: "default_old__ConfigMap", v: "v1beta1" })).toEqual(["ConfigMap/default/old deleted"]);
    expect(await cluster.other.get({ resource: CONFIG_MAPS, namespace: "default", name: "old" }, { signal })).toBeUndefined();
  });

  it("counts as deleted where its kind is served at no version", async () => {
    expect(await pruned({ id: "default_old_none.example.com_Nothing", v: "v1" })).toEqual(["Nothing/default/old deleted"]);
  });

  it("stays tracked while nobody can tell whether its kind is served, as with an aggregated server that is away", async () => {
    const away = new ToolkitError("unavailable", "failed to get API group resources");
    const entries = [{ id: "default_old_away.example.com_Thing", v: "v1" }];
    const client: KubeClient = { ...cluster.client, resourceOf: () => Promise.reject(away) };
    const { changes, survivors, failure } = await prune(client, new Baselines(), { owner, entries, signal });
    expect([changes, survivors, failure?.message]).toEqual([
      [],
      entries,
      "delete failed, errors: Thing/default/old delete failed: failed to get API group resources;",
    ]);
  });
});
