import type { JsonObject } from "@plumb/std";
import { numberAt, objectAt, textsAt, valueAt } from "../draft.ts";
import { nameOf, podFrom, type Actor } from "./actor.ts";
import { isPodReady, livePods, NODE_NAME } from "./pods.ts";
import { keepRevision, REVISION_LABEL } from "./revisions.ts";
import { templateHash } from "./template-hash.ts";

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
