import type { JsonObject } from "@plumb/std";
import { listAt, numberAt, objectsAt, textAt, valueAt } from "../draft.ts";
import type { Actor } from "./actor.ts";
import { conditionsWith, isTrue } from "./conditions.ts";

/** The one node of the simulated cluster. */
export const NODE_NAME = "simulated-node";

/** A pod whose image can never be had: from a registry under `.invalid` (RFC 2606), or with the tag `broken`. */
function isBroken(pod: JsonObject): boolean {
  return objectsAt(pod, "spec", "containers").some((container) => {
    const image = textAt(container, "image") ?? "";
    return /^[^/]*\.invalid(?::\d+)?\//.test(image) || image.endsWith(":broken");
  });
}

/** What the simulated scheduler and kubelet do next with a pod; answers when to look again. */
export function stepPod(actor: Actor, pod: JsonObject, startMs: number): number | undefined {
  if (valueAt(pod, "metadata", "deletionTimestamp") !== undefined) {
    if (listAt(pod, "metadata", "finalizers").length === 0) actor.delete(pod, 0);
    return undefined;
  }
  const phase = textAt(pod, "status", "phase") ?? "Pending";
  if (phase === "Succeeded" || phase === "Failed") return undefined;
  if ((textAt(pod, "spec", "nodeName") ?? "") === "") {
    if (listAt(pod, "spec", "schedulingGates").length > 0) return undefined;
    actor.bind(pod, NODE_NAME);
    return startMs;
  }
  if (isBroken(pod)) {
    if (!isWaiting(pod)) actor.setStatus(pod, waitingStatus(pod, actor.now()));
    return undefined;
  }
  if (phase === "Pending") {
    actor.setStatus(pod, runningStatus(pod, actor.now()));
    return endsByItself(pod) ? startMs : undefined;
  }
  if (endsByItself(pod)) actor.setStatus(pod, succeededStatus(pod, actor.now()));
  return undefined;
}

const isWaiting = (pod: JsonObject): boolean =>
  objectsAt(pod, "status", "containerStatuses").some((one) => textAt(one, "state", "waiting", "reason") !== undefined);

/** Pods of Jobs end; all others run on. */
const endsByItself = (pod: JsonObject): boolean => objectsAt(pod, "metadata", "ownerReferences").some((owner) => textAt(owner, "kind") === "Job");

function addressOf(pod: JsonObject): string {
  const uid = textAt(pod, "metadata", "uid") ?? "";
  const hash = Number.parseInt(uid.slice(0, 6), 16);
  return `10.244.${(hash >> 8) & 255}.${hash & 255 || 1}`;
}

function base(pod: JsonObject, now: string): JsonObject {
  const address = addressOf(pod);
  return {
    hostIP: "192.0.2.1",
    hostIPs: [{ ip: "192.0.2.1" }],
    podIP: address,
    podIPs: [{ ip: address }],
    qosClass: textAt(pod, "status", "qosClass") ?? "BestEffort",
    startTime: textAt(pod, "status", "startTime") ?? now,
  };
}

function conditions(pod: JsonObject, isReady: boolean, now: string, reason?: string): readonly JsonObject[] {
  const ready = { status: isReady ? "True" : "False", ...(reason === undefined ? {} : { reason }) } as const;
  return conditionsWith(
    pod,
    [
      { type: "PodReadyToStartContainers", status: "True" },
      { type: "Initialized", status: "True" },
      { type: "Ready", ...ready },
      { type: "ContainersReady", ...ready },
      { type: "PodScheduled", status: "True" },
    ],
    now,
    false,
  );
}

function containerStatuses(pod: JsonObject, state: JsonObject, isReady: boolean): readonly JsonObject[] {
  return objectsAt(pod, "spec", "containers").map((container) => ({
    name: textAt(container, "name") ?? "",
    image: textAt(container, "image") ?? "",
    imageID: "",
    ready: isReady,
    started: isReady,
    restartCount: 0,
    state,
    lastState: {},
  }));
}

function runningStatus(pod: JsonObject, now: string): JsonObject {
  return {
    ...base(pod, now),
    phase: "Running",
    conditions: conditions(pod, true, now),
    containerStatuses: containerStatuses(pod, { running: { startedAt: now } }, true),
  };
}

function waitingStatus(pod: JsonObject, now: string): JsonObject {
  const state = { waiting: { reason: "ImagePullBackOff", message: "the image cannot be pulled" } };
  return {
    ...base(pod, now),
    phase: "Pending",
    conditions: conditions(pod, false, now, "ContainersNotReady"),
    containerStatuses: containerStatuses(pod, state, false),
  };
}

function succeededStatus(pod: JsonObject, now: string): JsonObject {
  const state = { terminated: { exitCode: 0, reason: "Completed", startedAt: textAt(pod, "status", "startTime") ?? now, finishedAt: now } };
  return {
    ...base(pod, now),
    phase: "Succeeded",
    conditions: conditions(pod, false, now, "PodCompleted"),
    containerStatuses: containerStatuses(pod, state, false),
  };
}

export function isPodReady(pod: JsonObject): boolean {
  return isTrue(pod, "Ready") && valueAt(pod, "metadata", "deletionTimestamp") === undefined;
}

/** Pods of an owner that are not on their way out. */
export function livePods(actor: Actor, owner: JsonObject): readonly JsonObject[] {
  return actor.owned("/pods", owner).filter((pod) => valueAt(pod, "metadata", "deletionTimestamp") === undefined);
}

export const replicasOf = (object: JsonObject): number => numberAt(object, "spec", "replicas") ?? 1;
