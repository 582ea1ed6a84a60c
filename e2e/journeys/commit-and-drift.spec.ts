import { randomUUID } from "node:crypto";
import { isObject, parseJson } from "@plumb/std";
import { sharedCluster } from "@plumb/e2e/cluster";
import { alerting, at, conditionOf, configMapFile, deploymentFile, gitRepository, isReady, kustomization, targetOf, Toolkit, until } from "@plumb/e2e/toolkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const cluster = sharedCluster();

describe.skipIf(cluster.kind === "absent")("a commit and a hand edit", () => {
  const namespace = `drift-${randomUUID().slice(0, 8)}`;
  const deployment = { apiVersion: "apps/v1", kind: "Deployment", namespace, name: "web" };
  // Further corrections of one object wait, so each edit that is not about that has an object of its own.
  const annotated = { ...deployment, name: "annotated" };
  const watched = { ...deployment, name: "watched" };
  const settings = { apiVersion: "v1", kind: "ConfigMap", namespace, name: "settings" };
  const app = kustomization(namespace, "app", "app", { wait: true });
  let toolkit: Toolkit;

  beforeAll(async () => {
    if (cluster.kind === "absent") return;
    toolkit = await Toolkit.start({ kubeconfig: cluster.kubeconfig, namespace });
    await toolkit.cluster.apply(...alerting(namespace, toolkit.sink.url));
  });
  afterAll(async () => toolkit?.[Symbol.asyncDispose]());

  it("brings what is in Git to health, and lists it in the inventory", async () => {
    const deployments = ["annotated", "watched", "web"].map((name) => [`${name}.yaml`, deploymentFile(namespace, name, { replicas: 3 })]);
    const revision = await toolkit.commit({ ...Object.fromEntries(deployments), "settings.yaml": configMapFile(namespace, "settings", { greeting: "hello" }) });
    await toolkit.cluster.apply(gitRepository(namespace, "app", toolkit.git.url), app);
    const ready = await toolkit.cluster.untilObject("the commit applied", targetOf(app), isReady);
    expect(ready["status"]).toMatchObject({ lastAppliedRevision: revision, lastAttemptedRevision: revision, observedGeneration: 1 });
    expect(at(ready, "status", "inventory", "entries")).toEqual(
      [`${namespace}_settings__ConfigMap`, ...["annotated", "watched", "web"].map((name) => `${namespace}_${name}_apps_Deployment`)].map((id) => ({
        id,
        v: "v1",
      })),
    );
    expect(conditionOf(ready, "Healthy")).toMatchObject({ status: "True" });
    expect(at(await toolkit.cluster.get(deployment), "status", "readyReplicas")).toBe(3);
  });

  it("corrects an edited field, and tells which, from what to what, and whose it was", async () => {
    await toolkit.cluster.edit(deployment, { spec: { replicas: 10 } });
    await toolkit.cluster.untilObject("three replicas again", deployment, (object) => at(object, "spec", "replicas") === 3);
    const [change, managers] = await driftOf("Deployment", "web");
    expect(change).toMatchObject({ path: "/spec/replicas", desired: 3, live: 10 });
    expect(managers).toContain("kubectl-edit");
  });

  it("corrects the same edit a second time, and tells it a second time", async () => {
    const before = driftMessages().length;
    await toolkit.cluster.edit(deployment, { spec: { replicas: 10 } });
    await toolkit.cluster.untilObject("three replicas again", deployment, (object) => at(object, "spec", "replicas") === 3);
    await until(
      "a second alert",
      () => (driftMessages().length > before ? true : undefined),
      () => toolkit.sink.messages.map(({ body }) => body).join("\n"),
    );
  });

  it("corrects a value that carries no generation", async () => {
    await toolkit.cluster.edit(settings, { data: { greeting: "goodbye" } });
    await toolkit.cluster.untilObject("the greeting of Git", settings, (object) => at(object, "data", "greeting") === "hello");
    expect((await driftOf("ConfigMap", "settings"))[0]).toMatchObject({ path: "/data/greeting", desired: "hello", live: "goodbye" });
  });

  it("restores a deleted object, and says that it was missing", async () => {
    const before = await toolkit.cluster.get(settings);
    const told = driftMessages().length;
    await toolkit.cluster.delete(settings);
    await toolkit.cluster.untilObject("another ConfigMap of that name", settings, (object) => object.metadata.uid !== before?.metadata.uid);
    await until("an alert about it", () => (driftMessages().length > told ? true : undefined));
  });

  it("leaves status and what others added alone", async () => {
    const before = driftMessages().length;
    await toolkit.cluster.edit(annotated, { metadata: { annotations: { "example.com/theirs": "yes" } } }, "somebody-else");
    await toolkit.cluster.edit(annotated, { spec: { replicas: 4 } });
    await toolkit.cluster.untilObject("three replicas again", annotated, (object) => at(object, "spec", "replicas") === 3);
    expect((await toolkit.cluster.get(annotated))?.metadata.annotations).toMatchObject({ "example.com/theirs": "yes" });
    await until("one alert", () => (driftMessages().length > before ? true : undefined));
    expect(driftMessages().slice(before)).not.toContainEqual(expect.stringContaining("example.com~1theirs"));
  });

  it("leaves a hand edit where it is told to observe, and tells it", async () => {
    await toolkit.cluster.edit(targetOf(app), { metadata: { annotations: { "plumb.dev/drift": "observe" } } }, "kubectl-annotate");
    const before = driftMessages().length;
    await toolkit.cluster.edit(watched, { spec: { replicas: 7 } });
    const [told] = await until("an alert", () => (driftMessages().length > before ? driftMessages().slice(before) : undefined));
    expect(told).toContain("DriftDetected");
    const token = await toolkit.cluster.requestReconcile(targetOf(app));
    await toolkit.cluster.untilObject("a whole run", targetOf(app), (object) => at(object, "status", "lastHandledReconcileAt") === token);
    expect(at(await toolkit.cluster.get(watched), "spec", "replicas")).toBe(7);
    await toolkit.cluster.edit(targetOf(app), { metadata: { annotations: { "plumb.dev/drift": null } } }, "kubectl-annotate");
    await toolkit.cluster.untilObject("three replicas again", watched, (object) => at(object, "spec", "replicas") === 3);
    await until("the end of it told", () =>
      driftMessages()
        .slice(before)
        .find((body) => body.includes("DriftResolved")),
    );
  });

  function driftMessages(): readonly string[] {
    return toolkit.sink.messages.map(({ body }) => body).filter((body) => /"reason":"Drift/.test(body));
  }

  /** The first change and the managers of the newest drift alert about the object. */
  async function driftOf(kind: string, name: string): Promise<readonly [change: unknown, managers: string]> {
    const told = await until(
      `a drift alert about ${kind} ${name}`,
      () => driftMessages().findLast((body) => body.includes(`${kind}/${namespace}/${name}`)),
      () => toolkit.sink.messages.map(({ body }) => body).join("\n"),
    );
    const event = parseJson(told);
    const metadata = at(event, "metadata");
    if (!isObject(metadata)) throw new Error(told);
    const entry = (key: string): string => String(Object.entries(metadata).find(([found]) => found.endsWith(key))?.[1]);
    const [change] = JSON.parse(entry("drift-changes"));
    return [change, entry("drift-managers")];
  }
});
