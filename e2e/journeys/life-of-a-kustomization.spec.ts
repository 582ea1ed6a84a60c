import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Manifest } from "@plumb/api";
import { sharedCluster } from "@plumb/e2e/cluster";
import {
  alerting,
  at,
  conditionOf,
  configMapFile,
  deploymentFile,
  gitRepository,
  isReady,
  isReadyAt,
  kustomization,
  KUSTOMIZE_VERSION,
  NOTIFICATION_VERSION,
  targetOf,
  text,
  Toolkit,
  until,
  type Target,
} from "@plumb/e2e/toolkit";
import { widget, widgetDefinition } from "@plumb/kube/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const cluster = sharedCluster();
/** Longer than what a controller has read of the served kinds holds for one that it does not know. */
const KNOWN_FOR_MS = 1_500;

describe.skipIf(cluster.kind === "absent")("the life of a Kustomization", () => {
  const id = randomUUID().slice(0, 8);
  const namespace = `life-${id}`;
  const configMap = (name: string): Target => ({ apiVersion: "v1", kind: "ConfigMap", namespace, name });
  const source = (): Manifest => gitRepository(namespace, "app", toolkit.git.url);
  const files: Record<string, string> = {};
  let toolkit: Toolkit;

  /** Commits everything that was committed before, with these files changed; undefined removes one. */
  async function change(changes: Readonly<Record<string, string | undefined>>): Promise<string> {
    for (const [path, content] of Object.entries(changes)) {
      if (content === undefined) delete files[path];
      else files[path] = content;
    }
    const revision = await toolkit.commit(files);
    await toolkit.cluster.requestReconcile(targetOf(source()));
    return revision;
  }

  async function applied(object: Manifest, revision: string): Promise<void> {
    await toolkit.cluster.untilObject(
      `${object.metadata.name} at ${revision}`,
      targetOf(object),
      (found) => isReadyAt(found, revision) && at(found, "status", "observedGeneration") === found.metadata.generation,
    );
  }

  beforeAll(async () => {
    if (cluster.kind === "absent") return;
    toolkit = await Toolkit.start({ kubeconfig: cluster.kubeconfig, namespace });
    files["README.md"] = "nothing to apply\n";
    await toolkit.commit(files);
    await toolkit.cluster.apply(...alerting(namespace, toolkit.sink.url), source());
  });
  afterAll(async () => toolkit?.[Symbol.asyncDispose]());

  it("prunes what is no longer in Git, and leaves what is marked or was never its own", async () => {
    const app = kustomization(namespace, "pruned", "app", { path: "./pruned" });
    const kept = configMapFile(namespace, "kept", { a: "1" }).replace(
      '"name": "kept"',
      '"name": "kept", "annotations": { "kustomize.toolkit.fluxcd.io/prune": "disabled" }',
    );
    await toolkit.cluster.apply({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "foreign", namespace }, data: {} }, app);
    await applied(
      app,
      await change({
        "pruned/one.yaml": configMapFile(namespace, "one", {}),
        "pruned/two.yaml": configMapFile(namespace, "two", {}),
        "pruned/kept.yaml": kept,
      }),
    );
    await applied(app, await change({ "pruned/two.yaml": undefined, "pruned/kept.yaml": undefined }));
    await toolkit.cluster.untilGone(configMap("two"));
    expect(await Promise.all(["one", "kept", "foreign"].map(async (name) => (await toolkit.cluster.get(configMap(name))) !== undefined))).toEqual([
      true,
      true,
      true,
    ]);
    const { status } = await toolkit.cluster.untilObject("it", targetOf(app), () => true);
    expect(at(status, "inventory", "entries")).toEqual([{ id: `${namespace}_one__ConfigMap`, v: "v1" }]);
  });

  it("holds still while it is suspended, and catches up when it is resumed", async () => {
    const app = kustomization(namespace, "paused", "app", { path: "./paused" });
    await toolkit.cluster.apply(app);
    await applied(app, await change({ "paused/a.yaml": configMapFile(namespace, "paused", { v: "1" }) }));
    await toolkit.cluster.edit(targetOf(app), { spec: { suspend: true } }, "flux");
    await toolkit.cluster.edit(configMap("paused"), { data: { v: "by hand" } });
    const witness = kustomization(namespace, "witness", "app", { path: "./witness" });
    await toolkit.cluster.apply(witness);
    const revision = await change({
      "paused/a.yaml": configMapFile(namespace, "paused", { v: "2" }),
      "witness/a.yaml": configMapFile(namespace, "witness", {}),
    });
    await applied(witness, revision);
    expect(at(await toolkit.cluster.get(configMap("paused")), "data", "v")).toBe("by hand");
    await toolkit.cluster.edit(targetOf(app), { spec: { suspend: false } }, "flux");
    await applied(app, revision);
    expect(at(await toolkit.cluster.get(configMap("paused")), "data", "v")).toBe("2");
  });

  it("waits for what it depends on, along a chain, without polling", async () => {
    const names = ["first", "second", "third", "fourth"];
    const chain = names.map((name, index) => {
      const before = names[index - 1];
      return kustomization(namespace, name, "app", { path: `./chain/${name}`, wait: true, ...(before !== undefined && { dependsOn: [{ name: before }] }) });
    });
    await toolkit.cluster.apply(...chain.toReversed());
    const revision = await change(Object.fromEntries(names.map((name) => [`chain/${name}/web.yaml`, deploymentFile(namespace, name)])));
    for (const one of chain) await applied(one, revision);
    const times = await Promise.all(
      names.map(async (name) => (await toolkit.cluster.get({ apiVersion: "apps/v1", kind: "Deployment", namespace, name }))?.metadata.creationTimestamp ?? ""),
    );
    expect([...times].sort()).toEqual(times);
  });

  it("removes what it applied when it is deleted, or leaves it where the policy or a suspension says so", async () => {
    const doomed = kustomization(namespace, "doomed", "app", { path: "./doomed" });
    const orphaning = kustomization(namespace, "orphaning", "app", { path: "./orphaning", deletionPolicy: "Orphan" });
    const waiting = kustomization(namespace, "waiting", "app", { path: "./waiting", deletionPolicy: "WaitForTermination" });
    const suspended = kustomization(namespace, "suspended", "app", { path: "./suspended" });
    const all = [doomed, orphaning, waiting, suspended];
    await toolkit.cluster.apply(...all);
    const revision = await change(Object.fromEntries(all.map(({ metadata: { name } }) => [`${name}/a.yaml`, configMapFile(namespace, name, {})])));
    for (const one of all) await applied(one, revision);
    await toolkit.cluster.edit(configMap("waiting"), { metadata: { finalizers: ["example.com/slow"] } }, "somebody-else");
    await toolkit.cluster.edit(targetOf(suspended), { spec: { suspend: true } }, "flux");
    for (const one of all) await toolkit.cluster.delete(targetOf(one));
    for (const one of [doomed, orphaning, suspended]) await toolkit.cluster.untilGone(targetOf(one));
    await toolkit.cluster.untilGone(configMap("doomed"));
    expect(await toolkit.cluster.get(targetOf(waiting))).toBeDefined();
    await toolkit.cluster.edit(configMap("waiting"), { metadata: { finalizers: null } }, "somebody-else");
    await toolkit.cluster.untilGone(targetOf(waiting));
    expect(await toolkit.cluster.get(configMap("waiting"))).toBeUndefined();
    expect(await toolkit.cluster.get(configMap("orphaning"))).toBeDefined();
    expect(await toolkit.cluster.get(configMap("suspended"))).toBeDefined();
  });

  it("follows a commit when a web-hook tells of it", async () => {
    const app = kustomization(namespace, "hooked", "app", { path: "./hooked" });
    const hook: Manifest = {
      apiVersion: NOTIFICATION_VERSION,
      kind: "Receiver",
      metadata: { name: "hook", namespace },
      spec: { type: "generic", secretRef: { name: "hook" }, resources: [{ kind: "GitRepository", name: "app" }] },
    };
    await toolkit.cluster.apply(app, hook, {
      apiVersion: "v1",
      kind: "Secret",
      metadata: { name: "hook", namespace },
      data: { token: Buffer.from("sesame").toString("base64") },
    });
    const receiver = await toolkit.cluster.untilObject("a Receiver that is ready", targetOf(hook), isReady);
    files["hooked/a.yaml"] = configMapFile(namespace, "hooked", {});
    const revision = await toolkit.commit(files);
    expect(await toolkit.postHook(receiver)).toBe(200);
    await applied(app, revision);
  });

  it("takes a definition and an object of its kind in one commit", async () => {
    const group = `g${id}.example.com`;
    const [definition, one] = [widgetDefinition(group), widget(group, namespace, 3)];
    const app = kustomization(namespace, "widgets", "app", { path: "./widgets" });
    await toolkit.cluster.apply(app);
    await applied(app, await change({ "widgets/all.yaml": `${text(one)}---\n${text(definition)}` }));
    await toolkit.cluster.untilObject("the Widget", targetOf(one), (object) => at(object, "spec", "size") === 3);
    await toolkit.cluster.delete(targetOf(app));
    await toolkit.cluster.untilGone(targetOf(app));
    await toolkit.cluster.untilGone(targetOf(definition));
  });

  it("heals a namespace that somebody deleted, with all that was in it", async () => {
    const inner = `inner-${id}`;
    const app = kustomization(namespace, "spaced", "app", { path: "./spaced", wait: true });
    const space = { apiVersion: "v1", kind: "Namespace", name: inner };
    await toolkit.cluster.apply(app);
    await applied(
      app,
      await change({
        "spaced/namespace.yaml": text({ apiVersion: "v1", kind: "Namespace", metadata: { name: inner } }),
        "spaced/web.yaml": deploymentFile(inner, "web"),
        "spaced/settings.yaml": configMapFile(inner, "settings", { a: "1" }),
      }),
    );
    const before = await toolkit.cluster.get(space);
    await toolkit.cluster.delete(space);
    await toolkit.cluster.untilObject("another namespace", space, ({ metadata }) => metadata.uid !== before?.metadata.uid);
    await toolkit.cluster.untilObject("its ConfigMap", { apiVersion: "v1", kind: "ConfigMap", namespace: inner, name: "settings" }, () => true);
    await toolkit.cluster.untilObject(
      "its Deployment",
      { apiVersion: "apps/v1", kind: "Deployment", namespace: inner, name: "web" },
      (object) => at(object, "status", "readyReplicas") === 1,
    );
    await toolkit.cluster.delete(targetOf(app));
    await toolkit.cluster.untilGone(targetOf(app));
  });

  it.skipIf(cluster.kind !== "own")("keeps what it cannot prune in its inventory while the aggregated server of its kind is away", async () => {
    const group = `away${id}.example.com`;
    const backend = {
      group,
      version: "v1",
      groupPriorityMinimum: 1000,
      versionPriority: 10,
      insecureSkipTLSVerify: true,
      service: { name: "nobody", namespace },
    };
    const service: Manifest = { apiVersion: "apiregistration.k8s.io/v1", kind: "APIService", metadata: { name: `v1.${group}` }, spec: backend };
    const entry = { id: `${namespace}_a_${group}_Thing`, v: "v1" };
    const app = kustomization(namespace, "away", "app", { path: "./away" });
    const [target, signal] = [targetOf(app), new AbortController().signal];
    const hasEntry = (object: unknown): boolean => JSON.stringify(at(object, "status", "inventory", "entries")).includes(entry.id);
    await toolkit.cluster.apply(app, service);
    try {
      await applied(app, await change({ "away/a.yaml": configMapFile(namespace, "away", {}) }));
      await until("a group that nobody serves", () =>
        toolkit.cluster.kube.resourceOf({ group, kind: "Thing" }, signal).then(
          () => undefined,
          ({ kind }) => kind === "unavailable" || undefined,
        ),
      );
      await delay(KNOWN_FOR_MS);
      const entries = at(await toolkit.cluster.get(target), "status", "inventory", "entries");
      const resource = await toolkit.cluster.kube.resourceFor(app, signal);
      const inventory = { entries: [...(Array.isArray(entries) ? entries : []), entry] };
      const options = { type: "merge", fieldManager: "kustomize-controller", subresource: "status", signal } as const;
      await toolkit.cluster.kube.patch({ resource, namespace, name: "away" }, { status: { inventory } }, options);
      await toolkit.cluster.requestReconcile(target);
      const failed = await toolkit.cluster.untilObject("a prune that failed", target, (found) => conditionOf(found, "Ready")?.["reason"] === "PruneFailed");
      expect([hasEntry(failed), conditionOf(failed, "Ready")?.["message"]]).toEqual([
        true,
        expect.stringContaining(`${group}/v1: stale GroupVersion discovery`),
      ]);
    } finally {
      await toolkit.cluster.delete(targetOf(service));
    }
    await toolkit.cluster.untilObject("nothing left to prune", target, (found) => isReady(found) && !hasEntry(found));
    expect(await toolkit.cluster.get(configMap("away"))).toBeDefined();
  });

  const good = (): string => configMapFile(namespace, "broken", { v: "good" });
  it.each([
    ["a file that is not YAML", "BuildFailed", { "broken/a.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: broken\n  labels: [\n" }, "a.yaml"],
    ["a manifest without a kind", "BuildFailed", { "broken/a.yaml": "apiVersion: v1\nmetadata:\n  name: broken\n" }, "a.yaml"],
    [
      "a manifest that the API server refuses",
      "ReconciliationFailed",
      { "broken/b.yaml": "# a comment\napiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: refused\nspec:\n  replicas: many\n" },
      "broken/b.yaml:2",
    ],
    [
      "a kind that nobody knows",
      "ReconciliationFailed",
      { "broken/b.yaml": "apiVersion: example.com/v1\nkind: Unheard\nmetadata:\n  name: of\n" },
      "broken/b.yaml:1",
    ],
  ])("keeps the last good state on %s, says where it is, and recovers by itself", async (_, reason, wrong, place) => {
    const app = kustomization(namespace, "broken", "app", { path: "./broken", targetNamespace: namespace });
    await toolkit.cluster.apply(app);
    const before = await change({ "broken/a.yaml": good() });
    await applied(app, before);
    const told = toolkit.sink.messages.length;
    const revision = await change(wrong);
    const failed = await toolkit.cluster.untilObject(
      `${reason} that names ${place}`,
      targetOf(app),
      (object) => conditionOf(object, "Ready")?.["reason"] === reason && String(conditionOf(object, "Ready")?.["message"]).includes(place),
    );
    expect(failed["status"]).toMatchObject({ lastAppliedRevision: before, lastAttemptedRevision: revision });
    expect(conditionOf(failed, "Ready")?.["message"]).not.toMatch(/\bat .*\.(ts|mjs):/);
    await until("an alert that names it", () => toolkit.sink.messages.slice(told).find(({ body }) => body.includes(place)));
    expect(at(await toolkit.cluster.get(configMap("broken")), "data", "v")).toBe("good");
    await applied(app, await change({ "broken/a.yaml": good(), "broken/b.yaml": undefined }));
  });

  it("refuses what it cannot do yet, and names the field", async () => {
    const app = kustomization(namespace, "unsupported", "app", { path: "./pruned", postBuild: { substitute: { a: "b" } } });
    await toolkit.cluster.apply(app);
    const refused = await toolkit.cluster.untilObject("a refusal", targetOf(app), (object) => conditionOf(object, "Stalled")?.["status"] === "True");
    expect(conditionOf(refused, "Ready")).toMatchObject({ status: "False", reason: "FeatureNotSupported", message: expect.stringContaining("postBuild") });
    expect({ apiVersion: refused.apiVersion, observed: at(refused, "status", "observedGeneration") }).toEqual({ apiVersion: KUSTOMIZE_VERSION, observed: 1 });
  });
});
