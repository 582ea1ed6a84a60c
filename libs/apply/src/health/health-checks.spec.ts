import type { Manifest } from "@plumb/api";
import { systemClock, ToolkitError, type JsonObject } from "@plumb/std";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { HealthChecks, WatchHub, type HealthTarget } from "../index.ts";
import { startCluster, type Cluster } from "../testing/cluster.ts";

const DEPLOYMENTS = { group: "apps", version: "v1", plural: "deployments" };
const { signal } = new AbortController();
let cluster: Cluster;
let ns: string;
let hub: WatchHub;
let woken: string[];
let checks: HealthChecks;

beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.close());
beforeEach(async () => {
  ns = await cluster.newNamespace();
  hub = new WatchHub(cluster.client);
  woken = [];
  checks = new HealthChecks({ client: cluster.client, hub, clock: systemClock, wake: (key) => woken.push(key) });
});
afterEach(() => hub.close());

function target(name: string, kind = "Deployment", apiVersion = "apps/v1"): HealthTarget {
  return { apiVersion, kind, namespace: ns, name };
}

async function deploy(name: string): Promise<void> {
  const labels = { app: name };
  const object: Manifest = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: ns },
    spec: {
      replicas: 1,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: "app", image: "example/app:1" }] } },
    },
  };
  await cluster.other.create(DEPLOYMENTS, object, { fieldManager: "test", signal });
}

async function setStatus(name: string, status: JsonObject): Promise<void> {
  await cluster.other.patch({ resource: DEPLOYMENTS, namespace: ns, name }, { status }, { type: "merge", fieldManager: "test", subresource: "status", signal });
}

const ROLLED_OUT = {
  observedGeneration: 1,
  replicas: 1,
  updatedReplicas: 1,
  readyReplicas: 1,
  availableReplicas: 1,
  conditions: [
    { type: "Available", status: "True", reason: "x", message: "" },
    { type: "Progressing", status: "True", reason: "NewReplicaSetAvailable", message: "" },
  ],
};

async function until(holds: () => boolean): Promise<void> {
  const giveUp = Date.now() + 60_000;
  while (!holds()) {
    if (Date.now() > giveUp) throw new Error("it never came to hold");
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe("waiting for health", () => {
  it("of many objects that were applied costs one watch, shared with that for drift", async () => {
    const names = ["a", "b", "c", "d"];
    for (const name of names) {
      await deploy(name);
      await cluster.other.patch(
        { resource: DEPLOYMENTS, namespace: ns, name },
        { metadata: { labels: { "kustomize.toolkit.fluxcd.io/name": "x" } } },
        { type: "merge", fieldManager: "test", signal },
      );
    }
    await checks.assess(
      "k",
      names.map((name) => target(name)),
      signal,
    );
    expect(hub.size).toBe(1);
    await until(() => woken.length === 1);
    await setStatus("c", ROLLED_OUT);
    await until(() => woken.length === 2);
    checks.forget("k");
    expect(hub.size).toBe(0);
  });

  it("wakes when what it waits for moves, and holds no watch once all is well", async () => {
    await deploy("web");
    expect(await checks.assess("k", [target("web")], signal)).toEqual({ kind: "progressing", waiting: [`Deployment/${ns}/web status: 'InProgress'`] });
    expect(hub.size).toBe(1);
    await until(() => woken.length === 1);
    await setStatus("web", ROLLED_OUT);
    await until(() => woken.length === 2);
    expect(await checks.assess("k", [target("web")], signal)).toEqual({ kind: "healthy" });
    expect(hub.size).toBe(0);
  });

  it("names what cannot become healthy by itself, in the order of the targets", async () => {
    await deploy("web");
    await deploy("api");
    await setStatus("web", { observedGeneration: 1, conditions: [{ type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded", message: "" }] });
    expect(await checks.assess("k", [target("api"), target("web")], signal)).toEqual({ kind: "failed", stalled: [`Deployment/${ns}/web status: 'Failed'`] });
    checks.forget("k");
    expect(hub.size).toBe(0);
  });

  it("waits for what is not there yet, and wakes when it comes", async () => {
    expect(await checks.assess("k", [target("later")], signal)).toEqual({ kind: "progressing", waiting: [`Deployment/${ns}/later status: 'NotFound'`] });
    await until(() => hub.size === 1);
    await deploy("later");
    await until(() => woken.length > 0);
    checks.forget("k");
  });

  it("takes a Job that cleans itself away for done, and a kind that is not served for one more thing to wait for", async () => {
    expect(await checks.assess("k", [{ ...target("job", "Job", "batch/v1"), endsItself: true }], signal)).toEqual({ kind: "healthy" });
    expect(await checks.assess("k", [target("x", "Nothing", "none.example.com/v1")], signal)).toEqual({
      kind: "progressing",
      waiting: [`Nothing/${ns}/x status: 'Unknown': no matches for kind "Nothing" in group "none.example.com"`],
    });
    checks.forget("k");
  });

  it("takes a kind whose aggregated server is away for one more thing to wait for", async () => {
    const resourceOf = (): Promise<never> => Promise.reject(new ToolkitError("unavailable", "failed to get API group resources"));
    checks = new HealthChecks({ client: { ...cluster.client, resourceOf }, hub, clock: systemClock, wake: () => undefined });
    expect(await checks.assess("k", [target("x", "Thing", "away.example.com/v1")], signal)).toMatchObject({ kind: "progressing" });
    checks.forget("k");
  });

  it("looks at an object that is named at a version served no longer", async () => {
    await deploy("web");
    await setStatus("web", ROLLED_OUT);
    expect(await checks.assess("k", [target("web", "Deployment", "apps/v1beta1")], signal)).toEqual({ kind: "healthy" });
  });

  it("sees that a Pod of a workload has failed", async () => {
    await deploy("web");
    const pods = { group: "", version: "v1", plural: "pods" };
    await cluster.other.create(
      pods,
      {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: "web-1", namespace: ns, labels: { app: "web" } },
        spec: { containers: [{ name: "app", image: "example/app:1" }] },
      },
      { fieldManager: "test", signal },
    );
    await cluster.other.patch(
      { resource: pods, namespace: ns, name: "web-1" },
      { status: { phase: "Failed" } },
      { type: "merge", fieldManager: "test", subresource: "status", signal },
    );
    expect(await checks.assess("k", [target("web")], signal)).toEqual({ kind: "failed", stalled: [`Deployment/${ns}/web status: 'Failed'`] });
    checks.forget("k");
  });
});
