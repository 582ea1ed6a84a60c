import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { cp, readFile, rm } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { findBinaries, startControlPlane, type ControlPlane } from "@plumb/e2e/control-plane";
import {
  alerting,
  at,
  configMapFile,
  definitions,
  gitRepository,
  isReady,
  kustomization,
  START_ORDER,
  targetOf,
  Toolkit,
  until,
  type Target,
} from "@plumb/e2e/toolkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { footprintOf, type Footprint } from "./footprint.ts";
import { IS_SOAK, sayLeftToSoak } from "./soak.ts";

const signal = new AbortController().signal;
const binaries = await findBinaries({ env: process.env, onProgress: (line) => console.log(line) }, signal);

const run = promisify(execFile);

sayLeftToSoak("a control plane in trouble");

describe.skipIf(binaries.kind === "absent" || !IS_SOAK)("a control plane in trouble", () => {
  const namespace = `trouble-${randomUUID().slice(0, 8)}`;
  const app = kustomization(namespace, "app", "app", { interval: "10m" });
  const source = gitRepository(namespace, "app", "", {});
  const configMap = (name: string): Target => ({ apiVersion: "v1", kind: "ConfigMap", namespace, name });
  let plane: ControlPlane;
  let toolkit: Toolkit;

  beforeAll(async () => {
    if (binaries.kind === "absent") return;
    plane = await startControlPlane({ binaries: binaries.folder, env: process.env, apiServerFlags: ["--etcd-compaction-interval=5s"] }, signal);
    await plane.startControllers(["*"]);
    toolkit = await Toolkit.start({ kubeconfig: plane.kubeconfig, namespace, hasLeaderElection: true, leaseFlags: [] });
    await toolkit.commit({ "a.yaml": configMapFile(namespace, "a", { v: "1" }) });
    await toolkit.cluster.apply(...alerting(namespace, toolkit.sink.url), gitRepository(namespace, "app", toolkit.git.url, { interval: "10m" }), app);
    await ready("main@");
  });
  afterAll(async () => {
    await toolkit?.[Symbol.asyncDispose]();
    await plane?.stop();
  });

  async function ready(revision: string): Promise<void> {
    await toolkit.cluster.untilObject(
      `${revision} applied`,
      targetOf(app),
      (object) => isReady(object) && String(at(object, "status", "lastAppliedRevision")).startsWith(revision),
    );
  }
  /** Commits, and asks the source to look. */
  async function push(files: Readonly<Record<string, string>>): Promise<string> {
    const revision = await toolkit.commit(files);
    await toolkit.cluster.requestReconcile(targetOf(source));
    return revision;
  }
  /** Everybody still runs, and what is asked for happens within so many milliseconds. */
  async function works(what: string, limitMs: number): Promise<void> {
    const started = performance.now();
    const value = randomUUID();
    const revision = await until("a push", () => push({ "a.yaml": configMapFile(namespace, "a", { v: value }) }));
    await ready(revision);
    expect(at(await toolkit.cluster.get(configMap("a")), "data", "v")).toBe(value);
    await toolkit.cluster.edit(configMap("a"), { data: { v: "drifted" } });
    await toolkit.cluster.untilObject("drift corrected", configMap("a"), (object) => at(object, "data", "v") === value);
    const tookMs = performance.now() - started;
    console.log(`${what}: well after ${Math.round(tookMs)} ms`);
    expect(tookMs).toBeLessThan(limitMs);
    expect(START_ORDER.map((name) => toolkit.controller(name).end)).toEqual([undefined, undefined, undefined]);
  }

  const footprints = (): Promise<readonly Footprint[]> => Promise.all(START_ORDER.map((name) => footprintOf(toolkit.controller(name).pid)));

  it("that is away for forty seconds ends no controller, and all is well soon after its return", { timeout: 300_000 }, async () => {
    await plane.restart(() => delay(40_000));
    await works("40 s away", 20_000);
  });

  it("that stands still for a minute ends no controller", { timeout: 300_000 }, async () => {
    process.kill(plane.apiServerPid, "SIGSTOP");
    await delay(60_000);
    process.kill(plane.apiServerPid, "SIGCONT");
    await works("60 s still", 60_000);
  });

  it("that forgets its changes while we stand still is listed again, and no deletion is missed", { timeout: 300_000 }, async () => {
    await ready(await push({ "a.yaml": configMapFile(namespace, "a", { v: "1" }), "b.yaml": configMapFile(namespace, "b", { v: "1" }) }));
    for (const name of START_ORDER) toolkit.controller(name).signal("SIGSTOP");
    await toolkit.cluster.delete(configMap("b"));
    for (let count = 0; count < 20; count++) {
      await toolkit.cluster.edit(configMap("a"), { metadata: { annotations: { count: String(count) } } });
      await delay(1000);
    }
    for (const name of START_ORDER) toolkit.controller(name).signal("SIGCONT");
    await toolkit.cluster.untilObject("what was deleted is back", configMap("b"), () => true);
    await works("after a standstill", 30_000);
  });

  it("that comes back from a backup is brought to what Git says, and nothing is pruned that Git has", { timeout: 300_000 }, async () => {
    const backup = `${plane.folder}/backup`;
    await ready(
      await push({
        "a.yaml": configMapFile(namespace, "a", { v: "old" }),
        "gone.yaml": configMapFile(namespace, "gone", {}),
        "kept.yaml": configMapFile(namespace, "kept", {}),
      }),
    );
    await plane.restart(() => cp(plane.dataFolder, backup, { recursive: true }));
    await works("after a backup", 60_000);
    const last = await push({
      "a.yaml": configMapFile(namespace, "a", { v: "new" }),
      "kept.yaml": configMapFile(namespace, "kept", {}),
      "new.yaml": configMapFile(namespace, "new", {}),
    });
    await ready(last);
    await plane.restart(async () => {
      await rm(plane.dataFolder, { recursive: true });
      await cp(backup, plane.dataFolder, { recursive: true });
    });
    const started = performance.now();
    const isThere = (name: string, wanted: boolean): Promise<unknown> =>
      until(`${name} ${wanted ? "there" : "gone"}`, async () => ((await toolkit.cluster.get(configMap(name))) !== undefined) === wanted || undefined);
    await isThere("new", true);
    await isThere("gone", false);
    await isThere("kept", true);
    await toolkit.cluster.untilObject("the newest value", configMap("a"), (object) => at(object, "data", "v") === "new");
    await ready(last);
    console.log(`restored: converged after ${Math.round(performance.now() - started)} ms`);
    await works("after a restored backup", 30_000);
  });

  it("whose definitions are deleted and come back ends no controller", { timeout: 300_000 }, async () => {
    const before = await footprints();
    const started = performance.now();
    const all = await definitions();
    for (const { apiVersion, kind, metadata } of all) await toolkit.cluster.delete({ apiVersion, kind, name: metadata.name });
    for (const { apiVersion, kind, metadata } of all) await toolkit.cluster.untilGone({ apiVersion, kind, name: metadata.name });
    await delay(20_000);
    const after = await footprints();
    for (const [index, { cpuSeconds }] of after.entries())
      expect((cpuSeconds - (before[index]?.cpuSeconds ?? 0)) / ((performance.now() - started) / 1000)).toBeLessThan(0.2);
    await toolkit.cluster.apply(...all, ...alerting(namespace, toolkit.sink.url), gitRepository(namespace, "app", toolkit.git.url, { interval: "10m" }), app);
    await works("definitions that came back", 90_000);
  });

  it("that grants a controller no rights makes it wait, without a storm, until it does", { timeout: 300_000 }, async () => {
    const subject = { kind: "ServiceAccount", name: "poor", namespace };
    await toolkit.cluster.apply({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "poor", namespace } });
    const { stdout: token } = await run(plane.kubectl, ["--kubeconfig", plane.kubeconfig, "-n", namespace, "create", "token", "poor"]);
    const poor = (await readFile(plane.kubeconfig, "utf8")).replaceAll(plane.token, token.trim());
    // the source-controller serves nothing before it leads
    const names = START_ORDER.filter((name) => name !== "source-controller");
    for (const name of names) await toolkit.controller(name).stop();
    for (const name of names) await toolkit.startController(name, poor);
    const before = await footprints();
    await delay(20_000);
    const after = await footprints();
    for (const [index, { cpuSeconds }] of after.entries()) expect(cpuSeconds - (before[index]?.cpuSeconds ?? 0)).toBeLessThan(2);
    for (const name of names) {
      const { addresses, log } = { addresses: toolkit.controller(name).addresses, log: await toolkit.controller(name).log() };
      expect((await fetch(`http://${addresses["health"]}/readyz`)).status).toBe(503);
      expect((await fetch(`http://${addresses["health"]}/healthz`)).status).toBe(200);
      expect(log).toMatch(/cannot list resource|is forbidden/);
      expect(log.split("\n").length).toBeLessThan(100);
    }
    await toolkit.cluster.apply({
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: `poor-${namespace}` },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
      subjects: [subject],
    });
    await works("rights that were granted", 90_000);
    await toolkit.cluster.delete({ apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRoleBinding", name: `poor-${namespace}` });
    await delay(20_000);
    expect(START_ORDER.map((name) => toolkit.controller(name).end)).toEqual([undefined, undefined, undefined]);
    for (const name of START_ORDER) await toolkit.controller(name).kill();
    for (const name of START_ORDER) await toolkit.startController(name);
    await works("after all rights were taken", 60_000);
  });
});
