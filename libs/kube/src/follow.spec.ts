import type { LiveObject } from "@plumb/api";
import type { ToolkitError } from "@plumb/std";
import { afterEach, describe, expect, it } from "vitest";
import { createKubeClient } from "./client.ts";
import { follow, type Delta, type Followed } from "./follow.ts";
import { ScriptedServer, sendJson, statusBody, type Script } from "./testing/index.ts";
import type { ServerResponse } from "node:http";

const CONFIG_MAPS = { group: "", version: "v1", plural: "configmaps" };
const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

interface Following {
  readonly server: ScriptedServer;
  readonly errors: ToolkitError[];
  /** The next deltas, in short. */
  next(count: number): Promise<readonly string[]>;
}

async function following(script: Script, options: Partial<Followed> = {}): Promise<Following> {
  const server = new ScriptedServer(script);
  await server.listen();
  const client = createKubeClient({ access: server.access });
  const stop = new AbortController();
  const errors: ToolkitError[] = [];
  const deltas = follow({ client, resource: CONFIG_MAPS, onError: (error) => errors.push(error), random: () => 0, ...options }, stop.signal);
  closers.push(
    () => server.close(),
    () => client.close(),
    () => stop.abort(),
  );
  return {
    server,
    errors,
    async next(count) {
      const seen: string[] = [];
      while (seen.length < count) seen.push(short((await deltas.next()).value));
      return seen;
    },
  };
}

function short(delta: Delta): string {
  switch (delta.kind) {
    case "replaced":
      return `${delta.items.map(({ metadata }) => metadata.name).join(",")}@${delta.resourceVersion}${delta.isSetBack === true ? " set back" : ""}`;
    case "bookmark":
      return `bookmark@${delta.resourceVersion}`;
    default:
      return `${delta.kind} ${delta.item.metadata.name}@${delta.item.metadata.resourceVersion}`;
  }
}

const object = (name: string, resourceVersion: number) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "apps", uid: `uid-${name}`, resourceVersion: `${resourceVersion}` },
});
const list = (version: number, ...items: object[]) => ({ kind: "ConfigMapList", apiVersion: "v1", metadata: { resourceVersion: `${version}` }, items });
const isWatch = (url: string): boolean => url.includes("watch=true");
const versionOf = (url: string): string => new URL(url, "http://x").searchParams.get("resourceVersion") ?? "";
function send(response: ServerResponse, ...events: readonly (readonly [type: string, object: unknown])[]): void {
  if (!response.headersSent) response.writeHead(200);
  response.write(events.map(([type, body]) => `${JSON.stringify({ type, object: body })}\n`).join(""));
}
const bookmark = (version: number) => ({ kind: "ConfigMap", apiVersion: "v1", metadata: { resourceVersion: `${version}` } });

describe("follow", () => {
  it("lists, then tells every change, also when events share a packet or are spread over several", async () => {
    const { next, server } = await following(({ url }, response) => {
      if (!isWatch(url)) return sendJson(response, 200, list(5, object("a", 3)));
      send(response, ["ADDED", object("b", 6)], ["MODIFIED", object("b", 7)]);
      const text = `${JSON.stringify({ type: "DELETED", object: { ...object("ä", 8) } })}\n`;
      const bytes = Buffer.from(text);
      const middle = bytes.indexOf("ä") + 1;
      response.write(bytes.subarray(0, middle));
      setTimeout(() => response.write(bytes.subarray(middle)), 20);
      return undefined;
    });
    expect(await next(4)).toEqual(["a@5", "put b@6", "put b@7", "gone ä@8"]);
    const watch = new URL(server.seen[1]?.url ?? "", "http://x").searchParams;
    expect(watch.get("allowWatchBookmarks")).toBe("true");
    expect(Number(watch.get("timeoutSeconds"))).toBeLessThan(45);
  });

  it("goes on from the newest version, bookmarks included, when a watch ends", async () => {
    const { next, server, errors } = await following(({ url }, response) => {
      if (!isWatch(url)) return sendJson(response, 200, list(5));
      if (versionOf(url) === "5") send(response, ["ADDED", object("a", 6)], ["BOOKMARK", bookmark(40)]);
      if (versionOf(url) === "40") send(response, ["MODIFIED", object("a", 41)]);
      return void response.end();
    });
    expect(await next(4)).toEqual(["@5", "put a@6", "bookmark@40", "put a@41"]);
    expect(server.seen.filter(({ url }) => !isWatch(url))).toHaveLength(1);
    expect(server.connections).toBe(2);
    expect(errors).toEqual([]);
  });

  it.each(["in the answer", "in an event"])("lists again when the version has expired, told %s", async (where) => {
    const expired = statusBody(410, "Expired", "too old resource version: 5 (60)");
    let lists = 0;
    const { next, errors } = await following(({ url }, response) => {
      if (!isWatch(url)) return sendJson(response, 200, ++lists === 1 ? list(5, object("a", 1)) : list(60, object("b", 50)));
      if (versionOf(url) === "60") return send(response, ["ADDED", object("c", 61)]);
      if (where === "in the answer") return sendJson(response, 410, expired);
      send(response, ["ERROR", expired]);
      return void response.end();
    });
    expect(await next(3)).toEqual(["a@5", "b@60", "put c@61"]);
    expect(errors).toEqual([]);
  });

  it("goes on after a cut connection without a list, and loses no event", async () => {
    let watches = 0;
    const { next, server } = await following(({ url }, response) => {
      if (!isWatch(url)) return sendJson(response, 200, list(5));
      send(response, ["ADDED", object(`w${++watches}`, Number(versionOf(url)) + 1)]);
      setTimeout(() => response.socket?.resetAndDestroy(), 20);
      return undefined;
    });
    expect(await next(4)).toEqual(["@5", "put w1@6", "put w2@7", "put w3@8"]);
    expect(server.seen.filter(({ url }) => !isWatch(url))).toHaveLength(1);
  });

  it("reports failures, goes on, and lists again after an outage, as the server may come back behind what was seen", async () => {
    let watches = 0;
    let lists = 0;
    const { next, errors } = await following(({ url }, response) => {
      if (!isWatch(url))
        return ++lists === 1 ? sendJson(response, 503, statusBody(503, "ServiceUnavailable", "starting")) : sendJson(response, 200, list(lists * 10));
      if (++watches === 1) return sendJson(response, 500, statusBody(500, "InternalError", "etcdserver: leader changed"));
      return send(response, ["ADDED", object("a", 31)]);
    });
    expect(await next(3)).toEqual(["@20", "@30", "put a@31"]);
    expect(errors.map(({ kind, message }) => `${kind}: ${message}`)).toEqual(["unavailable: starting", "unavailable: etcdserver: leader changed"]);
  });

  it("lists again when versions run backwards, and says that the cluster was set back", async () => {
    let lists = 0;
    const { next } = await following(({ url }, response) => {
      if (!isWatch(url)) return sendJson(response, 200, list(++lists === 1 ? 900 : 20));
      if (versionOf(url) === "900") send(response, ["BOOKMARK", bookmark(10)]);
      else send(response, ["ADDED", object("a", 21)]);
      return undefined;
    });
    expect(await next(3)).toEqual(["@900", "@20 set back", "put a@21"]);
  });

  it("says that the cluster was set back when it comes back so after an outage", async () => {
    let lists = 0;
    const { next } = await following(({ url }, response) => {
      if (!isWatch(url)) return sendJson(response, 200, ++lists === 1 ? list(5, object("a", 5)) : list(7, object("a", 7)));
      if (versionOf(url) === "40") return sendJson(response, 503, statusBody(503, "ServiceUnavailable", "being restored"));
      send(response, ["BOOKMARK", bookmark(40)]);
      return void response.end();
    });
    expect(await next(3)).toEqual(["a@5", "bookmark@40", "a@7 set back"]);
  });

  it("does not ask without end where every watch is closed at once", async () => {
    const { next, server } = await following(({ url }, response) => (isWatch(url) ? void response.end() : sendJson(response, 200, list(5))));
    void next(2).catch(() => undefined);
    await new Promise((done) => setTimeout(done, 1_000));
    expect(server.seen.length).toBeLessThan(8);
  });

  it.each(["not json", '{"type":"ADDED"}', '{"type":"ODD","object":{}}', '{"type":"ADDED","object":{"metadata":{}}}'])(
    "survives the event %s",
    async (line) => {
      let watches = 0;
      const { next, errors } = await following(({ url }, response) => {
        if (!isWatch(url)) return sendJson(response, 200, list(5));
        if (++watches > 1) return send(response, ["ADDED", object("a", 6)]);
        response.writeHead(200);
        return void response.write(`${line}\n`);
      });
      expect((await next(2)).at(-1)).toBe("put a@6");
      expect(errors.map(({ kind }) => kind)).toEqual(["unavailable"]);
    },
  );

  it("can let the watch begin with what is there", async () => {
    const { next, server } = await following(
      ({ url }, response) => {
        if (url.includes("sendInitialEvents=true")) {
          const end = { ...bookmark(9), metadata: { resourceVersion: "9", annotations: { "k8s.io/initial-events-end": "true" } } };
          return send(response, ["ADDED", object("a", 3)], ["ADDED", object("b", 2)], ["BOOKMARK", end]);
        }
        return send(response, ["ADDED", object("c", 10)]);
      },
      { sendInitialEvents: true },
    );
    expect(await next(2)).toEqual(["a,b@9", "put c@10"]);
    expect(server.seen.every(({ url }) => isWatch(url))).toBe(true);
  });

  it("asks for metadata only where that is wanted, within its selectors, and transforms what comes", async () => {
    const transform = ({ apiVersion, kind, metadata }: LiveObject): LiveObject => ({
      apiVersion,
      kind,
      metadata: { ...metadata, name: metadata.name.toUpperCase() },
    });
    const { next, server } = await following(
      ({ url }, response) => (isWatch(url) ? send(response, ["ADDED", object("b", 6)]) : sendJson(response, 200, list(5, object("a", 1)))),
      {
        namespace: "apps",
        labelSelector: "a=b",
        fieldSelector: "metadata.name=c",
        metadataOnly: true,
        transform,
      },
    );
    expect(await next(2)).toEqual(["A@5", "put B@6"]);
    expect(
      server.seen.map(({ url, headers }) => [
        new URL(url, "http://x").pathname,
        /labelSelector=a%3Db&fieldSelector=metadata.name%3Dc/.test(url),
        headers.accept,
      ]),
    ).toEqual([
      ["/api/v1/namespaces/apps/configmaps", true, "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"],
      ["/api/v1/namespaces/apps/configmaps", true, "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json"],
    ]);
  });

  it("ends when it is told to, and with nothing else than that", async () => {
    const server = new ScriptedServer(({ url }, response) => (isWatch(url) ? void response.writeHead(200).flushHeaders() : sendJson(response, 200, list(5))));
    await server.listen();
    const client = createKubeClient({ access: server.access });
    closers.push(
      () => server.close(),
      () => client.close(),
    );
    const stop = new AbortController();
    const errors: unknown[] = [];
    const deltas = follow({ client, resource: CONFIG_MAPS, onError: (error) => errors.push(error) }, stop.signal);
    await deltas.next();
    setTimeout(() => stop.abort(), 20);
    await expect(deltas.next()).rejects.toMatchObject({ kind: "cancelled" });
    expect(errors).toEqual([]);
  });
});
