import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";

import { sharedCluster } from "./shared-cluster.ts";

const cluster = sharedCluster();

/** The kinds whose health is asked most, and one that never gets healthy. */
const WORKLOADS = [
  workload("apps/v1", "Deployment", "web", { replicas: 3 }),
  workload("apps/v1", "StatefulSet", "db", {
    replicas: 2,
    serviceName: "db",
    volumeClaimTemplates: [{ metadata: { name: "data" }, spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } } }],
  }),
  workload("apps/v1", "DaemonSet", "agent", {}),
  workload("apps/v1", "Deployment", "stuck", { replicas: 1 }, "registry.invalid/app:1"),
  {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name: "once" },
    spec: { template: { spec: { restartPolicy: "Never", terminationGracePeriodSeconds: 0, containers: [{ name: "main", image: "app:1" }] } } },
  },
];

function workload(apiVersion: string, kind: string, name: string, spec: object, image = "app:1"): object {
  const labels = { app: name };
  // Without a grace period: the namespace controller waits for it as a whole, whatever the pods do.
  const template = { metadata: { labels }, spec: { terminationGracePeriodSeconds: 0, containers: [{ name: "main", image }] } };
  return { apiVersion, kind, metadata: { name }, spec: { ...spec, selector: { matchLabels: labels }, template } };
}

describe.skipIf(cluster.kind !== "own")("the real control plane with simulated nodes", () => {
  const namespace = "simulated-workloads";
  const kubectl = async (...args: readonly string[]): Promise<string> => {
    if (cluster.kind !== "own") return "";
    const { stdout } = await promisify(execFile)(cluster.kubectl, ["--kubeconfig", cluster.kubeconfig, "--namespace", namespace, ...args]);
    return stdout.trim();
  };
  const apply = async (objects: readonly object[]): Promise<void> => {
    for (const object of objects)
      await promisify(execFile)("sh", [
        "-c",
        'printf %s "$1" | "$2" --kubeconfig "$3" --namespace "$4" apply -f -',
        "sh",
        JSON.stringify(object),
        ...(cluster.kind === "own" ? [cluster.kubectl, cluster.kubeconfig] : []),
        namespace,
      ]);
  };
  afterAll(async () => kubectl("delete", "namespace", namespace, "--ignore-not-found", "--wait=false"));

  it("is version 1.36.3, with a kubectl of that version and kustomize 5.8.1", async () => {
    const { clientVersion, serverVersion, kustomizeVersion } = JSON.parse(await kubectl("version", "-o", "json"));
    expect([clientVersion.gitVersion, serverVersion.gitVersion, kustomizeVersion]).toEqual(["v1.36.3", "v1.36.3", "v5.8.1"]);
  });

  it("brings workloads to health, leaves one waiting whose image cannot be pulled, and lets all of it go", async () => {
    await kubectl("create", "namespace", namespace);
    await apply(WORKLOADS);
    await Promise.all(["deployment/web", "statefulset/db", "daemonset/agent"].map((name) => kubectl("rollout", "status", name, "--timeout=60s")));
    await kubectl("wait", "--for=condition=complete", "job/once", "--timeout=60s");
    await kubectl("wait", "--for=jsonpath={.status.phase}=Bound", "pvc", "--all", "--timeout=60s");
    await kubectl("wait", "--for=jsonpath={.status.unavailableReplicas}=1", "deployment/stuck", "--timeout=60s");
    await kubectl("wait", "--for=jsonpath={.status.containerStatuses[0].state.waiting.reason}=ImagePullBackOff", "pod", "-l", "app=stuck", "--timeout=60s");
    await kubectl("delete", "namespace", namespace, "--timeout=60s");
  });
});
