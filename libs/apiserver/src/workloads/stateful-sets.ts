import type { JsonObject } from "@plumb/std";
import { numberAt, objectAt, objectsAt, textAt, textsAt, valueAt } from "../draft.ts";
import { nameOf, namespaceOf, podFrom, type Actor } from "./actor.ts";
import { templateHash } from "./deployments.ts";
import { isPodReady, livePods, NODE_NAME, replicasOf } from "./pods.ts";
import { keepRevision } from "./revisions.ts";

const REVISION_LABEL = "controller-revision-hash";

/** One step of a StatefulSet: pods by ordinal, one after the other, claims from its templates, its status. */
export function syncStatefulSet(actor: Actor, set: JsonObject): void {
  if (valueAt(set, "metadata", "deletionTimestamp") !== undefined) return;
  keepRevision(actor, set);
  const wanted = replicasOf(set);
  const revision = `${nameOf(set)}-${templateHash(objectAt(set, "spec", "template"))}`;
  const first = numberAt(set, "spec", "ordinals", "start") ?? 0;
  const pods = new Map(actor.owned("/pods", set).map((pod) => [nameOf(pod), pod]));
  const isParallel = textAt(set, "spec", "podManagementPolicy") === "Parallel";
  for (let at = first; at < first + wanted; at++) {
    const name = `${nameOf(set)}-${at}`;
    const pod = pods.get(name);
    if (pod === undefined) createOrdinal(actor, set, name, at, revision);
    else if (textsAt(pod, "metadata", "labels").get(REVISION_LABEL) !== revision && textAt(set, "spec", "updateStrategy", "type") !== "OnDelete")
      actor.delete(pod);
    const isReady = pod !== undefined && isPodReady(pod);
    if (!isReady && !isParallel) break;
  }
  for (const [name, pod] of pods) {
    const ordinal = Number(name.slice(name.lastIndexOf("-") + 1));
    if (ordinal >= first + wanted || ordinal < first) actor.delete(pod);
  }
  actor.setStatus(set, statefulSetStatus(actor, set, revision));
}

function createOrdinal(actor: Actor, set: JsonObject, name: string, ordinal: number, revision: string): void {
  const labels = { [REVISION_LABEL]: revision, "statefulset.kubernetes.io/pod-name": name, "apps.kubernetes.io/pod-index": String(ordinal) };
  const templates = objectsAt(set, "spec", "volumeClaimTemplates");
  const claims = templates.map((template) => ({
    volume: textAt(template, "metadata", "name") ?? "",
    claim: `${textAt(template, "metadata", "name") ?? ""}-${name}`,
    template,
  }));
  for (const { claim, template } of claims) {
    if (actor.get("/persistentvolumeclaims", namespaceOf(set), claim) !== undefined) continue;
    actor.create({
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata: { name: claim, namespace: namespaceOf(set), labels: objectAt(set, "spec", "selector", "matchLabels") ?? {} },
      spec: objectAt(template, "spec") ?? {},
    });
  }
  const volumes = [
    ...objectsAt(set, "spec", "template", "spec", "volumes"),
    ...claims.map(({ volume, claim }) => ({ name: volume, persistentVolumeClaim: { claimName: claim } })),
  ];
  const extra = {
    hostname: name,
    ...(textAt(set, "spec", "serviceName") === undefined ? {} : { subdomain: textAt(set, "spec", "serviceName") ?? "" }),
    ...(volumes.length === 0 ? {} : { volumes }),
  };
  actor.create(podFrom(set, { name }, labels, extra));
}

function statefulSetStatus(actor: Actor, set: JsonObject, revision: string): JsonObject {
  const pods = livePods(actor, set);
  const ready = pods.filter(isPodReady).length;
  const updated = pods.filter((pod) => textsAt(pod, "metadata", "labels").get(REVISION_LABEL) === revision).length;
  const isDone = updated === replicasOf(set) && ready === replicasOf(set);
  const current = isDone ? revision : (textAt(set, "status", "currentRevision") ?? revision);
  return {
    observedGeneration: numberAt(set, "metadata", "generation") ?? 1,
    replicas: pods.length,
    readyReplicas: ready,
    availableReplicas: ready,
    currentReplicas: current === revision ? updated : pods.length - updated,
    updatedReplicas: updated,
    currentRevision: current,
    updateRevision: revision,
    collisionCount: 0,
  };
}

/** One step of a DaemonSet on a cluster of one node. */
export function syncDaemonSet(actor: Actor, set: JsonObject): void {
  if (valueAt(set, "metadata", "deletionTimestamp") !== undefined) return;
  keepRevision(actor, set);
  const hash = templateHash(objectAt(set, "spec", "template"));
  const pods = livePods(actor, set);
  const isCurrent = (pod: JsonObject): boolean => textsAt(pod, "metadata", "labels").get(REVISION_LABEL) === hash;
  const selector = textsAt(set, "spec", "template", "spec", "nodeSelector");
  const wanted = [...selector.keys()].every((key) => key === "kubernetes.io/os") ? 1 : 0;
  for (const pod of pods) if (!isCurrent(pod) || wanted === 0) actor.delete(pod);
  if (wanted === 1 && !pods.some(isCurrent))
    actor.create(
      podFrom(
        set,
        { generateName: `${nameOf(set)}-` },
        { [REVISION_LABEL]: hash, "pod-template-generation": String(numberAt(set, "metadata", "generation") ?? 1) },
        { nodeName: NODE_NAME },
      ),
    );
  const left = livePods(actor, set).filter(isCurrent);
  const ready = left.filter(isPodReady).length;
  actor.setStatus(set, {
    observedGeneration: numberAt(set, "metadata", "generation") ?? 1,
    currentNumberScheduled: left.length,
    desiredNumberScheduled: wanted,
    updatedNumberScheduled: left.length,
    numberMisscheduled: 0,
    numberReady: ready,
    ...(ready > 0 ? { numberAvailable: ready } : {}),
    ...(wanted > ready ? { numberUnavailable: wanted - ready } : {}),
  });
}

/** One step of a Job: its pods, until as many have ended well as it asks for. */
export function syncJob(actor: Actor, job: JsonObject): void {
  if (valueAt(job, "metadata", "deletionTimestamp") !== undefined || textAt(job, "status", "completionTime") !== undefined) return;
  const now = actor.now();
  if (valueAt(job, "spec", "suspend") === true) {
    actor.setStatus(job, {
      conditions: [{ type: "Suspended", status: "True", reason: "JobSuspended", message: "Job suspended", lastProbeTime: now, lastTransitionTime: now }],
    });
    return;
  }
  const pods = actor.owned("/pods", job);
  const succeeded = pods.filter((pod) => textAt(pod, "status", "phase") === "Succeeded").length;
  const active = pods.filter(
    (pod) => ["Pending", "Running"].includes(textAt(pod, "status", "phase") ?? "") && valueAt(pod, "metadata", "deletionTimestamp") === undefined,
  );
  const completions = numberAt(job, "spec", "completions") ?? 1;
  const wanted = Math.min(numberAt(job, "spec", "parallelism") ?? 1, completions - succeeded);
  for (let at = active.length; at < wanted; at++) actor.create(podFrom(job, { generateName: `${nameOf(job)}-` }));
  const startTime = textAt(job, "status", "startTime") ?? now;
  if (succeeded < completions) {
    actor.setStatus(job, {
      active: Math.max(active.length, wanted),
      ready: active.filter(isPodReady).length,
      startTime,
      terminating: 0,
      uncountedTerminatedPods: {},
      ...(succeeded === 0 ? {} : { succeeded }),
    });
    return;
  }
  const condition = (type: string): JsonObject => ({
    type,
    status: "True",
    lastProbeTime: now,
    lastTransitionTime: now,
    reason: "CompletionsReached",
    message: "Reached expected number of succeeded pods",
  });
  actor.setStatus(job, {
    startTime,
    completionTime: now,
    succeeded,
    ready: 0,
    terminating: 0,
    uncountedTerminatedPods: {},
    conditions: [condition("SuccessCriteriaMet"), condition("Complete")],
  });
}

/** Binds a claim to a volume of its own. */
export function syncClaim(actor: Actor, claim: JsonObject): void {
  if (textAt(claim, "status", "phase") === "Bound") return;
  const volumeName = `pvc-${textAt(claim, "metadata", "uid") ?? ""}`;
  const capacity = { storage: textAt(claim, "spec", "resources", "requests", "storage") ?? "1Gi" };
  const accessModes = valueAt(claim, "spec", "accessModes") ?? ["ReadWriteOnce"];
  const volume = actor.create({
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: volumeName },
    spec: {
      capacity,
      accessModes,
      persistentVolumeReclaimPolicy: "Delete",
      hostPath: { path: `/simulated/${volumeName}` },
      claimRef: {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        namespace: namespaceOf(claim),
        name: nameOf(claim),
        uid: textAt(claim, "metadata", "uid") ?? "",
      },
    },
  });
  if (volume !== undefined) actor.setStatus(volume, { phase: "Bound" });
  actor.update(claim, "", (live) => ({ ...live, spec: { ...objectAt(live, "spec"), volumeName } }));
  actor.setStatus(claim, { phase: "Bound", accessModes, capacity });
}
