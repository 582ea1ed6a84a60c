import { randomUUID } from "node:crypto";
import type { LiveObject, Manifest } from "@plumb/api";
import { sharedCluster } from "@plumb/e2e/cluster";
import {
  at,
  conditionOf,
  configMapFile,
  deploymentFile,
  gitRepository,
  isReady,
  isReadyAt,
  kustomization,
  SOURCE_VERSION,
  targetOf,
  Toolkit,
  until,
  type Target,
} from "@plumb/e2e/toolkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const cluster = sharedCluster();

/** The states that a `flux` command line, or kstatus, sees go by: it polls, so each of them must be right. */
describe.skipIf(cluster.kind === "absent")("what clients wait for", () => {
  const namespace = `clients-${randomUUID().slice(0, 8)}`;
  const app = kustomization(namespace, "app", "app", { path: "./app", wait: true });
  const source: Target = { apiVersion: SOURCE_VERSION, kind: "GitRepository", namespace, name: "app" };
  const files: Record<string, string> = {};
  let toolkit: Toolkit;

  beforeAll(async () => {
    if (cluster.kind === "absent") return;
    toolkit = await Toolkit.start({ kubeconfig: cluster.kubeconfig, namespace });
    Object.assign(files, { "app/web.yaml": deploymentFile(namespace, "web"), "app/settings.yaml": configMapFile(namespace, "settings", { v: "1" }) });
    await toolkit.commit(files);
  });
  afterAll(async () => toolkit?.[Symbol.asyncDispose]());

  it("a Kustomization whose source is not there yet says so, and goes on by itself when it comes", async () => {
    const states = await statesDuring(targetOf(app), async () => {
      await toolkit.cluster.apply(app);
      const waiting = await toolkit.cluster.untilObject(
        "a word about the source",
        targetOf(app),
        (object) => conditionOf(object, "Ready")?.["status"] === "False",
      );
      expect(conditionOf(waiting, "Ready")).toMatchObject({ reason: "ArtifactFailed", message: expect.stringContaining("not found") });
      await toolkit.cluster.apply(gitRepository(namespace, "app", toolkit.git.url));
      await ready(app);
    });
    expectHonest(states);
    const unknown = states.findIndex((state) => conditionOf(state, "Ready")?.["status"] === "Unknown");
    const done = states.findIndex(isReady);
    expect(unknown).toBeGreaterThanOrEqual(0);
    expect(unknown).toBeLessThan(done);
    expect(conditionOf(states[unknown], "Reconciling")).toMatchObject({ status: "True", reason: "Progressing" });
    expect(conditionOf(states.at(-1), "Ready")).toMatchObject({
      status: "True",
      reason: "ReconciliationSucceeded",
      message: expect.stringMatching(/^Applied revision: main@sha1:[0-9a-f]{40}$/),
      observedGeneration: 1,
    });
    expect(conditionOf(states.at(-1), "Reconciling")).toBeUndefined();
  });

  it("a run that was asked for and changes nothing is one write of status, and Ready stays True", async () => {
    const token = randomUUID();
    const states = await statesDuring(targetOf(app), () => handled(targetOf(app), token));
    const written = states.filter((state) => at(state, "status", "lastHandledReconcileAt") === token);
    expect(written).toHaveLength(1);
    expect(states.map((state) => conditionOf(state, "Ready")?.["status"])).toEqual(states.map(() => "True"));
    expectHonest(states);
  });

  it("a commit is announced before it is written, and a request handled only when the run is over", async () => {
    files["app/settings.yaml"] = configMapFile(namespace, "settings", { v: "2" });
    files["app/web.yaml"] = deploymentFile(namespace, "web", { image: "app:2" });
    const before = at(await toolkit.cluster.get(targetOf(app)), "status", "lastAppliedRevision");
    const states = await statesDuring(targetOf(app), async () => {
      const revision = await toolkit.commit(files);
      await handled(source, randomUUID());
      await toolkit.cluster.untilObject("the commit applied", targetOf(app), (object) => isReadyAt(object, revision));
    });
    expectHonest(states);
    expect(states.map((state) => conditionOf(state, "Ready")?.["status"])).toContain("Unknown");
    for (const state of states.filter((one) => conditionOf(one, "Ready")?.["status"] === "Unknown"))
      expect(at(state, "status", "lastAppliedRevision")).toBe(before);
  });

  it("a failure handles the request too, is not stalled, and will be tried again", async () => {
    files["app/settings.yaml"] = "kind: [";
    const token = randomUUID();
    const states = await statesDuring(targetOf(app), async () => {
      await toolkit.commit(files);
      await handled(source, randomUUID());
      await toolkit.cluster.untilObject("a failure", targetOf(app), (object) => conditionOf(object, "Ready")?.["reason"] === "BuildFailed");
      await handled(targetOf(app), token);
    });
    const answer = states.find((state) => at(state, "status", "lastHandledReconcileAt") === token);
    expect(conditionOf(answer, "Ready")).toMatchObject({ status: "False", reason: "BuildFailed" });
    expect(conditionOf(answer, "Reconciling")).toMatchObject({ status: "True", reason: "ProgressingWithRetry" });
    expect(conditionOf(answer, "Stalled")).toBeUndefined();
    files["app/settings.yaml"] = configMapFile(namespace, "settings", { v: "3" });
    await toolkit.commit(files);
    await handled(source, randomUUID());
    await ready(app);
  });

  it("a source counts as observed only with the run that settles it, and keeps Ready while nothing moves", async () => {
    const states = await statesDuring(source, async () => {
      await toolkit.cluster.edit(source, { spec: { timeout: "50s" } }, "flux");
      await toolkit.cluster.untilObject(
        "the new generation observed",
        source,
        (object) => at(object, "status", "observedGeneration") === object.metadata.generation,
      );
      await handled(source, randomUUID());
    });
    expectHonest(states);
    expect(conditionOf(states.at(-1), "Ready")).toMatchObject({ status: "True", observedGeneration: 2 });
    expect(conditionOf(states.at(-1), "Reconciling")).toBeUndefined();
  });

  it("a source that cannot be reached is no longer in doubt once it says so", async () => {
    const lost = gitRepository(namespace, "lost", "http://127.0.0.1:1/nowhere.git");
    await toolkit.cluster.apply(lost);
    const failed = await toolkit.cluster.untilObject("a failure", targetOf(lost), (object) => conditionOf(object, "Ready")?.["status"] === "False");
    expect(conditionOf(failed, "FetchFailed")).toMatchObject({ status: "True" });
    expect(conditionOf(failed, "Ready")?.["message"]).toContain("127.0.0.1:1");
  });

  it("a new generation is observed with the result of its run", async () => {
    const states = await statesDuring(targetOf(app), async () => {
      await toolkit.cluster.edit(targetOf(app), { spec: { timeout: "2m" } }, "flux");
      await toolkit.cluster.untilObject(
        "it",
        targetOf(app),
        (object) => at(object, "status", "observedGeneration") === object.metadata.generation && isReady(object),
      );
    });
    expectHonest(states);
  });

  async function ready(object: Manifest): Promise<LiveObject> {
    return toolkit.cluster.untilObject(
      "Ready",
      targetOf(object),
      (found) => isReady(found) && at(found, "status", "observedGeneration") === found.metadata.generation,
    );
  }

  async function handled(target: Target, token: string): Promise<void> {
    await toolkit.cluster.edit(target, { metadata: { annotations: { "reconcile.fluxcd.io/requestedAt": token } } }, "flux");
    await toolkit.cluster.untilObject("the request handled", target, (object) => at(object, "status", "lastHandledReconcileAt") === token);
  }

  /** Every state of the object while `work` runs, its last one included. */
  async function statesDuring(target: Target, work: () => Promise<unknown>): Promise<readonly LiveObject[]> {
    const stop = new AbortController();
    const states: LiveObject[] = [];
    const coming = await toolkit.cluster.statesOf(target, stop.signal);
    const watching = (async () => {
      for await (const state of coming) states.push(state);
    })();
    const before = await toolkit.cluster.get(target);
    await work();
    const {
      metadata: { resourceVersion },
    } = await toolkit.cluster.untilObject("it", target, () => true);
    const isUnchanged = before?.metadata.resourceVersion === resourceVersion;
    await until("the watch has seen it all", () =>
      isUnchanged || states.some((state) => BigInt(state.metadata.resourceVersion) >= BigInt(resourceVersion)) ? true : undefined,
    );
    stop.abort();
    await watching;
    return states;
  }

  /** What holds of every state: a run's result, what it observed and what it handled come in one write. */
  function expectHonest(states: readonly LiveObject[]): void {
    for (const [index, state] of states.entries()) {
      const before = states[index - 1];
      const isFinal = conditionOf(state, "Reconciling") === undefined || conditionOf(state, "Reconciling")?.["reason"] === "ProgressingWithRetry";
      if (before === undefined) continue;
      if (at(before, "status", "lastHandledReconcileAt") !== at(state, "status", "lastHandledReconcileAt"))
        expect(isFinal, JSON.stringify(state["status"])).toBe(true);
      if (at(before, "status", "observedGeneration") !== at(state, "status", "observedGeneration")) {
        expect(isFinal, JSON.stringify(state["status"])).toBe(true);
        expect(conditionOf(state, "Ready")?.["observedGeneration"]).toBe(at(state, "status", "observedGeneration"));
      }
    }
  }
});
