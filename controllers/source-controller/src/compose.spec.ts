import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { crd, GIT_REPOSITORY, type GitRepository, type ToolkitEvent } from "@plumb/api";
import { TestCluster } from "@plumb/apiserver/testing";
import { SinkServer } from "@plumb/events/testing";
import { startGitServer } from "@plumb/git/server";
import { serveTestRepository, type ServedRepository } from "@plumb/git/testing";
import { startTestServer } from "@plumb/http/testing";
import { keptLog } from "@plumb/telemetry/testing";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { runSourceController } from "./compose.ts";
import { parseSourceConfig } from "./config.ts";

const OBJECTS = "/apis/source.toolkit.fluxcd.io/v1/namespaces/default/gitrepositories";
const SURROUNDINGS = { entry: new URL("./main.ts", import.meta.url), execArgv: ["--conditions=@plumb/source"] };
/** To give up after, many times what is expected. */
const LIMIT = { timeout: 60_000, interval: 20 };

const log = keptLog();
let cluster: TestCluster;
let served: ServedRepository;
let sink: SinkServer;
let stop: AbortController;
let running: Promise<void>;

function call<Answer = GitRepository>(method: string, path: string, body?: object): Promise<Answer> {
  return cluster.call<Answer>(method, path, body);
}

function start(...args: readonly string[]): void {
  stop = new AbortController();
  const addresses = ["--storage-addr=127.0.0.1:0", "--health-addr=127.0.0.1:0", "--metrics-addr=127.0.0.1:0", `--events-addr=${sink.url}`];
  const config = parseSourceConfig(
    [`--kubeconfig=${cluster.kubeconfig}`, `--storage-path=${join(cluster.folder, "data")}`, "--min-retry-delay=50ms", ...addresses, ...args],
    { env: {}, hostname: "machine" },
  );
  running = runSourceController(config, { ...SURROUNDINGS, writeLog: log.write }, stop.signal);
}

async function end(): Promise<void> {
  stop.abort(new Error("the test is over"));
  await running;
}

async function until(check: (object: GitRepository) => void, name = "app"): Promise<GitRepository> {
  return vi.waitFor(async () => {
    const object = await call("GET", `${OBJECTS}/${name}`);
    check(object);
    return object;
  }, LIMIT);
}

function ready({ status }: GitRepository): string {
  const { status: value, reason } = status?.conditions?.find(({ type }) => type === "Ready") ?? { status: "none", reason: "" };
  return `${value} ${reason}`;
}

function create(spec: object = {}, name = "app"): Promise<GitRepository> {
  const whole = { url: served.url, interval: "1h", ref: { branch: "main" }, ...spec };
  return call("POST", OBJECTS, { apiVersion: "source.toolkit.fluxcd.io/v1", kind: "GitRepository", metadata: { name }, spec: whole });
}

function patch(body: object): Promise<GitRepository> {
  return call("PATCH", `${OBJECTS}/app`, body);
}

function posted(): readonly ToolkitEvent[] {
  return sink.requests.map(({ body }) => JSON.parse(body));
}

beforeEach(async () => {
  cluster = await TestCluster.open({ definitions: [crd(GIT_REPOSITORY)] });
  served = await serveTestRepository();
  sink = await SinkServer.start();
});
afterEach(async () => {
  await end();
  await served[Symbol.asyncDispose]();
  await sink.close();
  await cluster.close();
});

describe("the source controller on a cluster", () => {
  it("publishes an artifact that can be fetched, follows the branch when asked to, and takes it all back", async () => {
    const first = await served.repository.commit({ files: { "a.txt": "one" } });
    start();
    await create();
    const object = await until((seen) => expect([ready(seen), seen.status?.observedGeneration]).toEqual(["True Succeeded", 1]));
    expect(object.metadata.finalizers).toEqual(["finalizers.fluxcd.io"]);
    expect(object.status?.artifact?.revision).toBe(`main@sha1:${first}`);
    expect((await fetch(object.status?.artifact?.url ?? "")).status).toBe(200);
    const second = await served.repository.commit({ files: { "a.txt": "two" } });
    await patch({ metadata: { annotations: { "reconcile.fluxcd.io/requestedAt": "now" } } });
    await until(({ status }) => expect([status?.lastHandledReconcileAt, status?.artifact?.revision]).toEqual(["now", `main@sha1:${second}`]));
    await vi.waitFor(
      () =>
        expect(posted().map(({ reason, metadata }) => [reason, metadata?.["source.toolkit.fluxcd.io/revision"]])).toEqual([
          ["NewArtifact", `main@sha1:${first}`],
          ["NewArtifact", `main@sha1:${second}`],
        ]),
      LIMIT,
    );
    expect(posted()[0]).toMatchObject({
      involvedObject: { kind: "GitRepository", namespace: "default", name: "app", apiVersion: "source.toolkit.fluxcd.io/v1" },
      severity: "info",
      message: "stored artifact for commit 'A commit'",
      reportingController: "source-controller",
    });
    await call("DELETE", `${OBJECTS}/app`);
    await vi.waitFor(async () => expect(await call<object>("GET", `${OBJECTS}/app`)).toMatchObject({ code: 404 }), LIMIT);
    expect(await readdir(join(cluster.folder, "data", "gitrepository"))).toEqual([]);
  });

  it("asks the API server for nothing and the remote for one listing in a run that finds nothing new", async () => {
    await served.repository.commit({ files: { "a.txt": "one" } });
    let listings = 0;
    const isAllowed = (): boolean => (listings += 1) > 0;
    const counting = await startGitServer({ repositories: { "/repository.git": served.repository.folder }, host: "127.0.0.1", port: 0, isAllowed });
    start("--interval-jitter-percentage=0");
    await create({ interval: "1s", url: `${counting.url}/repository.git` });
    await until((seen) => expect(ready(seen)).toBe("True Succeeded"));
    // The Kubernetes Event of the first run is the last that is written.
    await vi.waitFor(() => expect(cluster.asked.some((request) => request.startsWith("POST") && request.endsWith("/events"))).toBe(true), LIMIT);
    [cluster.asked.length, listings] = [0, 0];
    await vi.waitFor(() => expect(listings).toBeGreaterThanOrEqual(3), LIMIT);
    expect(cluster.asked).toEqual([]);
    await vi.waitFor(() => expect(sink.requests).toHaveLength(1), LIMIT);
    await counting.close();
  });

  it("only says that a request was seen while suspended, and goes on where it is resumed", async () => {
    const first = await served.repository.commit({ files: { "a.txt": "one" } });
    start();
    await create();
    await until((seen) => expect(ready(seen)).toBe("True Succeeded"));
    await patch({ spec: { suspend: true } });
    const second = await served.repository.commit({ files: { "a.txt": "two" } });
    await patch({ metadata: { annotations: { "reconcile.fluxcd.io/requestedAt": "while suspended" } } });
    await create({}, "witness");
    await until((seen) => expect(seen.status?.artifact?.revision).toBe(`main@sha1:${second}`), "witness");
    await until(({ metadata, status }) =>
      expect([status?.lastHandledReconcileAt, status?.observedGeneration]).toEqual(["while suspended", metadata.generation]),
    );
    expect((await call("GET", `${OBJECTS}/app`)).status?.artifact?.revision).toBe(`main@sha1:${first}`);
    await patch({ spec: { suspend: false } });
    await until(({ status }) => expect(status?.artifact?.revision).toBe(`main@sha1:${second}`));
  });

  it("serves after a restart what it had stored, under its new address, and fetches nothing for that", async () => {
    await served.repository.commit({ files: { "a.txt": "one" } });
    start();
    await create();
    const before = await until((seen) => expect(ready(seen)).toBe("True Succeeded"));
    await end();
    start("--storage-adv-addr=moved.example");
    const after = await until(({ status }) => expect(status?.artifact?.url).toContain("http://moved.example/"));
    expect(after.status?.artifact).toEqual({ ...before.status?.artifact, url: after.status?.artifact?.url });
  });

  it("tells of a failure and tries again until it is over, disturbing nobody else", async () => {
    await served.repository.commit({ files: { "a.txt": "one" } });
    start();
    await create({ ref: { branch: "later" } });
    await create({}, "other");
    const message = `failed to checkout and determine revision: unable to clone '${served.url}': couldn't find remote ref "refs/heads/later"`;
    const failed = await until((seen) => expect(ready(seen)).toBe("False GitOperationFailed"));
    expect(failed.status?.conditions?.map(({ type, reason }) => `${type} ${reason}`)).toEqual([
      "Reconciling ProgressingWithRetry",
      "Ready GitOperationFailed",
      "FetchFailed GitOperationFailed",
    ]);
    expect(failed.status?.observedGeneration).toBe(-1);
    await until((seen) => expect(ready(seen)).toBe("True Succeeded"), "other");
    await vi.waitFor(() => expect(posted().some((event) => event.severity === "error" && event.message === message)).toBe(true), LIMIT);
    await served.repository.commit({ files: { "a.txt": "here" }, branch: "later" });
    await until(({ status }) => expect(status?.conditions?.map(({ type }) => type)).toEqual(["Ready", "ArtifactInStorage"]));
  });

  it("is held up by no remote that never answers, and takes its own end for no failure of theirs", async () => {
    await served.repository.commit({ files: { "a.txt": "one" } });
    await using silent = await startTestServer(() => {});
    start("--concurrent=1");
    for (let index = 0; index < 10; index++) await create({ url: `${silent.url.href}r${index}.git` }, `silent-${index}`);
    await vi.waitFor(() => expect(silent.requests.length).toBeGreaterThan(0), LIMIT);
    await create();
    await until((seen) => expect(ready(seen)).toBe("True Succeeded"));
    await end();
    for (let index = 0; index < 10; index++) {
      const { status } = await call("GET", `${OBJECTS}/silent-${index}`);
      expect((status?.conditions ?? []).filter(({ type, status: value }) => type === "FetchFailed" || value === "False")).toEqual([]);
    }
    expect(posted().filter(({ severity }) => severity === "error")).toEqual([]);
  });

  it("looks only at objects that its selector names", async () => {
    await served.repository.commit({ files: { "a.txt": "one" } });
    start("--watch-label-selector=sharding.fluxcd.io/key=b");
    await create({}, "outside");
    await call("POST", OBJECTS, {
      apiVersion: "source.toolkit.fluxcd.io/v1",
      kind: "GitRepository",
      metadata: { name: "app", labels: { "sharding.fluxcd.io/key": "b" } },
      spec: { url: served.url, interval: "1h", ref: { branch: "main" } },
    });
    await until((seen) => expect(ready(seen)).toBe("True Succeeded"));
    expect((await call("GET", `${OBJECTS}/outside`)).metadata.finalizers).toBeUndefined();
  });
});
