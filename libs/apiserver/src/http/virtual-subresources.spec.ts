import { describe, expect, it } from "vitest";
import { startTestApiServer } from "../testing/index.ts";

const PODS = "/api/v1/namespaces/default/pods";

describe("what only a running container has", () => {
  it.each([
    ["GET", "log"],
    ["POST", "exec"],
    ["GET", "exec"],
    ["POST", "attach"],
    ["POST", "portforward"],
  ])("is refused in clear words: %s %s", async (method, part) => {
    await using cluster = await startTestApiServer();
    const headers = { authorization: `Bearer ${cluster.token}`, "content-type": "application/json" };
    const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "one" }, spec: { containers: [{ name: "main", image: "app:1" }] } };
    await fetch(`${cluster.url}${PODS}`, { method: "POST", headers, body: JSON.stringify(pod) });
    const refused = await fetch(`${cluster.url}${PODS}/one/${part}`, { method, headers });
    expect([refused.status, await refused.json()]).toMatchObject([
      400,
      { kind: "Status", reason: "BadRequest", message: `workloads are simulated: no container of pod "one" runs, so it has no ${part}` },
    ]);
    expect((await fetch(`${cluster.url}${PODS}/two/${part}`, { method, headers })).status).toBe(404);
  });
});
