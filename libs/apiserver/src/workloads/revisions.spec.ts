import { isObject, parseJson, type JsonObject } from "@plumb/std";
import { describe, expect, it } from "vitest";
import { numberAt, objectsAt, textAt, valueAt } from "../draft.ts";
import { startTestApiServer, type TestApiServer } from "../testing/index.ts";

const APPS = "/apis/apps/v1/namespaces/default";

async function call(cluster: TestApiServer, method: string, path: string, body?: unknown, contentType = "application/json"): Promise<JsonObject> {
  const response = await fetch(`${cluster.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${cluster.token}`, "content-type": contentType },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const parsed = parseJson(await response.text());
  if (!response.ok || !isObject(parsed)) throw new Error(`${method} ${path}: ${JSON.stringify(parsed)}`);
  return parsed;
}

function workload(kind: string, spec: object): unknown {
  const labels = { app: "web" };
  const template = { metadata: { labels }, spec: { containers: [{ name: "main", image: "app:1" }] } };
  return { apiVersion: "apps/v1", kind, metadata: { name: "web" }, spec: { selector: { matchLabels: labels }, template, ...spec } };
}

const imagesOf = (revision: JsonObject): readonly string[] =>
  objectsAt(revision, "data", "spec", "template", "spec", "containers").map((one) => textAt(one, "image") ?? "");

async function revisions(cluster: TestApiServer): Promise<readonly (readonly [number | undefined, readonly string[]])[]> {
  const list = await call(cluster, "GET", `${APPS}/controllerrevisions?labelSelector=app%3Dweb`);
  return objectsAt(list, "items")
    .map((one) => [numberAt(one, "revision"), imagesOf(one)] as const)
    .sort(([a = 0], [b = 0]) => a - b);
}

const setImage = (cluster: TestApiServer, plural: string, image: string): Promise<JsonObject> =>
  call(
    cluster,
    "PATCH",
    `${APPS}/${plural}/web`,
    { spec: { template: { spec: { containers: [{ name: "main", image }] } } } },
    "application/strategic-merge-patch+json",
  );

describe.each([
  ["StatefulSet", "statefulsets", { serviceName: "web" }],
  ["DaemonSet", "daemonsets", {}],
] as const)("the revisions of a %s", (kind, plural, spec) => {
  it("hold each template once, and bring one back that was there before", async () => {
    await using cluster = await startTestApiServer();
    await call(cluster, "POST", `${APPS}/${plural}`, workload(kind, spec));
    await expect.poll(() => revisions(cluster)).toEqual([[1, ["app:1"]]]);
    await setImage(cluster, plural, "app:2");
    await expect
      .poll(() => revisions(cluster))
      .toEqual([
        [1, ["app:1"]],
        [2, ["app:2"]],
      ]);
    // As `kubectl rollout undo` does: the data of the revision is a strategic merge patch.
    const list = await call(cluster, "GET", `${APPS}/controllerrevisions`);
    const first = objectsAt(list, "items").find((one) => numberAt(one, "revision") === 1);
    await call(cluster, "PATCH", `${APPS}/${plural}/web`, valueAt(first, "data"), "application/strategic-merge-patch+json");
    await expect
      .poll(() => revisions(cluster))
      .toEqual([
        [2, ["app:2"]],
        [3, ["app:1"]],
      ]);
  });

  it("are no more than the history may be long, and go with their owner", async () => {
    await using cluster = await startTestApiServer();
    await call(cluster, "POST", `${APPS}/${plural}`, workload(kind, { ...spec, revisionHistoryLimit: 1 }));
    for (const image of ["app:2", "app:3"]) {
      await setImage(cluster, plural, image);
      await expect.poll(async () => (await revisions(cluster)).at(-1)?.[1]).toEqual([image]);
    }
    expect((await revisions(cluster)).map(([, images]) => images)).toEqual([["app:2"], ["app:3"]]);
    await call(cluster, "DELETE", `${APPS}/${plural}/web`);
    await expect.poll(() => revisions(cluster)).toEqual([]);
  });
});
