import type { JsonObject } from "@plumb/std";
import { numberAt, textAt, valueAt } from "../draft.ts";
import { nameOf, podFrom, type Actor } from "./actor.ts";
import { isPodReady, livePods, replicasOf } from "./pods.ts";

/** One step of a ReplicaSet: as many pods as asked for, and its status. */
export function syncReplicaSet(actor: Actor, set: JsonObject): void {
  if (valueAt(set, "metadata", "deletionTimestamp") !== undefined) return;
  const wanted = replicasOf(set);
  const pods = livePods(actor, set).filter((pod) => textAt(pod, "status", "phase") !== "Failed");
  for (let at = pods.length; at < wanted; at++) actor.create(podFrom(set, { generateName: `${nameOf(set)}-` }));
  // What is not ready goes first.
  for (const pod of [...pods].sort((a, b) => Number(isPodReady(a)) - Number(isPodReady(b))).slice(0, Math.max(0, pods.length - wanted))) actor.delete(pod);
  const left = livePods(actor, set);
  const ready = left.filter(isPodReady).length;
  actor.setStatus(set, {
    observedGeneration: numberAt(set, "metadata", "generation") ?? 1,
    replicas: left.length,
    fullyLabeledReplicas: left.length,
    readyReplicas: ready,
    availableReplicas: ready,
  });
}
