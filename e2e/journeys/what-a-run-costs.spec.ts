import { randomUUID } from "node:crypto";
import type { Manifest } from "@plumb/api";
import { sharedCluster } from "@plumb/e2e/cluster";
import {
  alerting,
  ApiProxy,
  at,
  ClusterClient,
  configMapFile,
  deploymentFile,
  gitRepository,
  isReadyAt,
  kustomization,
  targetOf,
  text,
  Toolkit,
  until,
  type ProxiedRequest,
} from "@plumb/e2e/toolkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const cluster = sharedCluster();

/** Milliseconds without a request after which a controller counts as done. */
const QUIET_MS = 1_500;

describe.skipIf(cluster.kind === "absent")("what a run costs", () => {
  const namespace = `cost-${randomUUID().slice(0, 8)}`;
  const measured = kustomization(namespace, "measured", "app", { path: "./measured" });
  const source = targetOf(gitRepository(namespace, "app", ""));
  const files: Record<string, string> = {};
  let proxy: ApiProxy;
  let toolkit: Toolkit;

  const application = (name: string, value: string): Readonly<Record<string, string>> => ({
    [`${name}/account.yaml`]: text({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } }),
    [`${name}/settings.yaml`]: configMapFile(namespace, name, { value }),
    [`${name}/service.yaml`]: text({
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace },
      spec: { selector: { app: name }, ports: [{ port: 80 }] },
    }),
    [`${name}/web.yaml`]: deploymentFile(namespace, name),
  });

  beforeAll(async () => {
    if (cluster.kind === "absent") return;
    using direct = await ClusterClient.connect(cluster.kubeconfig);
    proxy = await ApiProxy.start(direct.access);
    toolkit = await Toolkit.start({ kubeconfig: cluster.kubeconfig, namespace, kubeconfigs: { "kustomize-controller": proxy.kubeconfig } });
    for (const name of ["before", "measured", "fresh-1", "fresh-2", "fresh-3"]) Object.assign(files, application(name, "1"));
    const revision = await toolkit.commit(files);
    const before = kustomization(namespace, "before", "app", { path: "./before" });
    // Discovery and the watches of these kinds are paid for once, by whoever comes first.
    await toolkit.cluster.apply(...alerting(namespace, toolkit.sink.url), gitRepository(namespace, "app", toolkit.git.url), before, measured);
    await applied(before, revision);
    await applied(measured, revision);
    await quiet();
  });
  afterAll(async () => {
    await toolkit?.[Symbol.asyncDispose]();
    await proxy?.[Symbol.asyncDispose]();
  });

  it("is at most thirteen requests for a first apply of four objects, finalizer, status and Events included", async () => {
    const seen = await fewest(13, async (attempt) => {
      const fresh = kustomization(namespace, `fresh-${attempt}`, "app", { path: `./fresh-${attempt}` });
      const revision = await artifactRevision();
      return during(async () => {
        await toolkit.cluster.apply(fresh);
        await applied(fresh, revision);
      });
    });
    expect(seen.length, seen.join("\n")).toBeLessThanOrEqual(13);
    expect(seen.filter((line) => line.startsWith("POST") && line.includes("/events")).length).toBeLessThanOrEqual(2);
  });

  it("is at most one request for a run that changes nothing, and no download", async () => {
    // Who serves artifacts does not answer: a run that fetched one would not end.
    toolkit.controller("source-controller").signal("SIGSTOP");
    try {
      const seen = await fewest(1, () => during(() => requested(measured)));
      expect(seen.length, seen.join("\n")).toBeLessThanOrEqual(1);
    } finally {
      toolkit.controller("source-controller").signal("SIGCONT");
    }
  });

  it("is at most ten requests for a commit that changes one of four, Events included", async () => {
    const seen = await fewest(10, async (attempt) => {
      files["measured/settings.yaml"] = configMapFile(namespace, "measured", { value: `changed ${attempt}` });
      const everybody = await during(async () => {
        const revision = await toolkit.commit(files);
        await toolkit.cluster.requestReconcile(source);
        await applied(measured, revision);
      });
      expect(at(await toolkit.cluster.get({ apiVersion: "v1", kind: "ConfigMap", namespace, name: "measured" }), "data", "value")).toBe(`changed ${attempt}`);
      // The others have a new revision too, and store it.
      return everybody
        .filter((line) => !/kustomizations\/(before|fresh-\d)\//.test(line) && !line.includes("/events"))
        .concat(everybody.filter((line) => line.includes("/events")).slice(0, 2));
    });
    expect(seen.length, seen.join("\n")).toBeLessThanOrEqual(10);
  });

  it("is one dry run and one write for a correction, beside looks at the object", async () => {
    const web = { apiVersion: "apps/v1", kind: "Deployment", namespace, name: "measured" };
    const seen = await during(async () => {
      await toolkit.cluster.edit(web, { spec: { replicas: 9 } });
      await toolkit.cluster.untilObject("one replica again", web, (object) => at(object, "spec", "replicas") === 1);
      // What is told of the pods that came and went is looked at too, and belongs to no later test.
      await toolkit.cluster.untilObject(
        "one pod again",
        web,
        ({ metadata: { generation }, status }) =>
          ["replicas", "readyReplicas", "updatedReplicas"].every((field) => at(status, field) === 1) && at(status, "observedGeneration") === generation,
      );
    });
    expect(seen.filter((line) => !line.startsWith("GET ") && !line.includes("/events")).length, seen.join("\n")).toBe(2);
  });

  it("is nothing while nothing happens", async () => {
    const seen = await during(async () => undefined);
    expect(seen).toEqual([]);
  });

  async function applied(object: Manifest, revision: string): Promise<void> {
    await toolkit.cluster.untilObject(`${object.metadata.name} at ${revision}`, targetOf(object), (found) => isReadyAt(found, revision));
  }

  async function requested(object: Manifest): Promise<void> {
    const token = await toolkit.cluster.requestReconcile(targetOf(object));
    await toolkit.cluster.untilObject("the request handled", targetOf(object), (found) => at(found, "status", "lastHandledReconcileAt") === token);
  }

  async function artifactRevision(): Promise<string> {
    return String(at(await toolkit.cluster.get(source), "status", "artifact", "revision"));
  }

  /** The shortest of up to three attempts: a run that takes longer than a second, as on a machine under load, reports its progress. */
  async function fewest(enough: number, attempt: (count: number) => Promise<readonly string[]>): Promise<readonly string[]> {
    let best = await attempt(1);
    for (let count = 2; count <= 3 && best.length > enough; count++) {
      const next = await attempt(count);
      if (next.length < best.length) best = next;
    }
    return best;
  }

  /** What the controller asks of the API server while `work` runs and until it is quiet again, watches not counted. */
  async function during(work: () => Promise<unknown>): Promise<readonly string[]> {
    await quiet();
    const from = proxy.seen.length;
    await work();
    await quiet();
    return proxy.seen
      .slice(from)
      .filter(({ isWatch }) => !isWatch)
      .map(line);
  }

  async function quiet(): Promise<void> {
    let [count, sinceMs] = [-1, 0];
    await until(
      "a controller that is done",
      () => {
        if (count !== proxy.seen.length) [count, sinceMs] = [proxy.seen.length, performance.now()];
        return performance.now() - sinceMs > QUIET_MS ? true : undefined;
      },
      () => `no end of requests: ${proxy.seen.slice(-20).map(line).join(", ")}`,
    );
  }

  function line({ method, path }: ProxiedRequest): string {
    return `${method} ${path}`;
  }
});
