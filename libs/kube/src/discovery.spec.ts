import { afterEach, describe, expect, it } from "vitest";
import { createKubeClient, type KubeConnection } from "./client.ts";
import { ScriptedServer, sendJson, statusBody, type Script } from "./testing/index.ts";
import { systemClock, type Clock } from "@plumb/std";

const { signal } = new AbortController();
const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A clock whose measured time a test moves. */
class HeldClock implements Clock {
  elapsedMs = 0;
  nowMs(): number {
    return Date.now();
  }
  monotonicMs(): number {
    return this.elapsedMs;
  }
  after(delayMs: number, run: () => void): ReturnType<Clock["after"]> {
    return systemClock.after(delayMs, run);
  }
}

async function started(script: Script): Promise<{ server: ScriptedServer; client: KubeConnection; clock: HeldClock }> {
  const server = new ScriptedServer(script);
  await server.listen();
  const clock = new HeldClock();
  const client = createKubeClient({ access: server.access, clock });
  closers.push(
    () => server.close(),
    () => client.close(),
  );
  return { server, client, clock };
}

const resource = (plural: string, kind: string, scope = "Namespaced") => ({
  resource: plural,
  responseKind: { group: "", version: "", kind },
  scope,
  singularResource: "",
  verbs: ["get", "list"],
  subresources: [{ subresource: "status" }],
});
const group = (name: string, version: string, ...resources: object[]) => ({
  metadata: name === "" ? {} : { name },
  versions: [{ version, resources, freshness: "Current" }],
});
const aggregated = (...items: object[]) => ({ kind: "APIGroupDiscoveryList", apiVersion: "apidiscovery.k8s.io/v2", metadata: {}, items });
const core = aggregated(group("", "v1", resource("configmaps", "ConfigMap"), resource("namespaces", "Namespace", "Cluster")));
const widgets = { apiVersion: "example.com/v1", kind: "Widget" };

describe("discovery", () => {
  it("asks once for many kinds at the same time, and then no more", async () => {
    const { client, server } = await started(({ url }, response) =>
      sendJson(response, 200, url === "/api" ? core : aggregated(group("example.com", "v1", resource("widgets", "Widget")))),
    );
    const found = await Promise.all(
      [widgets, { apiVersion: "v1", kind: "Namespace" }, { apiVersion: "v1", kind: "ConfigMap" }].map((kind) => client.resourceFor(kind, signal)),
    );
    await client.resourceFor(widgets, signal);
    expect(found).toEqual([
      { group: "example.com", version: "v1", plural: "widgets", kind: "Widget", isNamespaced: true, verbs: ["get", "list"] },
      { group: "", version: "v1", plural: "namespaces", kind: "Namespace", isNamespaced: false, verbs: ["get", "list"] },
      { group: "", version: "v1", plural: "configmaps", kind: "ConfigMap", isNamespaced: true, verbs: ["get", "list"] },
    ]);
    expect(server.seen.map(({ url }) => url).sort()).toEqual(["/api", "/apis"]);
  });

  it("names a kind at the version that the server prefers where only its group is known", async () => {
    const gadgets = {
      metadata: { name: "example.com" },
      versions: [
        { version: "v2", resources: [resource("widgets", "Widget")], freshness: "Current" },
        { version: "v1", resources: [resource("widgets", "Widget"), resource("gadgets", "Gadget")], freshness: "Current" },
      ],
    };
    const { client } = await started(({ url }, response) => sendJson(response, 200, url === "/api" ? core : aggregated(gadgets)));
    expect(await client.resourceOf({ group: "example.com", kind: "Widget" }, signal)).toMatchObject({ group: "example.com", version: "v2", plural: "widgets" });
    expect(await client.resourceOf({ group: "example.com", kind: "Gadget" }, signal)).toMatchObject({ version: "v1", plural: "gadgets" });
    expect(await client.resourceOf({ group: "", kind: "ConfigMap" }, signal)).toMatchObject({ group: "", version: "v1", plural: "configmaps" });
    const work = client.resourceOf({ group: "example.com", kind: "Nothing" }, signal);
    await expect(work).rejects.toMatchObject({ kind: "missing", message: 'no matches for kind "Nothing" in group "example.com"' });
  });

  it("looks again for a kind it does not know, but not all the time", async () => {
    let served: object[] = [];
    const { client, server, clock } = await started(({ url }, response) => sendJson(response, 200, url === "/api" ? core : aggregated(...served)));
    const message = 'no matches for kind "Widget" in version "example.com/v1"';
    for (let asked = 0; asked < 5; asked++) await expect(client.resourceFor(widgets, signal)).rejects.toMatchObject({ kind: "missing", message });
    expect(server.seen).toHaveLength(2);
    served = [group("example.com", "v1", resource("widgets", "Widget"))];
    clock.elapsedMs += 1_001;
    expect((await client.resourceFor(widgets, signal)).plural).toBe("widgets");
    expect(server.seen).toHaveLength(4);
  });

  it("asks with the tag of what it has, and keeps that where nothing changed", async () => {
    const { client, server, clock } = await started(({ headers }, response) =>
      headers["if-none-match"] === '"tag"' ? void response.writeHead(304).end() : sendJson(response, 200, core, { etag: '"tag"' }),
    );
    await client.resourceFor({ apiVersion: "v1", kind: "ConfigMap" }, signal);
    clock.elapsedMs += 1_001;
    await expect(client.resourceFor(widgets, signal)).rejects.toMatchObject({ kind: "missing" });
    expect((await client.resourceFor({ apiVersion: "v1", kind: "ConfigMap" }, signal)).plural).toBe("configmaps");
    expect(server.seen.map(({ headers }) => headers["if-none-match"])).toEqual([undefined, undefined, '"tag"', '"tag"']);
  });

  it("looks again at once after a definition was written, and after an answer that a kind is not served", async () => {
    let served = [group("example.com", "v1", resource("oldies", "Widget"))];
    const { client } = await started(({ url, method }, response) => {
      if (method === "POST")
        return sendJson(response, 201, {
          apiVersion: "apiextensions.k8s.io/v1",
          kind: "CustomResourceDefinition",
          metadata: { name: "x", resourceVersion: "1" },
        });
      if (url.includes("/oldies")) return sendJson(response, 404, "404 page not found\n");
      return sendJson(response, 200, url === "/api" ? core : aggregated(...served));
    });
    expect((await client.resourceFor(widgets, signal)).plural).toBe("oldies");
    served = [group("example.com", "v1", resource("newer", "Widget"))];
    const definition = { apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", metadata: { name: "x" } };
    await client.create({ group: "apiextensions.k8s.io", version: "v1", plural: "customresourcedefinitions" }, definition, { fieldManager: "t", signal });
    expect((await client.resourceFor(widgets, signal)).plural).toBe("newer");
    served = [];
    await expect(
      client.get({ resource: { group: "example.com", version: "v1", plural: "oldies" }, namespace: "a", name: "b" }, { signal }),
    ).rejects.toMatchObject({ kind: "missing" });
    await expect(client.resourceFor(widgets, signal)).rejects.toMatchObject({ kind: "missing" });
  });

  it("reads group by group where the server cannot do better, and leaves out a group that fails", async () => {
    const { client } = await started(({ url }, response) => {
      switch (url) {
        case "/api":
          return sendJson(response, 200, { kind: "APIVersions", versions: ["v1"] });
        case "/apis":
          return sendJson(response, 200, {
            kind: "APIGroupList",
            groups: ["example.com", "broken.example.com"].map((name) => ({ name, versions: [{ groupVersion: `${name}/v1`, version: "v1" }] })),
          });
        case "/api/v1":
          return sendJson(response, 200, {
            kind: "APIResourceList",
            resources: [
              { name: "pods/log", kind: "Pod", namespaced: true, verbs: ["get"] },
              { name: "pods", kind: "Pod", namespaced: true, verbs: ["get"] },
            ],
          });
        case "/apis/example.com/v1":
          return sendJson(response, 200, { kind: "APIResourceList", resources: [{ name: "widgets", kind: "Widget", namespaced: false, verbs: ["get"] }] });
        default:
          return sendJson(response, 503, statusBody(503, "ServiceUnavailable", "unavailable"));
      }
    });
    expect(await client.resourceFor(widgets, signal)).toEqual({
      group: "example.com",
      version: "v1",
      plural: "widgets",
      kind: "Widget",
      isNamespaced: false,
      verbs: ["get"],
    });
    expect((await client.resourceFor({ apiVersion: "v1", kind: "Pod" }, signal)).plural).toBe("pods");
    await expect(client.resourceOf({ group: "broken.example.com", kind: "Thing" }, signal)).rejects.toMatchObject({
      kind: "unavailable",
      message: "failed to get API group resources: unable to retrieve the complete list of server APIs: broken.example.com/v1: unavailable",
    });
    await expect(client.resourceOf({ group: "example.com", kind: "Thing" }, signal)).rejects.toMatchObject({ kind: "missing" });
  });

  it("does not say that a kind is gone while the server of its group is away", async () => {
    let groups = [{ metadata: { name: "away.example.com" }, versions: [{ version: "v1", freshness: "Stale" }] }];
    const { client, clock } = await started(({ url }, response) => sendJson(response, 200, url === "/api" ? core : aggregated(...groups)));
    const thing = { group: "away.example.com", kind: "Thing" };
    await expect(client.resourceOf(thing, signal)).rejects.toMatchObject({
      kind: "unavailable",
      message:
        "failed to get API group resources: unable to retrieve the complete list of server APIs: away.example.com/v1: stale GroupVersion discovery: away.example.com/v1",
    });
    await expect(client.resourceOf({ group: "example.com", kind: "Thing" }, signal)).rejects.toMatchObject({ kind: "missing" });
    groups = [];
    clock.elapsedMs += 1_001;
    await expect(client.resourceOf(thing, signal)).rejects.toMatchObject({ kind: "missing" });
  });

  it("names a kind from what was known of a group whose server is away", async () => {
    const versions = [{ version: "v1", resources: [resource("things", "Thing")], freshness: "Stale" }];
    const stale = { metadata: { name: "away.example.com" }, versions };
    const { client } = await started(({ url }, response) => sendJson(response, 200, url === "/api" ? core : aggregated(stale)));
    expect(await client.resourceOf({ group: "away.example.com", kind: "Thing" }, signal)).toMatchObject({ version: "v1", plural: "things" });
  });

  it("says that the server is away instead of that the kind does not exist, and finds it later", async () => {
    let isAway = true;
    const { client } = await started(({ url }, response) =>
      isAway
        ? sendJson(response, 500, statusBody(500, "InternalError", "etcdserver: no leader"))
        : sendJson(response, 200, url === "/api" ? core : aggregated(group("example.com", "v1", resource("widgets", "Widget")))),
    );
    await expect(client.resourceFor(widgets, signal)).rejects.toMatchObject({ kind: "unavailable" });
    isAway = false;
    expect((await client.resourceFor(widgets, signal)).plural).toBe("widgets");
  });

  it("stops waiting when told to, without spoiling the look-up for others", async () => {
    const isCancelled = Promise.withResolvers<void>();
    const { client } = await started(({ url }, response) => {
      const send = (): void => sendJson(response, 200, url === "/api" ? core : aggregated(group("example.com", "v1", resource("widgets", "Widget"))));
      if (url === "/api") void isCancelled.promise.then(send);
      else send();
    });
    const stop = new AbortController();
    const impatient = expect(client.resourceFor(widgets, stop.signal)).rejects.toMatchObject({ kind: "cancelled" });
    const patient = client.resourceFor(widgets, signal);
    stop.abort();
    await impatient;
    isCancelled.resolve();
    expect((await patient).plural).toBe("widgets");
  });
});
