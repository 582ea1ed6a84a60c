import { isObject, parseJson, type JsonObject } from "@plumb/std";
import { describe, expect, it, vi } from "vitest";
import { listAt, numberAt, objectsAt, textAt } from "../draft.ts";
import { startTestApiServer, type TestApiServer } from "../testing/index.ts";

async function send(cluster: TestApiServer, method: string, path: string, body?: JsonObject): Promise<JsonObject> {
  const response = await fetch(`${cluster.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${cluster.token}`, "content-type": method === "PATCH" ? "application/merge-patch+json" : "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const parsed = parseJson(await response.text());
  return isObject(parsed) ? parsed : {};
}

const DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments";
const PODS = "/api/v1/namespaces/default/pods";
/** To give up after, many times what is expected. */
const WAIT = { timeout: 60_000 };

const deployment = (image: string, replicas: number): JsonObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web" },
  spec: {
    replicas,
    selector: { matchLabels: { app: "web" } },
    template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "web", image }] } },
  },
});

const condition = (object: JsonObject, type: string): string =>
  textAt(
    objectsAt(object, "status", "conditions").find((one) => textAt(one, "type") === type),
    "status",
  ) ?? "";

describe("simulated workloads", () => {
  it("make a Deployment available, with its pods, and follow what it asks for", async () => {
    await using cluster = await startTestApiServer({ workloads: { podStartMs: 1 } });
    await send(cluster, "POST", DEPLOYMENTS, deployment("web:1", 2));
    await vi.waitFor(async () => expect(numberAt(await send(cluster, "GET", `${DEPLOYMENTS}/web`), "status", "availableReplicas")).toBe(2), WAIT);
    await send(cluster, "PATCH", `${DEPLOYMENTS}/web`, { spec: { replicas: 1 } });
    await vi.waitFor(async () => expect(listAt(await send(cluster, "GET", PODS), "items")).toHaveLength(1), WAIT);
    const live = await send(cluster, "GET", `${DEPLOYMENTS}/web`);
    expect(numberAt(live, "status", "observedGeneration")).toBe(numberAt(live, "metadata", "generation"));
    await send(cluster, "DELETE", `${DEPLOYMENTS}/web`);
    await vi.waitFor(async () => expect(listAt(await send(cluster, "GET", PODS), "items")).toHaveLength(0), WAIT);
  });

  it("never make a Deployment available whose image cannot be had, until the image is mended", async () => {
    await using cluster = await startTestApiServer({ workloads: { podStartMs: 1 } });
    await send(cluster, "POST", DEPLOYMENTS, deployment("registry.invalid/web:1", 1));
    await vi.waitFor(async () => expect(condition(await send(cluster, "GET", `${DEPLOYMENTS}/web`), "Available")).toBe("False"), WAIT);
    await vi.waitFor(async () => expect(JSON.stringify(await send(cluster, "GET", PODS))).toContain("ImagePullBackOff"), WAIT);
    await send(cluster, "PATCH", `${DEPLOYMENTS}/web`, { spec: { template: { spec: { containers: [{ name: "web", image: "web:2" }] } } } });
    await vi.waitFor(async () => expect(condition(await send(cluster, "GET", `${DEPLOYMENTS}/web`), "Available")).toBe("True"), WAIT);
  });

  it("are not there when they are switched off", async () => {
    await using cluster = await startTestApiServer({ workloads: false });
    expect(textAt(await send(cluster, "POST", DEPLOYMENTS, deployment("web:1", 1)), "kind")).toBe("Deployment");
    expect(listAt(await send(cluster, "GET", "/api/v1/nodes"), "items")).toHaveLength(0);
  });
});
