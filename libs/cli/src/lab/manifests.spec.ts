import { MemoryFileSystem } from "@plumb/files";
import { build } from "@plumb/kustomize";
import { startTestApiServer } from "@plumb/apiserver/testing";
import { createKubeClient } from "@plumb/kube";
import { describe, expect, it } from "vitest";
import { definitions, deploymentFile, firstCommit, FIRST_TAG, HOOK_TOKEN_SECRET, NEXT_TAG, settingsFile, toolkitObjects } from "./manifests.ts";
import { EMBEDDED_NAMES, GUEST_NAMES, LAB_LABEL } from "./names.ts";

const { signal } = new AbortController();

describe.each([EMBEDDED_NAMES, GUEST_NAMES])("the lab's manifests for $system", (names) => {
  it("build, with everything in the namespace of the workloads and the namespace marked as the lab's", async () => {
    const { objects } = await build("apps", { fileSystem: new MemoryFileSystem(firstCommit(names)), order: "fifo", signal });
    expect(objects.map(({ object }) => object["kind"])).toEqual(["Namespace", "ConfigMap", "Deployment", "Service"]);
    expect(objects[0]?.object).toMatchObject({ metadata: { name: names.workloads, labels: { [LAB_LABEL]: "true" } } });
    for (const { object } of objects.slice(1)) expect(object).toMatchObject({ metadata: { namespace: names.workloads } });
  });
  it("change what the story changes, and no more", () => {
    const files = firstCommit(names);
    expect(deploymentFile(names.workloads, names.app, FIRST_TAG)).toBe(files["apps/deployment.yaml"]);
    expect(deploymentFile(names.workloads, names.app, NEXT_TAG)).toBe(files["apps/deployment.yaml"]?.replace(`:${FIRST_TAG}`, `:${NEXT_TAG}`));
    expect(settingsFile(names.workloads, "welcome to the shop")).toBe(files["apps/settings.yaml"]);
  });
  it("are taken by an API server with the toolkit's definitions", async () => {
    await using server = await startTestApiServer();
    const client = createKubeClient({ access: { server: new URL(server.url), credential: { kind: "token", token: server.token } } });
    const options = { fieldManager: "test", force: true, dryRun: false, signal };
    const objects = toolkitObjects(names, { repository: "http://127.0.0.1:1/lab.git", sink: "http://127.0.0.1:2" }, "token");
    for (const object of [...definitions(), { apiVersion: "v1", kind: "Namespace", metadata: { name: names.system } }, ...objects]) {
      await expect
        .poll(async () => client.apply(await client.resourceFor(object, signal), object, options).then(() => "taken", String), { timeout: 60_000 })
        .toBe("taken");
    }
    expect(objects.every(({ metadata }) => metadata.namespace === names.system)).toBe(true);
    expect(objects[0]).toMatchObject({ kind: "Secret", metadata: { name: HOOK_TOKEN_SECRET }, data: { token: Buffer.from("token").toString("base64") } });
    client.close();
  });
});
