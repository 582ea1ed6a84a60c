import type { LiveObject } from "@plumb/api";
import { isObject, type JsonObject, type JsonValue } from "@plumb/std";
import { conditionOf, inProgress, specOf, statusOf, textOf, type HealthStatus } from "./assess-health.ts";

type Rule = (object: LiveObject, nowMs: number) => HealthStatus;

/** Rules of the built-in kinds, by `group/Kind`. */
export const WORKLOAD_RULES: Readonly<Record<string, Rule>> = {
  "/Service": service,
  "/Pod": pod,
  "/Secret": always,
  "/ConfigMap": always,
  "/PersistentVolumeClaim": volumeClaim,
  "apps/Deployment": deployment,
  "apps/StatefulSet": statefulSet,
  "apps/DaemonSet": daemonSet,
  "apps/ReplicaSet": replicaSet,
  "batch/Job": job,
  "batch/CronJob": always,
  "policy/PodDisruptionBudget": always,
  "apiextensions.k8s.io/CustomResourceDefinition": definition,
};

function current(message: string): HealthStatus {
  return { state: "Current", message };
}

function failed(message: string): HealthStatus {
  return { state: "Failed", message };
}

function always(): HealthStatus {
  return current("Resource is always ready");
}

function countOf(source: JsonObject, field: string, fallback = 0): number {
  const value = source[field];
  return typeof value === "number" ? value : fallback;
}

/** The first count that is too low, as `Label: have/want`. */
function lacking(counts: readonly (readonly [label: string, have: number, want: number])[]): HealthStatus | undefined {
  const found = counts.find(([, have, want]) => have < want);
  return found === undefined ? undefined : inProgress(`${found[0]}: ${found[1]}/${found[2]}`);
}

function service(object: LiveObject): HealthStatus {
  const { type, clusterIP } = specOf(object);
  if (type === "LoadBalancer" && textOf(clusterIP) === "") return inProgress("ClusterIP not set. Service type: LoadBalancer");
  return current("Service is ready");
}

function volumeClaim(object: LiveObject): HealthStatus {
  const phase = textOf(statusOf(object)["phase"]);
  return phase === "Bound" ? current("PVC is Bound") : inProgress(`PVC is not Bound. phase: ${phase || "unknown"}`);
}

function deployment(object: LiveObject): HealthStatus {
  const progressing = conditionOf(object, "Progressing");
  if (progressing?.reason === "ProgressDeadlineExceeded") return failed("Progress deadline exceeded");
  const spec = specOf(object);
  const status = statusOf(object);
  const wanted = countOf(spec, "replicas", 1);
  const [replicas, updated, available, ready] = ["replicas", "updatedReplicas", "availableReplicas", "readyReplicas"].map((field) =>
    countOf(status, field),
  ) as [number, number, number, number]; // why: four names, four counts
  const missing = lacking([
    ["Replicas", replicas, wanted],
    ["Updated", updated, wanted],
  ]);
  if (missing !== undefined) return missing;
  if (replicas > wanted) return inProgress(`Pending termination: ${replicas - wanted}`);
  const unready = lacking([
    ["Available", available, updated],
    ["Ready", ready, wanted],
  ]);
  if (unready !== undefined) return unready;
  const hasNewReplicaSet = spec["progressDeadlineSeconds"] === undefined || (progressing?.status === "True" && progressing.reason === "NewReplicaSetAvailable");
  if (!hasNewReplicaSet) return inProgress("ReplicaSet not Available");
  return conditionOf(object, "Available")?.status === "True"
    ? current(`Deployment is available. Replicas: ${replicas}`)
    : inProgress("Deployment not Available");
}

function statefulSet(object: LiveObject): HealthStatus {
  const spec = specOf(object);
  const status = statusOf(object);
  const strategy = isObject(spec["updateStrategy"]) ? spec["updateStrategy"] : {};
  if (strategy["type"] === "OnDelete") return current("StatefulSet is using the ondelete update strategy");
  const wanted = countOf(spec, "replicas", 1);
  const replicas = countOf(status, "replicas");
  const missing = lacking([
    ["Replicas", replicas, wanted],
    ["Ready", countOf(status, "readyReplicas"), wanted],
  ]);
  if (missing !== undefined) return missing;
  if (replicas > wanted) return inProgress(`Pending termination: ${replicas - wanted}`);
  const partition = countOf(isObject(strategy["rollingUpdate"]) ? strategy["rollingUpdate"] : {}, "partition", -1);
  if (partition !== -1) {
    return (
      lacking([["updated", countOf(status, "updatedReplicas"), wanted - partition]]) ??
      current(`Partition rollout complete. updated: ${countOf(status, "updatedReplicas")}`)
    );
  }
  const outdated = lacking([["current", countOf(status, "currentReplicas"), wanted]]);
  if (outdated !== undefined) return outdated;
  if (status["currentRevision"] !== status["updateRevision"]) return inProgress("Waiting for updated revision to match current");
  return current(`All replicas scheduled as expected. Replicas: ${replicas}`);
}

function daemonSet(object: LiveObject): HealthStatus {
  const status = statusOf(object);
  if (status["observedGeneration"] === undefined || object.metadata.generation === undefined) return inProgress("Missing .status.observedGeneration");
  const desired = countOf(status, "desiredNumberScheduled", -1);
  if (desired === -1) return inProgress("Missing .status.desiredNumberScheduled");
  return (
    lacking([
      ["Current", countOf(status, "currentNumberScheduled"), desired],
      ["Updated", countOf(status, "updatedNumberScheduled"), desired],
      ["Available", countOf(status, "numberAvailable"), desired],
      ["Ready", countOf(status, "numberReady"), desired],
    ]) ?? current(`All replicas scheduled as expected. Replicas: ${desired}`)
  );
}

function replicaSet(object: LiveObject): HealthStatus {
  if (conditionOf(object, "ReplicaFailure")?.status === "True") return inProgress("Replica Failure condition. Check Pods");
  const status = statusOf(object);
  const wanted = countOf(specOf(object), "replicas", 1);
  const missing = lacking([
    ["Labelled", countOf(status, "fullyLabeledReplicas"), wanted],
    ["Available", countOf(status, "availableReplicas"), wanted],
    ["Ready", countOf(status, "readyReplicas"), wanted],
  ]);
  if (missing !== undefined) return missing;
  const replicas = countOf(status, "replicas");
  return replicas > wanted ? inProgress(`Pending termination: ${replicas - wanted}`) : current(`ReplicaSet is available. Replicas: ${replicas}`);
}

/** A suspended Job is where it was told to be. */
function job(object: LiveObject): HealthStatus {
  if (conditionOf(object, "Failed")?.status === "True") return failed("Job Failed");
  if (conditionOf(object, "Complete")?.status === "True") return current("Job Completed");
  return conditionOf(object, "Suspended")?.status === "True" ? current("Job is suspended") : inProgress("Job in progress");
}

function definition(object: LiveObject): HealthStatus {
  const names = conditionOf(object, "NamesAccepted");
  if (names?.status === "False") return failed(names.message);
  const established = conditionOf(object, "Established");
  if (established?.status === "True") return current("CRD is established");
  if (established?.status === "False" && established.reason !== "Installing") return failed(established.message);
  return inProgress("Install in progress");
}

/** Milliseconds that a new Pod may wait for a node before that counts as a failure. */
const SCHEDULE_WITHIN_MS = 15_000;

function pod(object: LiveObject, nowMs: number): HealthStatus {
  const phase = textOf(statusOf(object)["phase"]);
  switch (phase) {
    case "Succeeded":
      return current("Pod has completed successfully");
    case "Failed":
      return current("Pod has completed, but not successfully");
    case "Running":
      return runningPod(object);
    case "Pending":
      return pendingPod(object, nowMs);
    default:
      return inProgress("Pod phase not available");
  }
}

function runningPod(object: LiveObject): HealthStatus {
  if (conditionOf(object, "Ready")?.status === "True") return current("Pod is Ready");
  const looping = crashLooping(object);
  return looping.length > 0 ? failed(`Containers in CrashLoop state: ${looping.join(",")}`) : inProgress("Pod is running but is not Ready");
}

function pendingPod(object: LiveObject, nowMs: number): HealthStatus {
  const scheduled = conditionOf(object, "PodScheduled");
  if (scheduled?.status === "False" && scheduled.reason === "Unschedulable") {
    const leftMs = Date.parse(object.metadata.creationTimestamp ?? "") + SCHEDULE_WITHIN_MS - nowMs;
    return leftMs > 0 ? { ...inProgress("Pod has not been scheduled"), againInMs: leftMs } : failed("Pod could not be scheduled");
  }
  const looping = crashLooping(object);
  return looping.length > 0 ? failed(`Containers in CrashLoop state: ${looping.join(",")}`) : inProgress("Pod is in the Pending phase");
}

function crashLooping(object: LiveObject): readonly string[] {
  const status = statusOf(object);
  const containers = [status["initContainerStatuses"], status["containerStatuses"]].flatMap((list) => (Array.isArray(list) ? list : []));
  return containers.flatMap((container: JsonValue) =>
    isObject(container) && waitingReason(container) === "CrashLoopBackOff" ? [textOf(container["name"])] : [],
  );
}

function waitingReason({ state }: JsonObject): JsonValue | undefined {
  const waiting = isObject(state) ? state["waiting"] : undefined;
  return isObject(waiting) ? waiting["reason"] : undefined;
}
