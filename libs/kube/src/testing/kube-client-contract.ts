import { randomUUID } from "node:crypto";
import type { LiveObject, Manifest } from "@plumb/api";
import { systemClock, ToolkitError } from "@plumb/std";
import { failureOf } from "@plumb/std/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createKubeClient, follow, kubeDetails, LeaderLease, Store, type Delta, type KubeAccess, type KubeConnection } from "../index.ts";
import { widget, widgetDefinition } from "./widget.ts";

/** An API server for the suite: its own, or one whose other objects do no harm. No controllers need run beside it. */
export interface ContractServer {
  /** As somebody who may do everything. */
  readonly access: KubeAccess;
  close(): Promise<void>;
}

const CONFIG_MAPS = { group: "", version: "v1", plural: "configmaps" };
const NAMESPACES = { group: "", version: "v1", plural: "namespaces" };
const DEPLOYMENTS = { group: "apps", version: "v1", plural: "deployments" };
const ROLES = { group: "rbac.authorization.k8s.io", version: "v1", plural: "clusterroles" };
const DEFINITIONS = { group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions" };
const LEASES = { group: "coordination.k8s.io", version: "v1", plural: "leases" };
const GIVE_UP_MS = 60_000;

/** What every API server does that `KubeClient` relies on: to be run on the embedded server and on a real one. */
export function kubeClientContract(name: string, makeServer: () => Promise<ContractServer>): void {
  describe(`KubeClient on ${name}`, () => {
    const id = randomUUID().slice(0, 8);
    const namespace = `contract-${id}`;
    const { signal } = new AbortController();
    const manager = { fieldManager: "contract", signal } as const;
    const applied = { ...manager, force: false, dryRun: false } as const;
    const deleted = { propagation: "Background", signal } as const;
    let server: ContractServer;
    let client: KubeConnection;

    const named = (objectName: string) => ({ resource: CONFIG_MAPS, namespace, name: objectName });
    const configMap = (objectName: string, data: Readonly<Record<string, string>> = {}, labels?: Readonly<Record<string, string>>): Manifest => ({
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: objectName, namespace, ...(labels === undefined ? {} : { labels }) },
      data,
    });

    beforeAll(async () => {
      server = await makeServer();
      client = createKubeClient({ access: server.access });
      await client.create(NAMESPACES, { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } }, manager);
    });

    afterAll(async () => {
      await client.delete({ resource: NAMESPACES, name: namespace }, deleted);
      client.close();
      await server.close();
    });

    describe("discovery", () => {
      it.each([
        [
          { apiVersion: "v1", kind: "ConfigMap" },
          { ...CONFIG_MAPS, kind: "ConfigMap", isNamespaced: true },
        ],
        [
          { apiVersion: "v1", kind: "Namespace" },
          { ...NAMESPACES, kind: "Namespace", isNamespaced: false },
        ],
        [
          { apiVersion: "apps/v1", kind: "Deployment" },
          { ...DEPLOYMENTS, kind: "Deployment", isNamespaced: true },
        ],
        [
          { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole" },
          { ...ROLES, kind: "ClusterRole", isNamespaced: false },
        ],
      ])("knows %j", async (kind, resource) => {
        const found = await client.resourceFor(kind, signal);
        expect(found).toMatchObject(resource);
        expect(found.verbs).toEqual(expect.arrayContaining(["get", "list", "watch", "create", "patch", "delete"]));
      });

      it("says in Kubernetes' words that a kind is not served", async () => {
        const work = client.resourceFor({ apiVersion: "none.test/v1", kind: "Nothing" }, signal);
        await expect(work).rejects.toMatchObject({ kind: "missing", message: 'no matches for kind "Nothing" in version "none.test/v1"' });
      });

      it("knows a kind whose definition was applied a moment ago, whose integers keep all their digits", async () => {
        const group = `g${id}.example.com`;
        const definition = widgetDefinition(group);
        await client.apply(DEFINITIONS, definition, applied);
        try {
          const resource = await eventually(() => client.resourceFor({ apiVersion: `${group}/v1`, kind: "Widget" }, signal));
          await eventually(() => client.apply(resource, widget(group, namespace, 9223372036854775807n), applied));
          const read = await client.get({ resource, namespace, name: "one" }, { signal });
          expect(read?.["spec"]).toEqual({ size: 9223372036854775807n });
        } finally {
          await client.delete({ resource: DEFINITIONS, name: definition.metadata.name }, deleted);
        }
      });
    });

    describe("objects", () => {
      it("are created, read, patched and deleted", async () => {
        const created = await client.create(CONFIG_MAPS, configMap("life", { a: "1" }), manager);
        expect(created).toMatchObject({
          apiVersion: "v1",
          kind: "ConfigMap",
          data: { a: "1" },
          metadata: { name: "life", uid: expect.any(String), resourceVersion: expect.any(String) },
        });
        const patches = [
          await client.patch(named("life"), [{ op: "add", path: "/data/b", value: "2" }], { ...manager, type: "json" }),
          await client.patch(named("life"), { data: { a: null, c: "3" } }, { ...manager, type: "merge" }),
          await client.patch(named("life"), { data: { d: "4" } }, { ...manager, type: "strategic" }),
        ];
        expect(patches.map(({ data }) => data)).toEqual([
          { a: "1", b: "2" },
          { b: "2", c: "3" },
          { b: "2", c: "3", d: "4" },
        ]);
        expect((await client.get(named("life"), { signal }))?.["data"]).toEqual({ b: "2", c: "3", d: "4" });
        expect(await client.delete(named("life"), deleted)).toBe("deleted");
        expect(await client.get(named("life"), { signal })).toBeUndefined();
        expect(await client.delete(named("life"), deleted)).toBe("gone");
      });

      it("keep names with colons and capitals apart", async () => {
        const names = [`Team-${id}:Admin`, `team-${id}:admin`];
        for (const roleName of names) {
          const role = await client.create(
            ROLES,
            { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata: { name: roleName }, rules: [] },
            manager,
          );
          expect(role.metadata.name).toBe(roleName);
        }
        for (const roleName of names) expect((await client.get({ resource: ROLES, name: roleName }, { signal }))?.metadata.name).toBe(roleName);
        for (const roleName of names) expect(await client.delete({ resource: ROLES, name: roleName }, deleted)).toBe("deleted");
      });

      it("are changed by a dry run in the answer alone", async () => {
        const dry = await client.apply(CONFIG_MAPS, configMap("dry", { a: "1" }), { ...applied, dryRun: true });
        expect([dry["data"], dry.metadata.resourceVersion]).toEqual([{ a: "1" }, undefined]);
        expect(await client.get(named("dry"), { signal })).toBeUndefined();
        await client.apply(CONFIG_MAPS, configMap("dry", { a: "1" }), applied);
        const patched = await client.patch(named("dry"), { data: { a: "2" } }, { ...manager, type: "merge", dryRun: true });
        expect(patched["data"]).toEqual({ a: "2" });
        expect((await client.get(named("dry"), { signal }))?.["data"]).toEqual({ a: "1" });
      });

      it("say who owns what, and whom a refused apply conflicts with", async () => {
        const mine = await client.apply(CONFIG_MAPS, configMap("owned", { a: "1" }), applied);
        expect(mine.metadata.managedFields).toMatchObject([{ manager: "contract", operation: "Apply", fieldsV1: { "f:data": { "f:a": {} } } }]);
        const refused = await failureOf(client.apply(CONFIG_MAPS, configMap("owned", { a: "2" }), { ...applied, fieldManager: "other" }));
        expect(refused.kind).toBe("conflict");
        expect(kubeDetails(refused)).toMatchObject({
          reason: "Conflict",
          managers: ["contract"],
          causes: [{ reason: "FieldManagerConflict", field: ".data.a" }],
        });
        const forced = await client.apply(CONFIG_MAPS, configMap("owned", { a: "2" }), { ...applied, fieldManager: "other", force: true });
        expect(forced["data"]).toEqual({ a: "2" });
      });

      it("have a status apart from the rest", async () => {
        const labels = { app: "x" };
        const template = { metadata: { labels }, spec: { containers: [{ name: "c", image: "example.com/c:1" }] } };
        const deployment: Manifest = {
          apiVersion: "apps/v1",
          kind: "Deployment",
          metadata: { name: "d", namespace },
          spec: { replicas: 0, selector: { matchLabels: labels }, template },
        };
        const made = await client.apply(DEPLOYMENTS, deployment, applied);
        const target = { resource: DEPLOYMENTS, namespace, name: "d" };
        const after = await client.patch(
          target,
          { status: { observedGeneration: 77 }, spec: { replicas: 5 } },
          { ...manager, type: "merge", subresource: "status" },
        );
        expect([after["status"], after["spec"], after.metadata.generation]).toMatchObject([
          { observedGeneration: 77 },
          { replicas: 0 },
          made.metadata.generation,
        ]);
        await client.delete(target, deleted);
      });

      it("have the generation that they had when an amount is written in another way", async () => {
        const labels = { app: "y" };
        const using = (memory: string): Manifest => ({
          apiVersion: "apps/v1",
          kind: "Deployment",
          metadata: { name: "amount", namespace },
          spec: {
            replicas: 0,
            selector: { matchLabels: labels },
            template: { metadata: { labels }, spec: { containers: [{ name: "c", image: "example.com/c:1", resources: { requests: { memory } } }] } },
          },
        });
        const generations: unknown[] = [];
        for (const memory of ["1Gi", "1024Mi", "1073741824", "2Gi"])
          generations.push((await client.apply(DEPLOYMENTS, using(memory), applied)).metadata.generation);
        expect(generations).toEqual([1, 1, 1, 2]);
        await client.delete({ resource: DEPLOYMENTS, namespace, name: "amount" }, deleted);
      });

      it("come as metadata alone where no more is asked for", async () => {
        await client.apply(CONFIG_MAPS, configMap("meta", { a: "1" }, { kept: "meta" }), applied);
        const answers = [
          await client.get(named("meta"), { signal, metadataOnly: true }),
          (await client.list(CONFIG_MAPS, { namespace, labelSelector: "kept=meta", metadataOnly: true, signal })).items[0],
          await client.apply(CONFIG_MAPS, configMap("meta", { a: "2" }, { kept: "meta" }), { ...applied, metadataOnly: true }),
          await client.patch(named("meta"), { data: { a: "3" } }, { ...manager, type: "merge", metadataOnly: true }),
        ];
        for (const answer of answers) {
          expect(answer).toMatchObject({ kind: "PartialObjectMetadata", metadata: { name: "meta", resourceVersion: expect.any(String) } });
          expect(answer?.["data"]).toBeUndefined();
        }
      });
    });

    describe("refusals", () => {
      it.each<readonly [string, () => Promise<unknown>, Partial<ToolkitError>]>([
        [
          "a name that is taken",
          () => client.create(NAMESPACES, { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } }, manager),
          { kind: "conflict", message: `namespaces "${namespace}" already exists` },
        ],
        [
          "a namespace that is not there",
          () => client.apply(CONFIG_MAPS, { ...configMap("x"), metadata: { name: "x", namespace: `absent-${id}` } }, applied),
          { kind: "missing", message: `namespaces "absent-${id}" not found` },
        ],
        [
          "an object that is not there",
          () => client.patch({ resource: { ...CONFIG_MAPS, plural: "secrets" }, namespace, name: "absent" }, {}, { ...manager, type: "merge" }),
          { kind: "missing", message: 'secrets "absent" not found' },
        ],
        [
          "a kind that is not served",
          () => client.get({ resource: { group: "none.test", version: "v1", plural: "nothings" }, namespace, name: "x" }, { signal }),
          { kind: "missing" },
        ],
        [
          "a field that does not exist",
          () => client.apply(CONFIG_MAPS, { ...configMap("x"), colour: "red" }, applied),
          { kind: "invalid", message: expect.stringContaining(".colour: field not declared in schema") },
        ],
        [
          "a name that is not allowed",
          () => client.create(CONFIG_MAPS, configMap("Not_Valid"), manager),
          { kind: "invalid", message: expect.stringContaining('metadata.name: Invalid value: "Not_Valid"') },
        ],
        ["a malformed version to list from", () => client.list(CONFIG_MAPS, { namespace, notOlderThan: "abc", signal }), { kind: "invalid" }],
        [
          "a malformed version to watch from",
          () => client.watch(CONFIG_MAPS, { namespace, resourceVersion: "abc", signal })[Symbol.asyncIterator]().next(),
          { kind: "invalid" },
        ],
      ])("%s", async (_, work, expected) => {
        expect(await failureOf(work())).toMatchObject(expected);
      });

      it("a change to a version that is no longer the newest", async () => {
        const first = await client.apply(CONFIG_MAPS, configMap("locked", { a: "1" }), applied);
        await client.apply(CONFIG_MAPS, configMap("locked", { a: "2" }), applied);
        const { resourceVersion, uid } = first.metadata;
        const works = [
          () => client.patch(named("locked"), { metadata: { resourceVersion }, data: { a: "3" } }, { ...manager, type: "merge" }),
          () => client.delete(named("locked"), { ...deleted, uid, resourceVersion }),
          () => client.delete(named("locked"), { ...deleted, uid: randomUUID() }),
          () => client.apply(CONFIG_MAPS, { ...configMap("locked"), metadata: { name: "locked", namespace, uid: randomUUID() } }, applied),
        ];
        for (const work of works) expect((await failureOf(work())).kind).toBe("conflict");
        expect((await client.get(named("locked"), { signal }))?.["data"]).toEqual({ a: "2" });
      });

      it("a credential that is not known", async () => {
        const stranger = createKubeClient({
          access: { ...server.access, clientCertificate: undefined, credential: { kind: "token", token: "no-such-token" } },
        });
        expect(await failureOf(stranger.get(named("x"), { signal }))).toMatchObject({ kind: "denied", message: "Unauthorized" });
        stranger.close();
      });
    });

    describe("lists and watches", () => {
      it("read page by page, within their selectors", async () => {
        const names = ["p1", "p2", "p3", "p4", "p5"];
        for (const one of names) await client.create(CONFIG_MAPS, configMap(one, {}, { paged: "yes" }), manager);
        const list = await client.list(CONFIG_MAPS, { namespace, labelSelector: "paged=yes", pageSize: 2, signal });
        expect(list.items.map(({ apiVersion, kind, metadata }) => [apiVersion, kind, metadata.name])).toEqual(names.map((one) => ["v1", "ConfigMap", one]));
        expect((await client.list(CONFIG_MAPS, { namespace, fieldSelector: "metadata.name=p3", signal })).items.map(({ metadata }) => metadata.name)).toEqual([
          "p3",
        ]);
        expect((await client.list(CONFIG_MAPS, { namespace, labelSelector: "paged=yes", notOlderThan: list.resourceVersion, signal })).items).toHaveLength(5);
      });

      it.each([false, true])("follow what is there and what becomes of it (initial events sent: %s)", async (sendInitialEvents) => {
        const group = `f${sendInitialEvents}`;
        await client.create(CONFIG_MAPS, configMap(`${group}-a`, {}, { followed: group }), manager);
        const stop = new AbortController();
        const seen: string[] = [];
        const errors: ToolkitError[] = [];
        const following = (async () => {
          const deltas = follow(
            { client, resource: CONFIG_MAPS, namespace, labelSelector: `followed=${group}`, sendInitialEvents, onError: (error) => errors.push(error) },
            stop.signal,
          );
          for await (const delta of deltas) seen.push(...short(delta));
        })().catch((thrown: unknown) => thrown);
        await expect.poll(() => seen, { timeout: GIVE_UP_MS }).toEqual([`all ${group}-a`]);
        await client.create(CONFIG_MAPS, configMap(`${group}-b`, {}, { followed: group }), manager);
        await client.patch(named(`${group}-a`), { metadata: { labels: { followed: null } } }, { ...manager, type: "merge" });
        await client.delete(named(`${group}-b`), deleted);
        await expect.poll(() => seen, { timeout: GIVE_UP_MS }).toEqual([`all ${group}-a`, `put ${group}-b`, `gone ${group}-a`, `gone ${group}-b`]);
        stop.abort();
        expect(await following).toMatchObject({ kind: "cancelled" });
        expect(errors).toEqual([]);
      });

      it("keep a store of metadata true", async () => {
        await client.create(CONFIG_MAPS, configMap("s1", { big: "data" }, { stored: "yes" }), manager);
        const store = new Store({
          client,
          resource: CONFIG_MAPS,
          namespace,
          labelSelector: "stored=yes",
          metadataOnly: true,
          indexes: { name: ({ metadata }) => [metadata.name] },
        });
        const stop = new AbortController();
        const running = store.run(stop.signal);
        await store.waitSynced(AbortSignal.timeout(GIVE_UP_MS));
        expect(store.get(namespace, "s1")).toMatchObject({ kind: "PartialObjectMetadata" });
        await client.create(CONFIG_MAPS, configMap("s2", {}, { stored: "yes" }), manager);
        await expect.poll(() => store.byIndex("name", "s2").length, { timeout: GIVE_UP_MS }).toBe(1);
        stop.abort();
        await running;
      });

      it("end where they are told to, and at once", async () => {
        const { resourceVersion } = await client.list(CONFIG_MAPS, { namespace, signal });
        const stop = new AbortController();
        const next = client
          .watch(CONFIG_MAPS, { namespace, fieldSelector: "metadata.name=never", resourceVersion, signal: stop.signal })
          [Symbol.asyncIterator]()
          .next();
        setTimeout(() => stop.abort(), 50);
        expect((await failureOf(next)).kind).toBe("cancelled");
      });
    });

    it("elects one leader by a lease", async () => {
      const stop = new AbortController();
      const durations = { leaseDurationMs: 60_000, renewDeadlineMs: 40_000, retryPeriodMs: 200, releasesOnCancel: true };
      const leases = ["a", "b"].map((identity) => new LeaderLease({ client, namespace, name: "leader", identity, ...durations, clock: systemClock }));
      const [first, second] = leases.map((lease) => ({ lease, stop: new AbortController() }));
      if (first === undefined || second === undefined) throw new Error("two are needed");
      const running = [first.lease.run(first.stop.signal)];
      await first.lease.won;
      running.push(second.lease.run(second.stop.signal));
      const held = await client.get({ resource: LEASES, namespace, name: "leader" }, { signal });
      expect(held?.["spec"]).toMatchObject({ holderIdentity: "a", leaseDurationSeconds: 60, leaseTransitions: 0 });
      expect(second.lease.isLeading()).toBe(false);
      first.stop.abort();
      await second.lease.won;
      expect([first.lease.isLeading(), second.lease.isLeading()]).toEqual([false, true]);
      second.stop.abort();
      stop.abort();
      await Promise.all(running);
    });
  });
}

function short(delta: Delta): readonly string[] {
  if (delta.kind === "bookmark") return [];
  if (delta.kind === "replaced") return [`all ${delta.items.map(({ metadata }: LiveObject) => metadata.name).join(",")}`];
  return [`${delta.kind} ${delta.item.metadata.name}`];
}

/** Tries until it works, as a definition takes a moment to be served. */
async function eventually<T>(work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + GIVE_UP_MS;
  for (;;) {
    try {
      return await work();
    } catch (thrown) {
      if (performance.now() > deadline) throw thrown;
      await new Promise((done) => setTimeout(done, 100));
    }
  }
}
