import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { sharedCluster } from "@plumb/e2e/cluster";
import {
  alerting,
  ApiProxy,
  at,
  ClusterClient,
  conditionOf,
  configMapFile,
  gitRepository,
  isReady,
  kustomization,
  START_ORDER,
  targetOf,
  Toolkit,
  until,
  type ControllerName,
  type ProxiedRequest,
  type Target,
} from "@plumb/e2e/toolkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { IS_SOAK, sayLeftToSoak } from "./soak.ts";

const cluster = sharedCluster();
const run = promisify(execFile);

const namespace = `processes-${randomUUID().slice(0, 8)}`;
const configMap = (name: string): Target => ({ apiVersion: "v1", kind: "ConfigMap", namespace, name });
const app = kustomization(namespace, "app", "app");
const lease = (controller: ControllerName): Target => ({
  apiVersion: "coordination.k8s.io/v1",
  kind: "Lease",
  namespace,
  name: `${controller}-leader-election`,
});
/** Of all controllers, in the folder of the toolkit. */
const FOLDERS = ["notification-controller-spool", "source-controller-spool", "kustomize-controller-spool", "storage", "cache"];
const isWrite = ({ method, path }: ProxiedRequest): boolean => method !== "GET" && !path.includes("/leases");

sayLeftToSoak("a process that is stopped");

describe.skipIf(cluster.kind === "absent" || !IS_SOAK)("a process that is stopped", () => {
  let toolkit: Toolkit;
  let proxy: ApiProxy;
  let value = 0;

  beforeAll(async () => {
    if (cluster.kind === "absent") return;
    using direct = await ClusterClient.connect(cluster.kubeconfig);
    proxy = await ApiProxy.start(direct.access);
    const kubeconfigs = { "kustomize-controller": proxy.kubeconfig };
    toolkit = await Toolkit.start({ kubeconfig: cluster.kubeconfig, namespace, kubeconfigs, hasLeaderElection: true });
    await push();
    await toolkit.cluster.apply(...alerting(namespace, toolkit.sink.url), gitRepository(namespace, "app", toolkit.git.url, { interval: "2s" }), app);
    await arrived();
  });
  afterAll(async () => {
    await toolkit?.[Symbol.asyncDispose]();
    await proxy?.[Symbol.asyncDispose]();
  });

  async function push(): Promise<void> {
    value += 1;
    const files = Array.from({ length: 5 }, (_, index) => [`${index}.yaml`, configMapFile(namespace, `app-${index}`, { v: String(value) })] as const);
    await toolkit.commit(Object.fromEntries(files));
  }
  async function arrived(): Promise<void> {
    for (let index = 0; index < 5; index++)
      await toolkit.cluster.untilObject(`value ${value}`, configMap(`app-${index}`), (object) => at(object, "data", "v") === String(value));
    await toolkit.cluster.untilObject("all ready", targetOf(app), isReady);
  }
  const holderOf = async (controller: ControllerName): Promise<unknown> => at(await toolkit.cluster.get(lease(controller)), "spec", "holderIdentity");

  it("beyond its lease writes nothing when it wakes, and ends, while another goes on", { timeout: 120_000 }, async () => {
    if (cluster.kind === "absent") return;
    await using second = await Toolkit.prepare({ kubeconfig: cluster.kubeconfig, namespace, hasLeaderElection: true });
    await second.startController("notification-controller");
    await second.startController("kustomize-controller");
    const first = toolkit.controller("kustomize-controller");
    const holder = await holderOf("kustomize-controller");
    await push();
    await until("it at work", () => proxy.seen.filter(isWrite).length > 0 || undefined);
    first.signal("SIGSTOP");
    await until("another leader", async () => ![holder, ""].includes(await holderOf("kustomize-controller")) || undefined);
    await push();
    await arrived();
    const writes = proxy.seen.filter(isWrite).length;
    first.signal("SIGCONT");
    await until("the end of the one that was stopped", () => first.end);
    expect([first.end, proxy.seen.filter(isWrite).slice(writes)]).toEqual(["exit code 1", []]);
    expect(await first.log()).toContain("leader election lost");
    await second.controller("kustomize-controller").stop();
    await toolkit.startController("kustomize-controller");
    await push();
    await arrived();
  });

  it.each([1, 2, 4, 6, 8, 10, 12])("by SIGTERM at its request number %i ends in order and gives its lease back", { timeout: 120_000 }, async (nth) => {
    const controller = toolkit.controller("kustomize-controller");
    let count = 0;
    proxy.interruptWith((request) => {
      if (!request.isWatch && !request.path.includes("/leases") && ++count === nth) controller.signal("SIGTERM");
      return undefined;
    });
    await push();
    await Promise.race([until("its end", () => controller.end), delay(8000)]);
    proxy.interruptWith(undefined);
    const began = performance.now();
    expect(await controller.stop()).toBe("exit code 0");
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(await holderOf("kustomize-controller")).toBe("");
    await toolkit.startController("kustomize-controller");
    await arrived();
  });

  it.each(["kustomize-controller", "source-controller", "notification-controller"] as const)(
    "(%s) by SIGTERM while nobody answers ends within its grace period",
    { timeout: 120_000 },
    async (name) => {
      await using deaf = await ApiProxy.start(toolkit.cluster.access);
      await toolkit.controller(name).stop();
      const first = await toolkit.startController(name, deaf.kubeconfig);
      await until("a leader", async () => (await first.log()).includes('"leading"') || undefined);
      deaf.interruptWith(() => "hang");
      await push();
      await delay(1500);
      const began = performance.now();
      expect(await first.stop()).toBe("exit code 0");
      expect(performance.now() - began).toBeLessThan(10_000);
      deaf.interruptWith(undefined);
      await toolkit.startController(name);
      await arrived();
    },
  );

  it("is at an end at once when it is told a second time", { timeout: 120_000 }, async () => {
    await using deaf = await ApiProxy.start(toolkit.cluster.access);
    await toolkit.controller("kustomize-controller").stop();
    const controller = await toolkit.startController("kustomize-controller", deaf.kubeconfig);
    await until("a leader", async () => (await controller.log()).includes('"leading"') || undefined);
    deaf.interruptWith(() => "hang");
    controller.signal("SIGTERM");
    await delay(200);
    controller.signal("SIGTERM");
    expect([await until("its end", () => controller.end)]).toEqual(["SIGTERM"]);
    await toolkit.startController("kustomize-controller");
    await arrived();
  });

  it("finds garbage in its folders, and goes on", { timeout: 120_000 }, async () => {
    for (const name of START_ORDER) await toolkit.controller(name).kill();
    for (const name of FOLDERS) {
      const folder = join(toolkit.folder, name);
      for (const file of await readdir(folder, { withFileTypes: true })) if (file.isFile()) await writeFile(join(folder, file.name), randomUUID());
      await writeFile(join(folder, "garbage"), randomUUID());
    }
    for (const name of START_ORDER) await toolkit.startController(name);
    await push();
    await arrived();
  });

  it("goes on though somebody clears its folders while it runs", { timeout: 120_000 }, async () => {
    for (const name of FOLDERS) await rm(join(toolkit.folder, name), { recursive: true });
    await toolkit.cluster.edit(targetOf(app), { spec: { path: "./." } });
    await push();
    await arrived();
    const told = toolkit.sink.messages.length;
    await push();
    await arrived();
    await until("an alert", () => toolkit.sink.messages.length > told || undefined);
    for (const name of START_ORDER) await toolkit.controller(name).kill();
    for (const name of START_ORDER) await toolkit.startController(name);
    await push();
    await arrived();
  });
});

describe.skipIf(cluster.kind === "absent" || !IS_SOAK || process.getuid?.() !== 0)("a disk that is full", () => {
  it("keeps the last artifact, says how much space there is, and is used again when there is some", { timeout: 120_000 }, async () => {
    if (cluster.kind === "absent") return;
    const disk = await mkdtemp(join(tmpdir(), "plumb-disk-"));
    await run("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", disk]);
    try {
      await using toolkit = await Toolkit.prepare({ kubeconfig: cluster.kubeconfig, namespace, args: { "source-controller": ["--storage-path", disk] } });
      await toolkit.startController("notification-controller");
      await toolkit.startController("source-controller");
      const source = gitRepository(namespace, "full", toolkit.git.url, { interval: "1s" });
      const first = await toolkit.commit({ "a.yaml": "a: 1\n" });
      await toolkit.cluster.apply(source);
      const ready = await toolkit.cluster.untilObject("an artifact", targetOf(source), (object) => at(object, "status", "artifact", "revision") === first);
      const url = String(at(ready, "status", "artifact", "url"));
      const before = Buffer.from(await (await fetch(url)).arrayBuffer());
      for (const mode of ["full", "read-only"]) {
        if (mode === "read-only") await run("mount", ["-o", "remount,ro", disk]);
        await toolkit.commit({ "a.yaml": "a: 2\n", [mode]: Buffer.from(Array.from({ length: 2_000_000 }, () => Math.floor(Math.random() * 256))) });
        const failed = await toolkit.cluster.untilObject(
          `a disk that is ${mode}`,
          targetOf(source),
          (object) =>
            conditionOf(object, "Ready")?.["reason"] === "ArchiveOperationFailed" &&
            String(conditionOf(object, "Ready")?.["message"]).includes(mode === "full" ? "no space left" : "read-only"),
        );
        expect(String(conditionOf(failed, "Ready")?.["message"])).toMatch(/\(\d+ of \d+ bytes are free\)$/);
        expect(at(failed, "status", "artifact", "revision")).toBe(first);
        expect(Buffer.from(await (await fetch(url)).arrayBuffer()).equals(before)).toBe(true);
      }
      await run("mount", ["-o", "remount,rw", disk]);
      const small = await toolkit.commit({ "a.yaml": "a: 3\n" });
      await toolkit.cluster.untilObject("an artifact again", targetOf(source), (object) => at(object, "status", "artifact", "revision") === small);
      expect((await readdir(disk, { recursive: true })).filter((name) => name.includes(".tmp"))).toEqual([]);
    } finally {
      await run("umount", ["-l", disk]);
      await rm(disk, { recursive: true, force: true });
    }
  });
});
