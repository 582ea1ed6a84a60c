import { inventoryEntry, type Manifest } from "@plumb/api";
import type { KubeClient } from "@plumb/kube";
import { kubeError } from "@plumb/kube/testing";
import { systemClock, type ToolkitError } from "@plumb/std";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Applier, Baselines, checkDrift, DriftWatch, prune, WatchHub, type Drift, type DriftCheckRequest, type DriftOutcome, type Ring } from "../index.ts";
import { normalised } from "../normalise.ts";
import { withOwner } from "../owner.ts";
import { startCluster, type Cluster } from "../testing/cluster.ts";

let cluster: Cluster;
let ns: string;
const { signal } = new AbortController();
const owner = { namespace: "flux-system", name: "apps" };
const CONFIG_MAPS = { group: "", version: "v1", plural: "configmaps" };
const DEPLOYMENTS = { group: "apps", version: "v1", plural: "deployments" };
const JOBS = { group: "batch", version: "v1", plural: "jobs" };
const SECRETS = { group: "", version: "v1", plural: "secrets" };

beforeAll(async () => {
  cluster = await startCluster();
});
afterAll(() => cluster.close());

function configMap(name: string, data: Record<string, string>, metadata: Partial<Manifest["metadata"]> = {}): Manifest {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: ns, ...metadata }, data };
}

function deployment(name: string, replicas = 3): Manifest {
  const labels = { app: name };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: ns },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: "app", image: "example/app:1", env: [{ name: "A", value: "1" }] }] } },
    },
  };
}

/** What a controller has: baselines, watches, and the rings they made. */
class Watched {
  readonly baselines = new Baselines();
  readonly rings: Ring[] = [];
  readonly hub = new WatchHub(cluster.client);
  readonly #waiters: (() => void)[] = [];
  readonly watch: DriftWatch;
  readonly told: Drift[] = [];

  constructor() {
    this.watch = new DriftWatch({
      client: cluster.client,
      hub: this.hub,
      baselines: this.baselines,
      clock: systemClock,
      ring: (ring) => {
        this.rings.push(ring);
        for (const wake of this.#waiters.splice(0)) wake();
      },
    });
  }

  async apply(...objects: readonly Manifest[]): Promise<void> {
    const applier = new Applier({
      client: cluster.client,
      baselines: this.baselines,
      concurrency: 4,
      customStageKinds: new Set(),
      overrideManagers: [],
      isWatched: (key) => this.watch.isWatched(key),
    });
    const result = await applier.run({
      owner,
      objects: objects.map((object) => ({ object })),
      inventory: [],
      revision: "main@sha1:1",
      checkpoint: () => Promise.resolve(),
      signal,
    });
    if (result.failure !== undefined) throw result.failure;
    await this.watch.follow(owner, result.inventory, signal);
    await until(() => result.inventory.every(({ id }) => this.watch.isWatched(id)));
    cluster.take();
  }

  /** Resolves with the ring after the first `count`. */
  async ring(count = 0): Promise<Ring> {
    await until(() => this.rings.length > count);
    const ring = this.rings[count];
    if (ring === undefined) throw new Error("no ring");
    return ring;
  }

  check(object: Manifest, more: Partial<DriftCheckRequest> = {}): Promise<DriftOutcome> {
    return checkDrift({
      client: cluster.client,
      baselines: this.baselines,
      owner,
      desired: { object },
      revision: "main@sha1:1",
      isSensitive: false,
      mode: "enforce",
      overrideManagers: [],
      nowMs: () => Date.now(),
      signal,
      onDrift: async (drift) => void this.told.push(drift),
      mayWrite: () => true,
      ...more,
    });
  }
}

async function until(holds: () => boolean): Promise<void> {
  const giveUp = Date.now() + 60_000;
  while (!holds()) {
    if (Date.now() > giveUp) throw new Error("it never came to hold");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Long enough for an event that was on its way. */
function quiet(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 250));
}

let watched: Watched;
beforeEach(async () => {
  ns = await cluster.newNamespace();
  watched = new Watched();
});
afterEach(() => watched.watch.close());

function named(name: string, resource: { group: string; version: string; plural: string }): { resource: typeof resource; namespace: string; name: string } {
  return { resource, namespace: ns, name };
}

/** Lets no watch and no list through where `isDenied` says so. */
function denying(client: KubeClient, isDenied: (options: { readonly namespace?: string | undefined; readonly fieldSelector?: string }) => boolean): KubeClient {
  const denied = (): ToolkitError => kubeError({ status: 403, body: "" });
  return {
    ...client,
    list: (resource, options) => (isDenied(options) ? Promise.reject(denied()) : client.list(resource, options)),
    watch: (resource, options) => {
      if (isDenied(options)) throw denied();
      return client.watch(resource, options);
    },
  };
}

describe("drift under narrow rights", () => {
  const cases = {
    "is heard through a watch of the namespace where none of all is allowed": {
      isDenied: (o: { namespace?: string | undefined }) => o.namespace === undefined,
      sees: true,
      watches: 1,
    },
    "is heard through watches by name where rights name single objects": {
      isDenied: (o: { fieldSelector?: string }) => o.fieldSelector === undefined,
      sees: true,
      watches: 2,
    },
    "leaves blind spots where no watch is allowed, and says so": { isDenied: () => true, sees: false, watches: 0 },
  };
  it.each(Object.entries(cases))("%s", async (_, { isDenied, sees, watches }) => {
    const baselines = new Baselines();
    const hub = new WatchHub(denying(cluster.client, isDenied));
    const rings: Ring[] = [];
    const watch = new DriftWatch({ client: cluster.client, hub, baselines, clock: systemClock, ring: (ring) => rings.push(ring) });
    const applier = new Applier({ client: cluster.client, baselines, concurrency: 4, customStageKinds: new Set(), overrideManagers: [] });
    const objects = [configMap("a", { x: "1" }), configMap("b", { x: "1" })].map((object) => ({ object }));
    const { inventory } = await applier.run({ owner, objects, inventory: [], revision: "1", checkpoint: () => Promise.resolve(), signal });
    await watch.follow(owner, inventory, signal);
    await until(() => hub.size === watches && inventory.every(({ id }) => watch.isWatched(id) === sees));
    expect(watch.blindSpots(owner)).toHaveLength(sees ? 0 : 2);
    await cluster.other.patch(named("a", CONFIG_MAPS), { data: { x: "2" } }, { type: "merge", fieldManager: "kubectl-edit", signal });
    if (sees) await until(() => rings.length === 1);
    else await quiet();
    expect(rings.map(({ key }) => key)).toEqual(sees ? [`${ns}_a__ConfigMap`] : []);
    await watch.close();
  });
});

describe("drift", () => {
  it("of a scaled Deployment is heard, named with values and manager, told, and corrected in three requests", async () => {
    await watched.apply(deployment("web"));
    await cluster.other.patch(named("web", DEPLOYMENTS), { spec: { replicas: 10 } }, { type: "merge", fieldManager: "kubectl-edit", signal });
    const ring = await watched.ring();
    expect(ring).toMatchObject({ key: `${ns}_web_apps_Deployment`, owners: [owner], reason: "own-fields" });
    const outcome = await watched.check(deployment("web"));
    expect(cluster.take()).toEqual(["get web", "dry-run Deployment/web", "apply Deployment/web"]);
    expect(outcome).toMatchObject({
      kind: "corrected",
      drift: {
        subject: `Deployment/${ns}/web`,
        what: "changed",
        managers: ["kubectl-edit"],
        changes: [{ pointer: "/spec/replicas", field: ".spec.replicas", what: "changed", desired: 3, live: 10, manager: "kubectl-edit", isRedacted: false }],
      },
    });
    expect(watched.told).toHaveLength(1);
    expect((await cluster.other.get(named("web", DEPLOYMENTS), { signal }))?.["spec"]).toMatchObject({ replicas: 3 });
    await quiet();
    expect(watched.rings).toHaveLength(1);
  });

  it("is not heard for status writes", async () => {
    await watched.apply(deployment("web"));
    const write = (patch: object, subresource?: "status") =>
      cluster.other.patch(named("web", DEPLOYMENTS), patch as never, {
        type: "strategic",
        fieldManager: "some-controller",
        signal,
        ...(subresource === undefined ? {} : { subresource }),
      });
    await write({ status: { replicas: 3, observedGeneration: 1 } }, "status");
    await quiet();
    expect(watched.rings).toEqual([]);
    const key = `${ns}_web_apps_Deployment`;
    expect(watched.baselines.isClean(key)).toBe(true);
  });

  it("that is none costs one GET: somebody else's addition rings, and is left alone", async () => {
    await watched.apply(deployment("web"));
    await cluster.other.patch(
      named("web", DEPLOYMENTS),
      { spec: { template: { metadata: { annotations: { theirs: "1" } } } } },
      { type: "merge", fieldManager: "some-controller", signal },
    );
    await watched.ring();
    expect(await watched.check(deployment("web"))).toEqual({ kind: "clean", isUntidy: false });
    expect(cluster.take()).toEqual(["get web"]);
    expect(watched.baselines.isClean(`${ns}_web_apps_Deployment`)).toBe(true);
  });

  it("is none for a restart by kubectl, which the next run and not the check takes away", async () => {
    await watched.apply(deployment("web"));
    await cluster.other.patch(
      named("web", DEPLOYMENTS),
      { spec: { template: { metadata: { annotations: { "kubectl.kubernetes.io/restartedAt": "now" } } } } },
      { type: "merge", fieldManager: "kubectl-rollout", signal },
    );
    await watched.ring();
    expect(await watched.check(deployment("web"))).toEqual({ kind: "clean", isUntidy: true });
    expect(watched.baselines.isClean(`${ns}_web_apps_Deployment`)).toBe(false);
    await watched.apply(deployment("web"));
    const live = await cluster.other.get(named("web", DEPLOYMENTS), { signal });
    expect(live?.metadata.managedFields?.map(({ manager }) => manager)).toEqual(["kustomize-controller"]);
  });

  it("away and back leaves a field that is ours no more: it is taken back without a word", async () => {
    await watched.apply(deployment("web"));
    for (const replicas of [10, 3])
      await cluster.other.patch(named("web", DEPLOYMENTS), { spec: { replicas } }, { type: "merge", fieldManager: "kubectl-edit", signal });
    await watched.ring();
    expect(await watched.check(deployment("web"))).toEqual({ kind: "reowned" });
    expect(watched.told).toEqual([]);
    const live = await cluster.other.get(named("web", DEPLOYMENTS), { signal });
    const own = live?.metadata.managedFields?.find(({ manager }) => manager === "kustomize-controller");
    expect(own?.fieldsV1?.["f:spec"]).toHaveProperty("f:replicas");
  });

  it("by an applier of our own name moves values and no owner, and is seen all the same", async () => {
    await watched.apply(deployment("web"), configMap("settings", { mode: "a" }));
    await cluster.other.apply(DEPLOYMENTS, labelled(deployment("web", 5)), { fieldManager: "kustomize-controller", force: true, dryRun: false, signal });
    expect((await watched.ring()).reason).not.toBe("own-fields");
    expect(await watched.check(deployment("web"))).toMatchObject({
      kind: "corrected",
      drift: { changes: [{ field: ".spec.replicas", desired: 3, live: 5, manager: "unknown" }] },
    });
    await cluster.other.apply(CONFIG_MAPS, labelled(configMap("settings", { mode: "b" })), {
      fieldManager: "kustomize-controller",
      force: true,
      dryRun: false,
      signal,
    });
    expect((await watched.ring(1)).reason).toBe("version");
    expect(await watched.check(configMap("settings", { mode: "a" }))).toMatchObject({
      kind: "corrected",
      drift: { changes: [{ field: ".data.mode", desired: "a", live: "b" }] },
    });
  });

  it("of a removed key and a removed element has no manager, and is named by what is gone", async () => {
    await watched.apply(configMap("settings", { mode: "a", other: "x" }), deployment("web"));
    await cluster.other.patch(named("settings", CONFIG_MAPS), { data: { mode: null } }, { type: "merge", fieldManager: "kubectl-edit", signal });
    await watched.ring();
    expect(await watched.check(configMap("settings", { mode: "a", other: "x" }))).toMatchObject({
      kind: "corrected",
      drift: { managers: ["unknown"], changes: [{ pointer: "/data/mode", what: "removed", desired: "a", live: undefined, manager: "unknown" }] },
    });
    await cluster.other.patch(
      named("web", DEPLOYMENTS),
      { spec: { template: { spec: { containers: [{ name: "app", env: [{ name: "A", $patch: "delete" }] }] } } } },
      { type: "strategic", fieldManager: "kubectl-edit", signal },
    );
    await watched.ring(1);
    const outcome = await watched.check(deployment("web"));
    expect(outcome).toMatchObject({ kind: "corrected" });
    const fields = outcome.kind === "corrected" ? outcome.drift.changes.map(({ field }) => field) : [];
    expect(fields).toEqual(['.spec.template.spec.containers[name="app"].env[name="A"]']);
  });

  it("of a Secret is told as changed, and none of its values", async () => {
    const secret: Manifest = {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "token", namespace: ns, annotations: { note: "open" } },
      stringData: { password: "swordfish" },
    };
    await watched.apply(secret);
    await cluster.other.patch(
      named("token", SECRETS),
      { data: { password: Buffer.from("hunter2").toString("base64") }, metadata: { annotations: { note: "changed" } } },
      { type: "merge", fieldManager: "kubectl-edit", signal },
    );
    await watched.ring();
    const outcome = await watched.check(secret);
    const text = JSON.stringify(outcome);
    for (const hidden of ["swordfish", "hunter2", Buffer.from("swordfish").toString("base64"), Buffer.from("hunter2").toString("base64")])
      expect(text).not.toContain(hidden);
    expect(outcome).toMatchObject({
      kind: "corrected",
      drift: {
        changes: [
          { field: ".data.password", isRedacted: true, manager: "kubectl-edit" },
          { field: ".metadata.annotations.note", desired: "open", live: "changed" },
        ],
      },
    });
  });

  it("of an object that came encrypted tells no value at all", async () => {
    await watched.apply(configMap("settings", { key: "very-secret" }));
    await cluster.other.patch(named("settings", CONFIG_MAPS), { data: { key: "seen" } }, { type: "merge", fieldManager: "kubectl-edit", signal });
    await watched.ring();
    const outcome = await watched.check(configMap("settings", { key: "very-secret" }), { isSensitive: true });
    expect(JSON.stringify(outcome)).not.toMatch(/very-secret|seen/);
    expect(outcome).toMatchObject({ kind: "corrected" });
  });

  it("of a deleted object is confirmed, told and healed", async () => {
    await watched.apply(configMap("settings", { mode: "a" }));
    await cluster.other.delete(named("settings", CONFIG_MAPS), { propagation: "Background", signal });
    expect((await watched.ring()).reason).toBe("deleted");
    expect(await watched.check(configMap("settings", { mode: "a" }))).toMatchObject({
      kind: "corrected",
      drift: { what: "deleted", changes: [], managers: ["unknown"] },
    });
    expect(await cluster.other.get(named("settings", CONFIG_MAPS), { signal })).toBeDefined();
  });

  it("is none where a Job that cleans itself away is gone: the next run makes it again", async () => {
    const job: Manifest = {
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name: "once", namespace: ns },
      spec: { ttlSecondsAfterFinished: 0, template: { spec: { restartPolicy: "Never", containers: [{ name: "a", image: "example/app:1" }] } } },
    };
    await watched.apply(job);
    await cluster.other.delete(named("once", JOBS), { propagation: "Background", signal });
    await watched.ring();
    expect(await watched.check(job)).toEqual({ kind: "exempt", because: "ended" });
    expect(await cluster.other.get(named("once", JOBS), { signal })).toBeUndefined();
    await watched.apply(job);
    expect(await cluster.other.get(named("once", JOBS), { signal })).toBeDefined();
  });

  it("of an object deleted and made again is not met with a third: the new one is corrected", async () => {
    await watched.apply(configMap("settings", { mode: "a" }));
    await cluster.other.delete(named("settings", CONFIG_MAPS), { propagation: "Background", signal });
    await cluster.other.create(CONFIG_MAPS, labelled(configMap("settings", { mode: "z" })), { fieldManager: "kubectl-create", signal });
    expect((await watched.ring()).reason).toBe("recreated");
    expect(await watched.check(configMap("settings", { mode: "a" }))).toMatchObject({
      kind: "corrected",
      drift: { what: "recreated", changes: [{ field: ".data.mode", desired: "a", live: "z", manager: "kubectl-create" }] },
    });
    expect((await cluster.other.get(named("settings", CONFIG_MAPS), { signal }))?.["data"]).toEqual({ mode: "a" });
  });

  it("of lost owner labels is heard though the watch lost the object, and the labels come back", async () => {
    await watched.apply(configMap("settings", { mode: "a" }));
    await cluster.other.patch(named("settings", CONFIG_MAPS), { metadata: { labels: null } }, { type: "merge", fieldManager: "kubectl-edit", signal });
    expect((await watched.ring()).reason).toBe("own-fields");
    expect(await watched.check(configMap("settings", { mode: "a" }))).toMatchObject({ kind: "corrected" });
  });

  it("is only reported where policy says observe", async () => {
    await watched.apply(configMap("settings", { mode: "a" }));
    await cluster.other.patch(named("settings", CONFIG_MAPS), { data: { mode: "b" } }, { type: "merge", fieldManager: "kubectl-edit", signal });
    await watched.ring();
    const first = await watched.check(configMap("settings", { mode: "a" }), { mode: "observe" });
    const second = await watched.check(configMap("settings", { mode: "a" }), { mode: "observe" });
    expect(first.kind).toBe("observed");
    expect(first.kind === "observed" && second.kind === "observed" && first.drift.id === second.drift.id).toBe(true);
    expect((await cluster.other.get(named("settings", CONFIG_MAPS), { signal }))?.["data"]).toEqual({ mode: "b" });
  });

  it("is none where another applier's labels are on the object, or the cluster says to leave it", async () => {
    await watched.apply(configMap("settings", { mode: "a" }), configMap("paused", { mode: "a" }));
    await cluster.other.patch(
      named("settings", CONFIG_MAPS),
      { data: { mode: "b" }, metadata: { labels: { "kustomize.toolkit.fluxcd.io/name": "other" } } },
      { type: "merge", fieldManager: "kubectl-edit", signal },
    );
    await cluster.other.patch(
      named("paused", CONFIG_MAPS),
      { data: { mode: "b" }, metadata: { annotations: { "kustomize.toolkit.fluxcd.io/reconcile": "disabled" } } },
      { type: "merge", fieldManager: "kubectl-edit", signal },
    );
    await watched.ring(1);
    expect(await watched.check(configMap("settings", { mode: "a" }))).toEqual({ kind: "claimed", by: { namespace: "flux-system", name: "other" } });
    expect(await watched.check(configMap("paused", { mode: "a" }))).toEqual({ kind: "exempt", because: "unmanaged" });
  });

  it("that a commit overtakes is not corrected to what was declared before, nor brought back once it is pruned", async () => {
    const old = configMap("settings", { mode: "a" });
    const overtakenBy = async (run: () => Promise<unknown>): Promise<DriftOutcome> => watched.check(old, { onDrift: async () => void (await run()) });
    await watched.apply(old);
    await cluster.other.patch(named("settings", CONFIG_MAPS), { data: { mode: "b" } }, { type: "merge", fieldManager: "kubectl-edit", signal });
    expect(await overtakenBy(() => watched.apply(configMap("settings", { mode: "c" })))).toEqual({ kind: "superseded" });
    expect((await cluster.other.get(named("settings", CONFIG_MAPS), { signal }))?.["data"]).toEqual({ mode: "c" });

    await watched.apply(old);
    await cluster.other.delete(named("settings", CONFIG_MAPS), { propagation: "Background", signal });
    const entries = [inventoryEntry(old)];
    expect(await overtakenBy(() => prune(cluster.client, watched.baselines, { owner, entries, signal }))).toEqual({ kind: "superseded" });
    expect(await cluster.other.get(named("settings", CONFIG_MAPS), { signal })).toBeUndefined();
  });

  it("is not corrected when it could not be told", async () => {
    await watched.apply(configMap("settings", { mode: "a" }));
    await cluster.other.patch(named("settings", CONFIG_MAPS), { data: { mode: "b" } }, { type: "merge", fieldManager: "kubectl-edit", signal });
    const outcome = await watched.check(configMap("settings", { mode: "a" }), { onDrift: () => Promise.reject(new Error("disk full")) });
    expect(outcome).toMatchObject({ kind: "failed", drift: { what: "changed" } });
    expect((await cluster.other.get(named("settings", CONFIG_MAPS), { signal }))?.["data"]).toEqual({ mode: "b" });
  });

  it("is not heard of what we write and delete ourselves, nor of a stranger that carries a copied label", async () => {
    await watched.apply(configMap("settings", { mode: "a" }), configMap("old", {}));
    await watched.apply(configMap("settings", { mode: "b" }), configMap("old", {}));
    await prune(cluster.client, watched.baselines, { owner, entries: [{ id: `${ns}_old__ConfigMap`, v: "v1" }], signal });
    await cluster.other.create(CONFIG_MAPS, labelled(configMap("stranger", { mode: "x" })), { fieldManager: "x", signal });
    await cluster.other.patch(named("stranger", CONFIG_MAPS), { data: { mode: "y" } }, { type: "merge", fieldManager: "x", signal });
    await quiet();
    await quiet();
    expect(watched.rings).toEqual([]);
  });

  it("in the moment between an apply and the start of its watch is not lost", async () => {
    await watched.apply(configMap("first", {}));
    const applier = new Applier({ client: cluster.client, baselines: watched.baselines, concurrency: 4, customStageKinds: new Set(), overrideManagers: [] });
    const objects = [configMap("first", {}), configMap("settings", { mode: "a" })].map((object) => ({ object }));
    const { inventory } = await applier.run({ owner, objects, inventory: [], revision: "1", checkpoint: () => Promise.resolve(), signal });
    await cluster.other.patch(named("settings", CONFIG_MAPS), { data: { mode: "b" } }, { type: "merge", fieldManager: "kubectl-edit", signal });
    await quiet();
    expect(watched.rings).toEqual([]);
    await watched.watch.follow(owner, inventory, signal);
    expect(await watched.ring()).toMatchObject({ key: `${ns}_settings__ConfigMap`, reason: "own-fields" });
  });

  it("by the same hand a second time is another drift, with another id", async () => {
    await watched.apply(deployment("web"));
    const ids: string[] = [];
    for (const at of [0, 1]) {
      await cluster.other.patch(named("web", DEPLOYMENTS), { spec: { replicas: 10 } }, { type: "merge", fieldManager: "kubectl-edit", signal });
      await watched.ring(at);
      const outcome = await watched.check(deployment("web"));
      if (outcome.kind === "corrected") ids.push(outcome.drift.id);
    }
    expect(new Set(ids).size).toBe(2);
  });

  it("is not made by a correction that meets another object of the same name", async () => {
    await watched.apply(configMap("settings", { mode: "a" }));
    const racing: KubeClient = {
      ...cluster.client,
      apply: async (resource, object, options) => {
        if (!options.dryRun) {
          await cluster.other.delete(named("settings", CONFIG_MAPS), { propagation: "Background", signal });
          await cluster.other.create(CONFIG_MAPS, configMap("settings", { theirs: "1" }), { fieldManager: "x", signal });
        }
        return cluster.client.apply(resource, object, options);
      },
    };
    await cluster.other.patch(named("settings", CONFIG_MAPS), { data: { mode: "b" } }, { type: "merge", fieldManager: "kubectl-edit", signal });
    const outcome = await watched.check(configMap("settings", { mode: "a" }), { client: racing });
    expect(outcome).toMatchObject({ kind: "failed", error: { kind: "conflict" } });
    expect((await cluster.other.get(named("settings", CONFIG_MAPS), { signal }))?.["data"]).toEqual({ theirs: "1" });
  });

  it("that no event told is found by the sweep, from lists alone", async () => {
    await watched.apply(configMap("settings", { mode: "a" }), configMap("gone", {}));
    const before = watched.baselines.get(`${ns}_settings__ConfigMap`);
    if (before === undefined) throw new Error("no baseline");
    watched.baselines.set(`${ns}_settings__ConfigMap`, { ...before, valuesHash: "other" });
    await watched.watch.sweep(signal);
    expect(watched.rings).toMatchObject([{ key: `${ns}_settings__ConfigMap`, reason: "swept" }]);
    expect(cluster.take()).toEqual(["list configmaps"]);
  });

  it("remembers nothing of what no inventory names any more", async () => {
    await watched.apply(configMap("a", {}), configMap("b", {}));
    await watched.watch.follow(owner, [{ id: `${ns}_a__ConfigMap`, v: "v1" }], signal);
    expect(watched.baselines.size).toBe(1);
    watched.watch.forget(owner);
    expect(watched.baselines.size).toBe(0);
  });

  it("shares one watch among all owners of a kind, and closes it with the last", async () => {
    await watched.apply(configMap("a", {}), configMap("b", {}), deployment("web"));
    await watched.watch.follow({ namespace: "flux-system", name: "second" }, [{ id: `${ns}_a__ConfigMap`, v: "v1" }], signal);
    expect(watched.hub.size).toBe(2);
    watched.watch.forget(owner);
    expect(watched.hub.size).toBe(1);
    watched.watch.forget({ namespace: "flux-system", name: "second" });
    expect(watched.hub.size).toBe(0);
  });
});

/** As another process of ours would send it. */
function labelled(object: Manifest): Manifest {
  return normalised(withOwner(object, owner));
}
