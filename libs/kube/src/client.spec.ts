import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LiveObject } from "@plumb/api";
import { ToolkitError } from "@plumb/std";
import { failureOf } from "@plumb/std/testing";
import { afterEach, describe, expect, it } from "vitest";
import { createKubeClient, type KubeClientOptions, type KubeConnection } from "./client.ts";
import { kubeDetails } from "./kube-error.ts";
import { ScriptedServer, sendJson, statusBody, type Script } from "./testing/index.ts";

const CONFIG_MAPS = { group: "", version: "v1", plural: "configmaps" };
const ROLES = { group: "rbac.authorization.k8s.io", version: "v1", plural: "clusterroles" };
const LEASES = { group: "coordination.k8s.io", version: "v1", plural: "leases" };
const { signal } = new AbortController();
const manager = { fieldManager: "tester", signal } as const;
const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function started(script: Script, options: Partial<KubeClientOptions> = {}): Promise<{ server: ScriptedServer; client: KubeConnection }> {
  const server = new ScriptedServer(script);
  await server.listen();
  const client = createKubeClient({ access: server.access, ...options });
  closers.push(
    () => server.close(),
    () => client.close(),
  );
  return { server, client };
}

function configMap(name: string, extra: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "apps", uid: `uid-${name}`, resourceVersion: "7" }, ...extra };
}

const answering =
  (body: unknown, status = 200): Script =>
  (_, response) =>
    sendJson(response, status, body);
const named = (name: string) => ({ resource: CONFIG_MAPS, namespace: "apps", name });

describe("requests", () => {
  it("keeps fields it does not know and integers that a double cannot hold", async () => {
    const text =
      '{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","uid":"u","resourceVersion":"1"},"spec":{"big":9223372036854775807,"__proto__":1}}';
    const { client, server } = await started((_, response) => sendJson(response, 200, text));
    const object = await client.get(named("a"), { signal });
    expect(object?.["spec"]).toMatchObject({ big: 9223372036854775807n });
    if (object === undefined) throw new Error("absent");
    await client.apply(CONFIG_MAPS, object, { ...manager, force: true, dryRun: false });
    expect(server.seen[1]?.body).toContain('"big":9223372036854775807');
  });

  it("keeps the case of names and escapes what a path cannot hold, so that no other object is meant", async () => {
    const { client, server } = await started(answering(configMap("x")));
    await client.get({ resource: ROLES, name: "MyTeam:Admin/50%" }, { signal });
    expect(server.seen[0]?.url).toBe("/apis/rbac.authorization.k8s.io/v1/clusterroles/MyTeam%3AAdmin%2F50%25");
  });

  it.each(["", ".", ".."])("refuses the name %j, which would name another path", async (name) => {
    const { client, server } = await started(answering(configMap("x")));
    const object = configMap(name) as unknown as LiveObject;
    const works = [
      client.get(named(name), { signal }),
      client.apply(CONFIG_MAPS, object, { ...manager, force: true, dryRun: false }),
      client.delete(named(name), { propagation: "Orphan", signal }),
    ];
    for (const work of works) {
      const error = await failureOf(work);
      expect([error.kind, error.message]).toEqual(["invalid", `name "${name}" is not allowed`]);
    }
    expect(server.seen).toEqual([]);
  });

  it("sends each kind of write with its content type and parameters", async () => {
    const { client, server } = await started(answering(configMap("a")));
    const object = configMap("a") as unknown as LiveObject;
    await client.create(CONFIG_MAPS, object, manager);
    await client.apply(CONFIG_MAPS, object, { ...manager, force: true, dryRun: true, metadataOnly: true });
    await client.apply(CONFIG_MAPS, object, { ...manager, force: false, dryRun: false, subresource: "status" });
    await client.patch(named("a"), [], { ...manager, type: "json" });
    await client.patch(named("a"), {}, { ...manager, type: "merge", dryRun: true, subresource: "scale" });
    await client.patch(named("a"), {}, { ...manager, type: "strategic" });
    const path = "/api/v1/namespaces/apps/configmaps";
    expect(server.seen.map(({ method, url, headers }) => [method, url, headers["content-type"]])).toEqual([
      ["POST", `${path}?fieldManager=tester`, "application/json"],
      ["PATCH", `${path}/a?fieldManager=tester&force=true&dryRun=All`, "application/apply-patch+yaml"],
      ["PATCH", `${path}/a/status?fieldManager=tester`, "application/apply-patch+yaml"],
      ["PATCH", `${path}/a?fieldManager=tester`, "application/json-patch+json"],
      ["PATCH", `${path}/a/scale?fieldManager=tester&dryRun=All`, "application/merge-patch+json"],
      ["PATCH", `${path}/a?fieldManager=tester`, "application/strategic-merge-patch+json"],
    ]);
    expect(server.seen[1]?.headers.accept).toBe("application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json");
  });

  it("deletes with policy and preconditions, and says so when there was nothing", async () => {
    const { client, server } = await started(({ body }, response) =>
      body.includes("gone")
        ? sendJson(response, 404, statusBody(404, "NotFound", 'configmaps "a" not found', { name: "a", kind: "configmaps" }))
        : sendJson(response, 200, statusBody(200, "", "")),
    );
    expect(await client.delete(named("a"), { propagation: "Background", uid: "u", resourceVersion: "9", signal })).toBe("deleted");
    expect(JSON.parse(server.seen[0]?.body ?? "")).toEqual({
      kind: "DeleteOptions",
      apiVersion: "v1",
      propagationPolicy: "Background",
      preconditions: { uid: "u", resourceVersion: "9" },
    });
    expect(await client.delete(named("a"), { propagation: "Orphan", uid: "gone", signal })).toBe("gone");
  });

  it("tells an absent object from a kind that is not served", async () => {
    const { client } = await started(({ url }, response) =>
      url.endsWith("/a")
        ? sendJson(response, 404, statusBody(404, "NotFound", 'configmaps "a" not found', { name: "a", kind: "configmaps" }))
        : sendJson(response, 404, "404 page not found\n"),
    );
    expect(await client.get(named("a"), { signal })).toBeUndefined();
    const error = await failureOf(client.get(named("b"), { signal }));
    expect([error.kind, error.message]).toEqual(["missing", "the server could not find the requested resource"]);
  });

  it("keeps its connections: a hundred requests need no more than are under way at once", async () => {
    const { client, server } = await started(answering(configMap("a")));
    await Promise.all(Array.from({ length: 100 }, () => client.get(named("a"), { signal })));
    expect(server.seen).toHaveLength(100);
    expect(server.connections).toBeLessThanOrEqual(8);
  });

  it("passes the server's path, impersonation and user agent on", async () => {
    const server = new ScriptedServer(answering(configMap("a")));
    await server.listen();
    const impersonate = { user: "system:serviceaccount:apps:tenant", groups: ["a", "b"] };
    const access = { ...server.access, server: new URL(`${server.access.server.href}k8s/clusters/c-1/`), impersonate };
    const client = createKubeClient({ access, userAgent: "source-controller/1" });
    closers.push(
      () => server.close(),
      () => client.close(),
    );
    await client.get(named("a"), { signal });
    const [seen] = server.seen;
    const headers = seen?.headers ?? {};
    expect(seen?.url).toBe("/k8s/clusters/c-1/api/v1/namespaces/apps/configmaps/a");
    expect(headers).toMatchObject({
      "impersonate-user": "system:serviceaccount:apps:tenant",
      "impersonate-group": "a, b",
      "user-agent": "source-controller/1",
    });
  });

  it("collects warnings", async () => {
    const warnings: string[] = [];
    const script: Script = (_, response) =>
      sendJson(response, 200, configMap("a"), { warning: ['299 - "v1beta1 is \\"old\\", use v1"', '299 - "unknown field \\"x\\""'] });
    const { client } = await started(script, { onWarning: (warning) => warnings.push(warning) });
    await client.get(named("a"), { signal });
    expect(warnings).toEqual(['v1beta1 is "old", use v1', 'unknown field "x"']);
  });

  it("sends no write when it may not, but renews the lease", async () => {
    const { client, server } = await started(answering(configMap("a")), { mayWrite: () => false });
    const error = await failureOf(client.patch(named("a"), {}, { ...manager, type: "merge" }));
    expect(error.kind).toBe("cancelled");
    await client.get(named("a"), { signal });
    await client.patch({ resource: LEASES, namespace: "apps", name: "l" }, {}, { ...manager, type: "merge" });
    expect(server.seen.map(({ method }) => method)).toEqual(["GET", "PATCH"]);
  });

  it("is not sent by a process that was stopped while it connected, and lost the lease meanwhile", async () => {
    let isLeading = true;
    const { client, server } = await started(answering(configMap("a")), { mayWrite: () => isLeading });
    const failing = failureOf(client.patch(named("a"), {}, { ...manager, type: "merge" }));
    isLeading = false;
    expect((await failing).kind).toBe("cancelled");
    isLeading = true;
    await client.patch(named("a"), {}, { ...manager, type: "merge" });
    isLeading = false;
    expect((await failureOf(client.patch(named("a"), {}, { ...manager, type: "merge" }))).kind).toBe("cancelled");
    expect(server.seen).toHaveLength(1);
  });
});

describe("lists", () => {
  it("reads every page, names the kind of each item, and keeps only what the transform leaves", async () => {
    const pages = [
      {
        kind: "ConfigMapList",
        apiVersion: "v1",
        metadata: { resourceVersion: "50", continue: "next page/" },
        items: [{ metadata: { name: "a", resourceVersion: "1" }, data: {} }],
      },
      { kind: "ConfigMapList", apiVersion: "v1", metadata: { resourceVersion: "50" }, items: [{ metadata: { name: "b", resourceVersion: "2" } }] },
    ];
    const { client, server } = await started(({ url }, response) => sendJson(response, 200, pages[url.includes("continue") ? 1 : 0]));
    const transform = ({ apiVersion, kind, metadata }: LiveObject): LiveObject => ({ apiVersion, kind, metadata });
    const list = await client.list(CONFIG_MAPS, { namespace: "apps", labelSelector: "a=b,c!=d", pageSize: 1, notOlderThan: "40", transform, signal });
    expect(list).toEqual({
      resourceVersion: "50",
      items: ["a", "b"].map((name, at) => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, resourceVersion: `${at + 1}` } })),
    });
    expect(server.seen.map(({ url }) => url)).toEqual([
      "/api/v1/namespaces/apps/configmaps?labelSelector=a%3Db%2Cc!%3Dd&limit=1&resourceVersion=40&resourceVersionMatch=NotOlderThan",
      "/api/v1/namespaces/apps/configmaps?labelSelector=a%3Db%2Cc!%3Dd&limit=1&continue=next%20page%2F",
    ]);
  });

  it("begins again when the version of its first page expired, at last in one page", async () => {
    const { client, server } = await started(({ url }, response) => {
      if (url.includes("continue")) sendJson(response, 410, statusBody(410, "Expired", "The provided continue parameter is too old"));
      else
        sendJson(response, 200, {
          kind: "ConfigMapList",
          apiVersion: "v1",
          metadata: { resourceVersion: "5", ...(url.includes("limit") ? { continue: "c" } : {}) },
          items: [],
        });
    });
    expect((await client.list(CONFIG_MAPS, { signal })).resourceVersion).toBe("5");
    expect(server.seen.map(({ url }) => url.replace(/.*configmaps/, ""))).toEqual([
      "?limit=500",
      "?limit=500&continue=c",
      "?limit=500",
      "?limit=500&continue=c",
      "",
    ]);
  });

  it.each(["[]", "<html>", '{"items":5}', '{"items":[{"metadata":{}}]}'])("refuses %s as a list", async (body) => {
    const { client } = await started((_, response) => sendJson(response, 200, body));
    expect((await failureOf(client.list(CONFIG_MAPS, { signal }))).kind).toBe("unavailable");
  });
});

describe("trouble", () => {
  it("waits as long as it is told and no longer burdens the server meanwhile", async () => {
    let refusals = 2;
    const { client, server } = await started(
      (_, response) =>
        refusals-- > 0
          ? sendJson(response, 429, statusBody(429, "TooManyRequests", "slow down"), { "retry-after": "1" })
          : sendJson(response, 200, configMap("a")),
      { random: () => 0 },
    );
    await client.create(CONFIG_MAPS, configMap("a") as unknown as LiveObject, manager);
    const [first, second, third] = server.seen.map(({ atMs }) => atMs);
    expect(server.seen).toHaveLength(3);
    expect((second ?? 0) - (first ?? 0)).toBeGreaterThanOrEqual(990);
    expect((third ?? 0) - (second ?? 0)).toBeGreaterThanOrEqual(990);
  });

  it("gives a longer wait back to who asked, with the time", async () => {
    const { client, server } = await started((_, response) =>
      sendJson(response, 429, statusBody(429, "TooManyRequests", "slow down"), { "retry-after": "300" }),
    );
    const error = await failureOf(client.get(named("a"), { signal }));
    expect([error.kind, error.message, error.retryAfterMs, server.seen.length]).toEqual(["throttled", "slow down", 300_000, 1]);
  });

  it("does not send a write twice that may have happened", async () => {
    const { client, server } = await started(({ method, connection }, response) => {
      if (method !== "GET" || connection === 2) response.socket?.resetAndDestroy();
      else sendJson(response, 200, configMap("a"));
    });
    await client.get(named("a"), { signal });
    const error = await failureOf(client.create(CONFIG_MAPS, configMap("a") as unknown as LiveObject, manager));
    expect([error.kind, error.message]).toEqual(["unavailable", `POST 127.0.0.1:${server.port}/api/v1/namespaces/apps/configmaps: connection reset`]);
    expect(server.seen.filter(({ method }) => method === "POST")).toHaveLength(1);
  });

  it("repeats a read, and an apply, when the kept connection turns out to be closed", async () => {
    const { client, server } = await started(({ connection }, response) => {
      if (connection === 1 && server.seen.length > 1) response.socket?.resetAndDestroy();
      else sendJson(response, 200, configMap("a"));
    });
    await client.get(named("a"), { signal });
    await client.apply(CONFIG_MAPS, configMap("a") as unknown as LiveObject, { ...manager, force: true, dryRun: false });
    expect(server.seen.map(({ connection }) => connection)).toEqual([1, 1, 2]);
  });

  it("says who did not answer, and gives up in time", async () => {
    const { client, server } = await started(() => undefined, { timeoutMs: 50 });
    const error = await failureOf(client.get(named("a"), { signal }));
    expect([error.kind, error.message]).toEqual(["unavailable", `GET 127.0.0.1:${server.port}/api/v1/namespaces/apps/configmaps/a: no answer within 50 ms`]);
  });

  it("covers a dripping body by the same deadline", async () => {
    let drip: NodeJS.Timeout | undefined;
    const { client } = await started(
      (_, response) => {
        response.writeHead(200);
        drip = setInterval(() => response.write(" "), 10);
      },
      { timeoutMs: 100 },
    );
    closers.push(() => clearInterval(drip));
    expect((await failureOf(client.get(named("a"), { signal }))).message).toContain("no answer within 100 ms");
  });

  it("refuses an answer that is too large", async () => {
    const { client } = await started(answering(configMap("a", { data: "x".repeat(2_000) })), { maxAnswerBytes: 1_000 });
    const error = await failureOf(client.get(named("a"), { signal }));
    expect([error.kind, error.message]).toEqual(["invalid", expect.stringContaining("larger than 1000 bytes")]);
  });

  it("notices an answer that was cut off", async () => {
    const { client } = await started((_, response) => {
      response.writeHead(200, { "content-length": "1000" });
      response.write("{");
      setTimeout(() => response.destroy(), 10);
    });
    expect((await failureOf(client.get(named("a"), { signal }))).kind).toBe("unavailable");
  });

  it("says that nobody listens", async () => {
    const { client, server } = await started(answering({}));
    const { port } = server;
    await server.close();
    const error = await failureOf(client.get(named("a"), { signal }));
    expect([error.kind, error.message]).toEqual(["unavailable", `GET 127.0.0.1:${port}/api/v1/namespaces/apps/configmaps/a: connection refused`]);
  });

  it("shows little of a proxy's page", async () => {
    const { client } = await started((_, response) => {
      response.writeHead(502, { "content-type": "text/html" });
      response.end(`<html><h1>Bad Gateway</h1>${"x".repeat(5_000)}</html>`);
    });
    const error = await failureOf(client.get(named("a"), { signal }));
    expect(error.kind).toBe("unavailable");
    expect(error.message).toMatch(/^the server answered 502: Bad Gateway x+…$/);
    expect(error.message.length).toBeLessThan(250);
  });

  it("does not read a refused watch without end", async () => {
    let drip: NodeJS.Timeout | undefined;
    const { client } = await started((_, response) => {
      response.writeHead(500);
      drip = setInterval(() => response.write("more\n".repeat(50)), 1);
    });
    closers.push(() => clearInterval(drip));
    const error = await failureOf(client.watch(CONFIG_MAPS, { resourceVersion: "1", signal })[Symbol.asyncIterator]().next());
    expect(error.kind).toBe("unavailable");
  });

  it("does not follow a redirect", async () => {
    const { client, server } = await started((_, response) => {
      response.writeHead(302, { location: "http://169.254.169.254/" });
      response.end();
    });
    expect((await failureOf(client.get(named("a"), { signal }))).kind).toBe("invalid");
    expect(server.seen).toHaveLength(1);
  });

  it("stops when it is told to, before, while it waits for its turn, and under way", async () => {
    const { client } = await started(() => undefined, { maxInFlight: 1 });
    const stop = new AbortController();
    const works = [
      client.get(named("a"), { signal: stop.signal }),
      client.get(named("b"), { signal: stop.signal }),
      client.get(named("c"), { signal: AbortSignal.abort() }),
    ].map(failureOf);
    setTimeout(() => stop.abort(), 20);
    expect((await Promise.all(works)).map(({ kind }) => kind)).toEqual(["cancelled", "cancelled", "cancelled"]);
  });

  it("stops what is under way when it is closed, and sends nothing afterwards", async () => {
    const { client, server } = await started(() => undefined);
    const work = failureOf(client.get(named("a"), { signal }));
    await expect.poll(() => server.seen.length).toBe(1);
    client.close();
    expect((await work).kind).toBe("cancelled");
    expect((await failureOf(client.get(named("a"), { signal }))).kind).toBe("cancelled");
    expect(server.seen).toHaveLength(1);
  });

  it("never lets slow requests keep a status or a lease waiting", async () => {
    const { client, server } = await started(
      ({ method }, response) => {
        if (method === "PATCH") sendJson(response, 200, configMap("a"));
      },
      { maxInFlight: 1 },
    );
    const stop = new AbortController();
    const slow = [1, 2].map(() => failureOf(client.get(named("a"), { signal: stop.signal })));
    await client.patch({ resource: LEASES, namespace: "apps", name: "l" }, {}, { ...manager, type: "merge" });
    await client.patch(named("a"), {}, { ...manager, type: "merge", subresource: "status" });
    expect(server.seen.map(({ method }) => method)).toEqual(["GET", "PATCH", "PATCH"]);
    stop.abort();
    await Promise.all(slow);
  });
});

describe("tokens", () => {
  it("reads the token again when the server refuses it, once", async () => {
    const folder = mkdtempSync(join(tmpdir(), "plumb-kube-"));
    closers.push(() => rmSync(folder, { recursive: true }));
    const path = join(folder, "token");
    writeFileSync(path, "old\n");
    const server = new ScriptedServer(({ headers }, response) =>
      headers.authorization === "Bearer new"
        ? sendJson(response, 200, configMap("a"))
        : sendJson(response, 401, statusBody(401, "Unauthorized", "Unauthorized")),
    );
    await server.listen();
    const client = createKubeClient({ access: { ...server.access, credential: { kind: "token-file", path } } });
    closers.push(
      () => server.close(),
      () => client.close(),
    );
    const error = await failureOf(client.get(named("a"), { signal }));
    expect([error.kind, error.message, server.seen.length]).toEqual(["denied", "Unauthorized", 1]);
    writeFileSync(path, "new\n");
    await Promise.all([1, 2, 3].map(() => client.get(named("a"), { signal })));
    expect(server.seen.filter(({ headers }) => headers.authorization === "Bearer old").length).toBeLessThanOrEqual(4);
    rmSync(path);
    await client.get(named("a"), { signal });
  });

  it("names a token file that is not there", async () => {
    const server = new ScriptedServer(answering({}));
    await server.listen();
    const client = createKubeClient({ access: { ...server.access, credential: { kind: "token-file", path: "/nowhere/token" } } });
    closers.push(
      () => server.close(),
      () => client.close(),
    );
    const error = await failureOf(client.get(named("a"), { signal }));
    expect([error.kind, error.message]).toEqual(["missing", "token file /nowhere/token: no such file"]);
  });
});

describe("details", () => {
  it("names the managers that a refused apply conflicts with", async () => {
    const causes = ["kubectl", "kubectl", 'a "b"'].map((name) => ({
      reason: "FieldManagerConflict",
      message: `conflict with ${JSON.stringify(name)} using apps/v1`,
      field: ".spec.replicas",
    }));
    const { client } = await started(answering(statusBody(409, "Conflict", "Apply failed with 3 conflicts", { causes }), 409));
    const error = await failureOf(client.apply(CONFIG_MAPS, configMap("a") as unknown as LiveObject, { ...manager, force: false, dryRun: false }));
    expect(kubeDetails(new ToolkitError("conflict", "wrapped", { cause: error }))).toMatchObject({
      reason: "Conflict",
      managers: ['a "b"', "kubectl"],
      causes: [{ field: ".spec.replicas" }, {}, {}],
    });
    expect(kubeDetails(new Error("other"))).toBeUndefined();
  });
});
