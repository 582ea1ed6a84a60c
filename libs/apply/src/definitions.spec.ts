import { randomUUID } from "node:crypto";
import type { LiveObject, Manifest } from "@plumb/api";
import type { KubeClient } from "@plumb/kube";
import { kubeError, widgetDefinition } from "@plumb/kube/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { untilCurrent } from "./definitions.ts";
import { startCluster, type Cluster } from "./testing/cluster.ts";

const { signal } = new AbortController();
const DEFINITIONS = { group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions" };
const NAMESPACES = { group: "", version: "v1", plural: "namespaces" };

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.close());

/** Created, as the answer shows it: not established yet. */
function created(): Promise<LiveObject> {
  return cluster.other.create(DEFINITIONS, widgetDefinition(`${randomUUID().slice(0, 8)}.example.com`), { fieldManager: "test", signal });
}

describe("what a stage brought", () => {
  it("is watched until it is current, and asked for once", async () => {
    const objects = [await created(), await created()];
    cluster.take();
    expect(await untilCurrent(cluster.client, objects, { limitMs: 60_000, signal })).toBeUndefined();
    expect(cluster.take()).toEqual(["list customresourcedefinitions", "list customresourcedefinitions"]);
  });

  it("is asked for again and again where it may not be watched", async () => {
    const object = await created();
    const blind: KubeClient = { ...cluster.client, list: () => Promise.reject(kubeError({ status: 403, body: "" })) };
    cluster.take();
    expect(await untilCurrent(blind, [object], { limitMs: 60_000, signal })).toBeUndefined();
    expect(new Set(cluster.take())).toEqual(new Set([`get ${object.metadata.name}`]));
  });

  it("is watched although the API server did not know who asks for a moment", async () => {
    const object = await created();
    let lapses = 2;
    const lapsing: KubeClient = {
      ...cluster.client,
      list: (resource, options) => (lapses-- > 0 ? Promise.reject(kubeError({ status: 401, body: "" })) : cluster.client.list(resource, options)),
    };
    cluster.take();
    expect(await untilCurrent(lapsing, [object], { limitMs: 60_000, signal })).toBeUndefined();
    expect(cluster.take()).toEqual(["list customresourcedefinitions"]);
  });

  it("that does not become current ends the stage with its names and states", async () => {
    const manifest: Manifest = { apiVersion: "v1", kind: "Namespace", metadata: { name: `t-${randomUUID().slice(0, 8)}` } };
    const namespace = await cluster.other.create(NAMESPACES, manifest, { fieldManager: "test", signal });
    const ending = { ...namespace, metadata: { ...namespace.metadata, uid: "another", deletionTimestamp: "2026-01-01T00:00:00Z" } };
    const failure = await untilCurrent(cluster.client, [await created(), ending], { limitMs: 5_000, signal });
    expect(failure).toMatchObject({ kind: "unavailable", message: `timeout waiting for: [Namespace/${manifest.metadata.name} status: 'NotFound']` });
  });

  it("is waited for no longer than the run itself", async () => {
    const stop = new AbortController();
    const waiting = untilCurrent(cluster.client, [await created()], { limitMs: 60_000, signal: stop.signal });
    stop.abort();
    expect(await waiting).toMatchObject({ kind: "cancelled" });
  });
});
