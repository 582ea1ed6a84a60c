import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { findBinaries } from "@plumb/e2e/control-plane";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createApiServer, type ApiServer, type Listening } from "./index.ts";

const SUITE = "the real kubectl on the embedded server";
const BUILD_MS = 15 * 60_000;
const binaries = await findBinaries({ env: process.env, onProgress: (line) => console.log(line) }, AbortSignal.timeout(BUILD_MS));
if (binaries.kind === "absent") console.log(`NOT RUN: ${SUITE}: ${binaries.reason}`);

const MANIFESTS = `
apiVersion: v1
kind: Service
metadata: { name: web, namespace: demo }
spec: { selector: { app: web }, ports: [{ port: 80 }] }
---
apiVersion: apps/v1
kind: StatefulSet
metadata: { name: db, namespace: demo }
spec:
  serviceName: db
  replicas: 2
  selector: { matchLabels: { app: db } }
  template:
    metadata: { labels: { app: db } }
    spec: { containers: [{ name: db, image: "postgres:17" }] }
  volumeClaimTemplates:
    - metadata: { name: data }
      spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
---
apiVersion: batch/v1
kind: Job
metadata: { name: once, namespace: demo }
spec: { template: { spec: { restartPolicy: Never, containers: [{ name: once, image: "busybox:1" }] } } }
`;

// One test goes on from where the other ended.
describe.skipIf(binaries.kind === "absent")(SUITE, { shuffle: false }, () => {
  let server: ApiServer;
  let listening: Listening;
  let folder = "";

  beforeAll(async () => {
    // Without tokens: kubectl sends none over plain HTTP.
    server = createApiServer({ workloads: { podStartMs: 10 } });
    listening = await server.listen(0);
    folder = await mkdtemp(join(tmpdir(), "plumb-kubectl-"));
    await writeFile(join(folder, "manifests.yaml"), MANIFESTS);
  });
  afterAll(async () => {
    server.stop();
    await listening.close();
    await rm(folder, { recursive: true, force: true });
  });

  const kubectl = async (...args: readonly string[]): Promise<string> => {
    const program = join(binaries.kind === "found" ? binaries.folder : "", "kubectl");
    const { stdout } = await promisify(execFile)(program, ["--server", listening.url, "--cache-dir", join(folder, "cache"), ...args], {
      env: { HOME: folder, PATH: process.env["PATH"] ?? "" },
      timeout: 100_000,
    });
    return stdout;
  };

  it("creates what its typed clients send in protobuf, and waits until it is rolled out", { timeout: 120_000 }, async () => {
    await kubectl("create", "namespace", "demo");
    await kubectl("create", "configmap", "settings", "-n", "demo", "--from-literal=colour=red");
    await kubectl("create", "deployment", "web", "-n", "demo", "--image=nginx:1", "--replicas=3");
    expect(await kubectl("rollout", "status", "deployment/web", "-n", "demo", "--timeout=60s")).toContain("successfully rolled out");
    expect(await kubectl("get", "deployment", "web", "-n", "demo", "--no-headers")).toMatch(/^web\s+3\/3\s+3\s+3\s/);
    expect(await kubectl("get", "configmap", "settings", "-n", "demo", "-o", "jsonpath={.data.colour}")).toBe("red");
  });

  it("edits, labels, scales and restarts", { timeout: 120_000 }, async () => {
    await kubectl("label", "configmap", "settings", "-n", "demo", "tier=front");
    await kubectl("annotate", "configmap", "settings", "-n", "demo", "note=hi");
    await kubectl("patch", "configmap", "settings", "-n", "demo", "-p", '{"data":{"size":"small"}}');
    await kubectl("scale", "deployment", "web", "-n", "demo", "--replicas=2");
    await kubectl("rollout", "restart", "deployment/web", "-n", "demo");
    await kubectl("rollout", "status", "deployment/web", "-n", "demo", "--timeout=60s");
    await kubectl("set", "image", "deployment/web", "nginx=nginx:2", "-n", "demo");
    await kubectl("rollout", "undo", "deployment/web", "-n", "demo");
    await kubectl("rollout", "status", "deployment/web", "-n", "demo", "--timeout=60s");
    expect(await kubectl("get", "deployment", "web", "-n", "demo", "-o", "jsonpath={.spec.replicas} {.spec.template.spec.containers[0].image}")).toBe(
      "2 nginx:1",
    );
    expect(await kubectl("get", "configmap", "settings", "-n", "demo", "-o", "jsonpath={.metadata.labels.tier}{.metadata.annotations.note}{.data.size}")).toBe(
      "fronthismall",
    );
  });

  it("applies on both sides, sees no difference then, and waits for what is simulated", { timeout: 120_000 }, async () => {
    const file = join(folder, "manifests.yaml");
    expect(await kubectl("apply", "-f", file)).toContain("service/web created");
    expect(await kubectl("apply", "--server-side", "--force-conflicts", "-f", file)).toContain("statefulset.apps/db serverside-applied");
    expect(await kubectl("diff", "-f", file)).toBe("");
    await kubectl("wait", "--for=condition=complete", "job/once", "-n", "demo", "--timeout=60s");
    await kubectl("rollout", "status", "statefulset/db", "-n", "demo", "--timeout=60s");
    expect(await kubectl("get", "pvc", "-n", "demo", "-o", "jsonpath={.items[*].status.phase}")).toBe("Bound Bound");
  });

  it("names a kind that nobody serves", { timeout: 120_000 }, async () => {
    await writeFile(join(folder, "unknown.yaml"), "apiVersion: nope.example.com/v1\nkind: Nope\nmetadata: { name: a }\n");
    await expect(kubectl("create", "-f", join(folder, "unknown.yaml"))).rejects.toThrow('no matches for kind "Nope" in version "nope.example.com/v1"');
  });

  it("explains kinds and lists them", { timeout: 120_000 }, async () => {
    expect(await kubectl("explain", "deployment.spec.strategy")).toContain("rollingUpdate");
    expect(await kubectl("api-resources", "--api-group=apps", "-o", "name")).toContain("deployments.apps");
    expect((await kubectl("auth", "can-i", "delete", "pods")).trim()).toBe("yes");
  });

  it("deletes pods, which come back, and the namespace, which does not", { timeout: 120_000 }, async () => {
    await kubectl("delete", "pods", "-n", "demo", "-l", "app=web", "--timeout=60s");
    await kubectl("rollout", "status", "deployment/web", "-n", "demo", "--timeout=60s");
    await kubectl("delete", "namespace", "demo", "--timeout=60s");
    await expect(kubectl("get", "namespace", "demo")).rejects.toThrow("not found");
  });
});
