import { isObject, parseJson, type JsonObject } from "@plumb/std";
import { describe, expect, it } from "vitest";
import { textAt } from "./draft.ts";
import { startTestApiServer, type TestApiServer } from "./testing/index.ts";

async function call(
  cluster: TestApiServer,
  method: string,
  path: string,
  body?: unknown,
  contentType = "application/json",
): Promise<{ status: number; body: JsonObject }> {
  const response = await fetch(`${cluster.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${cluster.token}`, "content-type": contentType, "user-agent": "spec/1" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const parsed = parseJson(await response.text());
  return { status: response.status, body: isObject(parsed) ? parsed : {} };
}

const MAPS = "/api/v1/namespaces/default/configmaps";
const map = (name: string, data: Record<string, string>): unknown => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data });

describe("an embedded API server", () => {
  it("is ready and usable as soon as it is started", async () => {
    await using cluster = await startTestApiServer();
    expect((await call(cluster, "POST", MAPS, map("a", { x: "1" }))).status).toBe(201);
    expect((await call(cluster, "GET", `${MAPS}/a`)).body).toMatchObject({ data: { x: "1" } });
    expect((await call(cluster, "PATCH", `${MAPS}/a?fieldManager=me`, map("a", { y: "2" }), "application/apply-patch+yaml")).body).toMatchObject({
      data: { x: "1", y: "2" },
    });
    expect((await call(cluster, "DELETE", `${MAPS}/a`)).status).toBe(200);
    expect((await call(cluster, "GET", `${MAPS}/a`)).status).toBe(404);
  });

  it.each(["[", '{"a":'])("refuses a body that nests too deeply, %j a hundred thousand times, and goes on", async (opening) => {
    await using cluster = await startTestApiServer();
    const headers = { authorization: `Bearer ${cluster.token}`, "content-type": "application/json" };
    const response = await fetch(`${cluster.url}${MAPS}`, { method: "POST", headers, body: `{"metadata":{"name":"a"},"x":${opening.repeat(100_000)}` });
    expect(response.status).toBe(400);
    expect((await call(cluster, "GET", MAPS)).status).toBe(200);
  });

  it("names the object of an apply that does not fit its schema as the body names it, as the real server does", async () => {
    await using cluster = await startTestApiServer();
    const why = async (metadata: object): Promise<unknown> => {
      const body = { apiVersion: "v1", kind: "ConfigMap", metadata, colour: "red" };
      return (await call(cluster, "PATCH", `${MAPS}/a?fieldManager=me`, body, "application/apply-patch+yaml")).body["message"];
    };
    const rest = "/a; /v1, Kind=ConfigMap): .colour: field not declared in schema";
    expect(await why({ name: "a" })).toBe(`failed to create typed patch object (${rest}`);
    expect(await why({ name: "a", namespace: "default" })).toBe(`failed to create typed patch object (default${rest}`);
  });

  it.each(["constructor", "text/plain"])("refuses a body and a patch of the media type %s", async (contentType) => {
    await using cluster = await startTestApiServer();
    expect((await call(cluster, "POST", MAPS, map("a", {}))).status).toBe(201);
    expect((await call(cluster, "POST", MAPS, map("b", {}), contentType)).status).toBe(415);
    expect((await call(cluster, "PATCH", `${MAPS}/a`, { data: { x: "1" } }, contentType)).status).toBe(415);
  });

  it("lets nobody in without the token", async () => {
    await using cluster = await startTestApiServer();
    expect((await fetch(`${cluster.url}/api/v1/namespaces`)).status).toBe(401);
  });

  it("refuses as often as it is told to, and then serves again", async () => {
    await using cluster = await startTestApiServer();
    cluster.server.knobs.inject({ status: 429, times: 2, retryAfterSeconds: 3 });
    const refused = await fetch(`${cluster.url}${MAPS}`, { headers: { authorization: `Bearer ${cluster.token}` } });
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, "3"]);
    expect((await call(cluster, "GET", MAPS)).status).toBe(429);
    expect((await call(cluster, "GET", MAPS)).status).toBe(200);
  });

  it("tells a watch from before a compaction that its version is gone", async () => {
    await using cluster = await startTestApiServer();
    const { body } = await call(cluster, "GET", MAPS);
    cluster.server.knobs.compact();
    const version = textAt(body, "metadata", "resourceVersion") ?? "";
    const watch = await call(cluster, "GET", `${MAPS}?watch=true&resourceVersion=${version}`);
    expect(watch.body).toMatchObject({ type: "ERROR", object: { kind: "Status", code: 410, reason: "Expired" } });
  });
});
