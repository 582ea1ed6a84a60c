import type { JsonObject } from "@plumb/std";
import { numberAt, objectAt, objectsAt, textAt, textsAt, valueAt } from "../draft.ts";
import { nameOf, namespaceOf, podFrom, type Actor } from "./actor.ts";
import { isPodReady, livePods, replicasOf } from "./pods.ts";
import { keepRevision, REVISION_LABEL } from "./revisions.ts";
import { templateHash } from "./template-hash.ts";

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
