import { randomUUID } from "node:crypto";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { LiveObject, Manifest } from "@plumb/api";
import { sharedCluster } from "@plumb/e2e/cluster";
import {
  alerting,
  at,
  CommandLine,
  conditionOf,
  configMapFile,
  gitRepository,
  isReady,
  isReadyAt,
  kustomization,
  NOTIFICATION_VERSION,
  SOURCE_VERSION,
  START_ORDER,
  targetOf,
  Toolkit,
  until,
  type ControllerName,
  type Target,
} from "@plumb/e2e/toolkit";
import { startFaultProxy, type FaultProxy } from "@plumb/http/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const cluster = sharedCluster();

/** Requests of one controller that are to be refused before its credential is good again. */
const REFUSALS = 15;
/** Lines that one controller may log of a lapse of half a minute: each watch tries every few seconds, and a lease every second. */
const MAX_LOG_LINES = 300;
/** The one that leads rests in the lapse; of the others the watches and the queues go through it. */
const LEADING: ControllerName = "source-controller";
const QUICK_LEASE = ["--leader-election-lease-duration=6s", "--leader-election-renew-deadline=4s", "--leader-election-retry-period=1s"];

describe.skipIf(cluster.kind !== "own")("a credential that is taken back for a while", () => {
  const namespace = `lapse-${randomUUID().slice(0, 8)}`;
  const configMap = (name: string): Target => ({ apiVersion: "v1", kind: "ConfigMap", namespace, name });
  const app = kustomization(namespace, "app", "app");
  const hook: Manifest = {
    apiVersion: NOTIFICATION_VERSION,
    kind: "Receiver",
    metadata: { name: "hook", namespace },
    spec: { type: "generic", secretRef: { name: "hook" }, resources: [{ kind: "GitRepository", name: "app" }] },
  };
  const source: Target = { ...targetOf(app), apiVersion: SOURCE_VERSION, kind: "GitRepository" };
  const lasting = Object.fromEntries(["seen", "unseen"].map((name) => [`${name}.yaml`, configMapFile(namespace, name, { v: "1" })]));
  let folder: string;
  let admin: CommandLine;
  let proxy: FaultProxy;
  let toolkit: Toolkit;

  beforeAll(async () => {
    if (cluster.kind !== "own") throw new Error("not reached: skipped");
    const { kubeconfig, kubectl, url, ca } = cluster;
    folder = await mkdtemp(join(tmpdir(), "plumb-lapse-"));
    admin = new CommandLine(kubectl, { kubeconfig, namespace });
    proxy = await startFaultProxy({ port: Number(new URL(url).port) });
    const ours = JSON.stringify({
      "current-context": "c",
      contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
      clusters: [{ name: "c", cluster: { server: `https://127.0.0.1:${proxy.port}`, "certificate-authority-data": Buffer.from(ca).toString("base64") } }],
      users: [{ name: "u", user: { tokenFile: join(folder, "token") } }],
    });
    toolkit = await Toolkit.prepare({
      kubeconfig,
      namespace,
      kubeconfigs: Object.fromEntries(START_ORDER.map((name) => [name, ours])),
      args: { [LEADING]: ["--enable-leader-election", ...QUICK_LEASE] },
    });
    await admin.ok("create", "serviceaccount", "toolkit");
    await admin.ok("create", "clusterrolebinding", namespace, "--clusterrole=cluster-admin", `--serviceaccount=${namespace}:toolkit`);
    await admin.ok("create", "secret", "generic", "hook", "--from-literal=token=sesame");
    await giveToken("first");
    for (const name of START_ORDER) await toolkit.startController(name);
    const revision = await toolkit.commit(lasting);
    await toolkit.cluster.apply(...alerting(namespace, toolkit.sink.url), hook, gitRepository(namespace, "app", toolkit.git.url), app);
    await toolkit.cluster.untilObject("the first commit", targetOf(app), (object) => isReadyAt(object, revision));
  });
  afterAll(async () => {
    await toolkit?.[Symbol.asyncDispose]();
    await proxy?.close();
    await admin?.run(["delete", "namespace", namespace, "--wait=false"]);
    await admin?.run(["delete", "clusterrolebinding", namespace]);
    await rm(folder, { recursive: true, force: true });
  });

  /** Puts a token in the controllers' file that is good for as long as the Secret is there; as the kubelet does, in one step. */
  async function giveToken(secret: string): Promise<void> {
    await admin.ok("create", "secret", "generic", secret);
    const token = await admin.ok("create", "token", "toolkit", "--bound-object-kind=Secret", `--bound-object-name=${secret}`);
    await writeFile(join(folder, "next"), token, { mode: 0o600 });
    await rename(join(folder, "next"), join(folder, "token"));
  }
  /** Requests of a controller that the API server has answered with 401. */
  async function refusalsOf(name: ControllerName): Promise<number> {
    const text = await (await fetch(`http://${toolkit.controller(name).addresses["metrics"]}/metrics`)).text();
    const counts = text.matchAll(/^rest_client_requests_total\{[^}]*code="401"[^}]*\} (\d+)$/gm);
    return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
  }
  const editAway = (name: string): Promise<unknown> => toolkit.cluster.edit(configMap(name), { data: { v: "by hand" } });
  /** What was told of its edits being undone: as drift, or by a run that comes to it first. */
  const corrections = (name: string): number => {
    const subject = `ConfigMap/${namespace}/${name}`;
    const isAbout = (body: string): boolean =>
      (/"reason":"Drift(Corrected|Resolved)"/.test(body) && body.includes(subject)) || body.includes(`${subject} configured`);
    return toolkit.sink.messages.filter(({ body }) => isAbout(body)).length;
  };
  /** Undone, and told since there were `before` alerts of it. */
  const untilCorrected = async (name: string, before: number): Promise<void> => {
    await toolkit.cluster.untilObject(`the edit of ${name} undone`, configMap(name), (object) => at(object, "data", "v") === "1");
    await until(
      `an alert of ${name}`,
      () => corrections(name) > before || undefined,
      () => toolkit.sink.messages.map(({ body }) => body).join("\n"),
    );
  };
  const uids = async (): Promise<readonly unknown[]> =>
    Promise.all(["seen", "unseen"].map(async (name) => (await toolkit.cluster.get(configMap(name)))?.metadata.uid));

  it("loses nothing, says nothing wrong, ends nobody, and all is as before when it is good again", { timeout: 300_000 }, async () => {
    const receiver = await toolkit.cluster.untilObject("a Receiver that is ready", targetOf(hook), isReady);
    const path = String(at(receiver, "status", "webhookPath"));
    const knock = async (): Promise<number> =>
      (await fetch(`http://${toolkit.controller("notification-controller").addresses["receiver"]}${path}`, { method: "POST", body: "{}" })).status;
    // What is to hear of an edit in the lapse is a watch that stands by then.
    await editAway("seen");
    await untilCorrected("seen", 0);
    const [before, seenBefore] = [await uids(), corrections("seen")];
    const linesBefore = await Promise.all(START_ORDER.map(async (name) => (await toolkit.controller(name).log()).split("\n").length));

    await admin.ok("delete", "secret", "first");
    // the API server keeps a token that was good for ten seconds; a lease is renewed every second
    await until("a token that is good no more", async () => (await refusalsOf(LEADING)) > 0 || undefined);
    await editAway("seen");
    for (const target of [targetOf(hook), source, targetOf(app)]) await toolkit.cluster.requestReconcile(target);
    await until(
      "the edit heard by a watch that still stands",
      async () => (await toolkit.controller("kustomize-controller").log()).includes("drift is not corrected yet") || undefined,
    );
    proxy.set({ kind: "refuse" });
    await delay(200);
    proxy.set({ kind: "none" });
    await editAway("unseen");
    const revision = await toolkit.commit({ ...lasting, "new.yaml": configMapFile(namespace, "new", {}) });
    const answers = new Set<number>();
    await until("everybody refused, again and again, and a leader at rest", async () => {
      answers.add(await knock());
      await delay(300);
      const counts = await Promise.all(START_ORDER.map(refusalsOf));
      return (counts.every((count) => count >= REFUSALS) && (await toolkit.controller(LEADING).log()).includes("leading no longer")) || undefined;
    });
    expect([[...answers].filter((status) => status < 500), await uids(), corrections("seen"), corrections("unseen")]).toEqual([[], before, seenBefore, 0]);

    await giveToken("second");
    await until("a web-hook that is served", async () => (await knock()) === 200 || undefined);
    await toolkit.cluster.untilObject("the commit", targetOf(app), (object) => isReadyAt(object, revision));
    await untilCorrected("seen", seenBefore);
    await untilCorrected("unseen", 0);
    const unseenBefore = corrections("unseen");
    await editAway("unseen");
    await untilCorrected("unseen", unseenBefore);
    for (const target of [targetOf(hook), source, targetOf(app)]) {
      const isSettled = (object: LiveObject): boolean => isReady(object) && ["Stalled", "Reconciling"].every((type) => conditionOf(object, type) === undefined);
      await toolkit.cluster.untilObject(`${target.kind} that is ready, and nothing else`, target, isSettled);
    }
    expect(at(await toolkit.cluster.get(targetOf(hook)), "status", "webhookPath")).toBe(path);
    expect(await uids()).toEqual(before);
    for (const [index, name] of START_ORDER.entries()) {
      const controller = toolkit.controller(name);
      const lines = (await controller.log()).split("\n").length - (linesBefore[index] ?? 0);
      expect([controller.end, lines < MAX_LOG_LINES]).toEqual([undefined, true]);
    }
  });
});
