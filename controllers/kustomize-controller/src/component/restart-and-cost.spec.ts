import { keptLog } from "@plumb/telemetry/testing";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { configMap, configMapPath, KustomizeLab, LIMIT, NAMESPACE } from "../testing/kustomize-lab.ts";

const log = keptLog();
let lab: KustomizeLab;

beforeEach(async () => {
  lab = await KustomizeLab.open(log);
});
afterEach(() => lab.close());

/** A ServiceAccount, a ConfigMap, a Service and a Deployment. */
function application(name: string, value: string): Readonly<Record<string, string>> {
  const metadata = { name, namespace: NAMESPACE };
  const labels = { app: name };
  const template = { metadata: { labels }, spec: { containers: [{ name: "web", image: "web:1" }] } };
  return {
    [`${name}/account.yaml`]: JSON.stringify({ apiVersion: "v1", kind: "ServiceAccount", metadata }),
    [`${name}/settings.yaml`]: configMap(name, { value }),
    [`${name}/service.yaml`]: JSON.stringify({ apiVersion: "v1", kind: "Service", metadata, spec: { selector: labels, ports: [{ port: 80 }] } }),
    [`${name}/web.yaml`]: JSON.stringify({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata,
      spec: { replicas: 1, selector: { matchLabels: labels }, template },
    }),
  };
}

/** What was asked from here on, once nothing has been asked for a while. */
async function asked(from: number): Promise<readonly string[]> {
  let [count, sinceMs] = [-1, 0];
  await vi.waitFor(() => {
    if (count !== lab.asked.length) [count, sinceMs] = [lab.asked.length, performance.now()];
    if (performance.now() - sinceMs < 3000) throw new Error("not quiet yet");
  }, LIMIT);
  return lab.asked.slice(from);
}

/** What `work` had the controller ask for, once it is quiet again; and how often its run may have shown how far it is: once a second. */
async function askedFor(work: () => Promise<unknown>): Promise<{ readonly requests: readonly string[]; readonly shown: number }> {
  const [from, startedMs] = [lab.asked.length, performance.now()];
  await work();
  const shown = Math.floor((performance.now() - startedMs) / 1000);
  return { requests: await asked(from), shown };
}

describe("a controller that was stopped", () => {
  it("knows its inventory when it starts again, and prunes what has left Git meanwhile", async () => {
    lab.start();
    await lab.applied("app", { "a.yaml": configMap("stays", { v: "1" }), "b.yaml": configMap("goes", {}) });
    await lab.stop();
    const artifact = await lab.publish("app", { "a.yaml": configMap("stays", { v: "1" }) });
    lab.start();
    const { status } = await lab.ready("app", artifact);
    expect(status?.inventory?.entries).toEqual([{ id: `${NAMESPACE}_stays__ConfigMap`, v: "v1" }]);
    expect([await lab.data("stays"), await lab.configMap("goes")]).toEqual([{ v: "1" }, undefined]);
  });

  it("goes on from the artifacts it has while its source serves nothing", async () => {
    lab.start();
    const artifact = await lab.applied("app", { "a.yaml": configMap("offline", { v: "1" }) });
    await lab.stop();
    lab.artifacts.served.clear();
    await lab.call("PATCH", configMapPath("offline"), { data: { v: "2" } });
    lab.start();
    await vi.waitFor(async () => expect(await lab.data("offline")).toEqual({ v: "1" }), LIMIT);
    await lab.reconcile("app");
    await lab.until("app", ({ status }) => expect(status?.lastAppliedRevision).toBe(artifact.status?.lastAppliedRevision));
    expect(lab.artifacts.asked).toHaveLength(1);
  });

  it("corrects what was changed and restores what was deleted meanwhile, and takes a deletion back to its end", async () => {
    lab.start();
    await lab.applied("app", { "a.yaml": configMap("edited", { v: "1" }), "b.yaml": configMap("deleted", { v: "1" }) });
    await lab.applied("doomed", { "a.yaml": configMap("doomed", {}) });
    await lab.stop();
    await lab.call("PATCH", configMapPath("edited"), { data: { v: "2" } });
    await lab.call("DELETE", configMapPath("deleted"));
    await lab.call("DELETE", lab.kustomizationPath("doomed"));
    lab.start();
    await vi.waitFor(
      async () => expect([await lab.data("edited"), await lab.data("deleted"), await lab.configMap("doomed")]).toEqual([{ v: "1" }, { v: "1" }, undefined]),
      LIMIT,
    );
    await vi.waitFor(async () => expect(await lab.call<object>("GET", lab.kustomizationPath("doomed"))).toMatchObject({ code: 404 }), LIMIT);
  });

  it("writes nothing that is as it was when it starts again", async () => {
    lab.start();
    await lab.applied("app", { "a.yaml": configMap("same", { v: "1" }) });
    const before = await lab.configMap("same");
    await lab.stop();
    const from = lab.asked.length;
    lab.start();
    await lab.reconcile("app");
    expect(lab.asked.slice(from).filter((line) => line.includes("configmaps") && !line.startsWith("GET"))).toEqual([`PATCH ${configMapPath("same")}?dryRun`]);
    expect((await lab.configMap("same"))?.metadata.resourceVersion).toBe(before?.metadata.resourceVersion);
  });
});

describe("what a run asks the API server for", () => {
  it("is 13 requests at most for a first apply of four objects, 10 for a commit that changes one, 1 and no download for nothing new", async () => {
    lab.start();
    // Discovery and the watches of these kinds are paid for once, by whoever comes first.
    await lab.applied("before", application("before", "1"));
    await lab.createSource("app");
    const artifact = await lab.publish("app", application("app", "1"));
    await asked(0);
    const first = await askedFor(async () => {
      await lab.create("app");
      await lab.ready("app", artifact);
    });
    expect(first.requests.length, first.requests.join("\n")).toBeLessThanOrEqual(13 + first.shown);
    expect(first.requests.filter((line) => line.endsWith("/events")).length).toBeLessThanOrEqual(2);

    const fetched = lab.artifacts.asked.length;
    const quiet = await askedFor(() => lab.reconcile("app"));
    expect(quiet.requests.length, quiet.requests.join("\n")).toBeLessThanOrEqual(1 + quiet.shown);
    expect(lab.artifacts.asked).toHaveLength(fetched);

    const second = await askedFor(async () => lab.ready("app", await lab.publish("app", application("app", "2"))));
    expect(second.requests.length, second.requests.join("\n")).toBeLessThanOrEqual(10 + second.shown);
    expect(await lab.data("app")).toEqual({ value: "2" });
  });
});

describe("an API server that fails", () => {
  it("in the middle of a run costs nothing: what may exist is in the inventory before it is written", async () => {
    lab.start();
    const name = "half";
    await lab.createSource(name);
    const artifact = await lab.publish(name, { "a.yaml": configMap("first", {}), "b.yaml": configMap("second", {}) });
    const isWrite =
      (path: string) =>
      (request: { method: string; path: string; query: URLSearchParams }): boolean =>
        request.method === "PATCH" && request.path === path && !request.query.has("dryRun");
    const restore = lab.cluster.server.knobs.inject({ matches: isWrite(configMapPath("second")), status: 500 });
    await lab.create(name, { retryInterval: "1s" });
    const failed = await lab.until(name, ({ status }) => {
      expect(status?.conditions?.find(({ type }) => type === "Ready")?.message).toMatch(
        /ConfigMap\/apps\/second apply failed: [^]*b\.yaml:1[^]*ConfigMap\/apps\/first created/,
      );
    });
    expect(failed.status?.inventory?.entries.map(({ id }) => id)).toContain(`${NAMESPACE}_first__ConfigMap`);
    restore();
    await lab.ready(name, artifact);
  });

  it("in all its watches is followed again", async () => {
    lab.start();
    await lab.applied("app", { "a.yaml": configMap("one", { v: "1" }) });
    lab.cluster.server.knobs.dropWatches();
    lab.cluster.server.knobs.compact();
    await lab.call("PATCH", configMapPath("one"), { data: { v: "2" } });
    await vi.waitFor(async () => expect(await lab.data("one")).toEqual({ v: "1" }), LIMIT);
    await lab.ready("app", await lab.publish("app", { "a.yaml": configMap("one", { v: "3" }) }));
  });
});
