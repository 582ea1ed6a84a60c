import type { LiveObject } from "@plumb/api";
import type { JsonObject } from "@plumb/std";
import { describe, expect, it } from "vitest";
import { assessHealth, type HealthState } from "./assess-health.ts";

const NOW = Date.parse("2026-01-02T03:04:05Z");

function object(apiVersion: string, kind: string, rest: JsonObject = {}, metadata: JsonObject = {}): LiveObject {
  return { apiVersion, kind, ...rest, metadata: { name: "x", uid: "u", resourceVersion: "1", ...metadata } };
}

function condition(type: string, status: string, reason = ""): JsonObject {
  return { type, status, reason, message: `${type} is ${status}` };
}

const rolledOut = { replicas: 2, updatedReplicas: 2, readyReplicas: 2, availableReplicas: 2, observedGeneration: 1 };
const available = [condition("Available", "True"), condition("Progressing", "True", "NewReplicaSetAvailable")];

const cases: Readonly<Record<string, readonly [LiveObject, HealthState]>> = {
  "an object that is being deleted": [object("v1", "ConfigMap", {}, { deletionTimestamp: "2026-01-01T00:00:00Z" }), "Terminating"],
  "an object whose controller has not seen its newest generation": [
    object("e.com/v1", "Thing", { status: { observedGeneration: 1, conditions: [condition("Ready", "True")] } }, { generation: 2 }),
    "InProgress",
  ],
  "an object that reconciles": [
    object("e.com/v1", "Thing", { status: { conditions: [condition("Reconciling", "True"), condition("Ready", "True")] } }),
    "InProgress",
  ],
  "an object that is stalled": [object("e.com/v1", "Thing", { status: { conditions: [condition("Stalled", "True"), condition("Ready", "False")] } }), "Failed"],
  "an object that is ready": [object("e.com/v1", "Thing", { status: { conditions: [condition("Ready", "True")] } }), "Current"],
  "an object that is not ready": [object("e.com/v1", "Thing", { status: { conditions: [condition("Ready", "False")] } }), "InProgress"],
  "an object whose readiness is unknown": [object("e.com/v1", "Thing", { status: { conditions: [condition("Ready", "Unknown")] } }), "InProgress"],
  "an object that says nothing of itself": [object("e.com/v1", "Thing"), "Current"],
  "a Service": [object("v1", "Service", { spec: { type: "ClusterIP" } }), "Current"],
  "a load balancer without an address": [object("v1", "Service", { spec: { type: "LoadBalancer" } }), "InProgress"],
  "a claim without a volume": [object("v1", "PersistentVolumeClaim", { status: { phase: "Pending" } }), "InProgress"],
  "a bound claim": [object("v1", "PersistentVolumeClaim", { status: { phase: "Bound" } }), "Current"],
  "a Deployment that is rolled out": [
    object(
      "apps/v1",
      "Deployment",
      { spec: { replicas: 2, progressDeadlineSeconds: 600 }, status: { ...rolledOut, conditions: available } },
      { generation: 1 },
    ),
    "Current",
  ],
  "a Deployment that nobody has looked at": [object("apps/v1", "Deployment", { spec: { replicas: 2 }, status: {} }), "InProgress"],
  "a Deployment with old Pods left": [
    object("apps/v1", "Deployment", { spec: { replicas: 1 }, status: { ...rolledOut, conditions: available } }),
    "InProgress",
  ],
  "a Deployment whose new Pods are not available": [
    object("apps/v1", "Deployment", { spec: { replicas: 2 }, status: { ...rolledOut, availableReplicas: 1, conditions: available } }),
    "InProgress",
  ],
  "a Deployment past its deadline": [
    object("apps/v1", "Deployment", { spec: { replicas: 2 }, status: { conditions: [condition("Progressing", "False", "ProgressDeadlineExceeded")] } }),
    "Failed",
  ],
  "a Deployment of no replicas": [object("apps/v1", "Deployment", { spec: { replicas: 0 }, status: { conditions: available } }), "Current"],
  "a Deployment without a deadline": [
    object("apps/v1", "Deployment", { spec: { replicas: 2 }, status: { ...rolledOut, conditions: [condition("Available", "True")] } }),
    "Current",
  ],
  "a StatefulSet that is rolled out": [
    object("apps/v1", "StatefulSet", {
      spec: { replicas: 2 },
      status: { replicas: 2, readyReplicas: 2, currentReplicas: 2, currentRevision: "a", updateRevision: "a" },
    }),
    "Current",
  ],
  "a StatefulSet between revisions": [
    object("apps/v1", "StatefulSet", {
      spec: { replicas: 2 },
      status: { replicas: 2, readyReplicas: 2, currentReplicas: 2, currentRevision: "a", updateRevision: "b" },
    }),
    "InProgress",
  ],
  "a StatefulSet that is updated by hand": [object("apps/v1", "StatefulSet", { spec: { updateStrategy: { type: "OnDelete" } }, status: {} }), "Current"],
  "a StatefulSet at its partition": [
    object("apps/v1", "StatefulSet", {
      spec: { replicas: 3, updateStrategy: { rollingUpdate: { partition: 2 } } },
      status: { replicas: 3, readyReplicas: 3, updatedReplicas: 1 },
    }),
    "Current",
  ],
  "a DaemonSet that nobody has looked at": [object("apps/v1", "DaemonSet", { status: {} }, { generation: 1 }), "InProgress"],
  "a DaemonSet on every node": [
    object(
      "apps/v1",
      "DaemonSet",
      {
        status: { observedGeneration: 1, desiredNumberScheduled: 2, currentNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2, numberReady: 2 },
      },
      { generation: 1 },
    ),
    "Current",
  ],
  "a DaemonSet for no node": [object("apps/v1", "DaemonSet", { status: { observedGeneration: 1, desiredNumberScheduled: 0 } }, { generation: 1 }), "Current"],
  "a ReplicaSet that cannot make Pods": [object("apps/v1", "ReplicaSet", { status: { conditions: [condition("ReplicaFailure", "True")] } }), "InProgress"],
  "a Job that runs": [object("batch/v1", "Job", { status: { active: 1 } }), "InProgress"],
  "a Job that is done": [object("batch/v1", "Job", { status: { conditions: [condition("Complete", "True")] } }), "Current"],
  "a Job that has failed": [object("batch/v1", "Job", { status: { conditions: [condition("Failed", "True")] } }), "Failed"],
  "a suspended Job": [object("batch/v1", "Job", { status: { conditions: [condition("Suspended", "True")] } }), "Current"],
  "a definition that is established": [
    object("apiextensions.k8s.io/v1", "CustomResourceDefinition", {
      status: { conditions: [condition("NamesAccepted", "True"), condition("Established", "True")] },
    }),
    "Current",
  ],
  "a definition whose names are taken": [
    object("apiextensions.k8s.io/v1", "CustomResourceDefinition", { status: { conditions: [condition("NamesAccepted", "False")] } }),
    "Failed",
  ],
  "a definition that is being installed": [
    object("apiextensions.k8s.io/v1", "CustomResourceDefinition", { status: { conditions: [condition("Established", "False", "Installing")] } }),
    "InProgress",
  ],
  "a Pod that runs": [object("v1", "Pod", { status: { phase: "Running", conditions: [condition("Ready", "True")] } }), "Current"],
  "a Pod that crashes again and again": [
    object("v1", "Pod", { status: { phase: "Running", containerStatuses: [{ name: "app", state: { waiting: { reason: "CrashLoopBackOff" } } }] } }),
    "Failed",
  ],
  "a Pod that has ended badly": [object("v1", "Pod", { status: { phase: "Failed" } }), "Current"],
  "a Pod that waits for a node since just now": [
    object(
      "v1",
      "Pod",
      { status: { phase: "Pending", conditions: [condition("PodScheduled", "False", "Unschedulable")] } },
      { creationTimestamp: "2026-01-02T03:04:00Z" },
    ),
    "InProgress",
  ],
  "a Pod that finds no node": [
    object(
      "v1",
      "Pod",
      { status: { phase: "Pending", conditions: [condition("PodScheduled", "False", "Unschedulable")] } },
      { creationTimestamp: "2026-01-02T03:03:00Z" },
    ),
    "Failed",
  ],
};

describe("the health of", () => {
  it.each(Object.entries(cases))("%s", (_, [live, state]) => {
    expect(assessHealth(live, NOW).state).toBe(state);
  });

  it("a Pod that waits for a node tells when to look again", () => {
    const [live] = cases["a Pod that waits for a node since just now"] ?? [];
    expect(live === undefined ? undefined : assessHealth(live, NOW).againInMs).toBe(10_000);
  });
});
