import type { JsonObject } from "@plumb/std";
import { equalJson, numberAt, objectAt, objectsAt, textAt, textsAt, valueAt, without } from "../draft.ts";
import { controllerReference, nameOf, namespaceOf, type Actor } from "./actor.ts";
import { conditionsWith, type WantedCondition } from "./conditions.ts";
import { replicasOf } from "./pods.ts";
import { templateHash } from "./template-hash.ts";

const HASH = "pod-template-hash";
const REVISION = "deployment.kubernetes.io/revision";

/** A template without the label that its ReplicaSet has added. */
function bareTemplate(object: JsonObject): JsonObject {
  const template = objectAt(object, "spec", "template") ?? {};
  const metadata = objectAt(template, "metadata") ?? {};
  return { ...template, metadata: { ...metadata, labels: without(objectAt(metadata, "labels") ?? {}, HASH) } };
}

/** One step of a Deployment: its ReplicaSet, the old ones, its status. */
export function syncDeployment(actor: Actor, deployment: JsonObject): void {
  if (valueAt(deployment, "metadata", "deletionTimestamp") !== undefined) return;
  const sets = actor.owned("apps/replicasets", deployment);
  const current = sets.find((set) => equalJson(bareTemplate(set), bareTemplate(deployment))) ?? createReplicaSet(actor, deployment, sets);
  if (current === undefined) return;
  if (valueAt(deployment, "spec", "paused") !== true) {
    scale(actor, current, replicasOf(deployment));
    const isReplaced = (numberAt(current, "status", "readyReplicas") ?? 0) >= replicasOf(deployment);
    if (isReplaced || textAt(deployment, "spec", "strategy", "type") === "Recreate") for (const old of sets) if (old !== current) scale(actor, old, 0);
  }
  markRevision(actor, deployment, current);
  actor.setStatus(deployment, deploymentStatus(actor, deployment, current, sets));
}

function scale(actor: Actor, set: JsonObject, replicas: number): void {
  if (replicasOf(set) !== replicas) actor.update(set, "", (live) => ({ ...live, spec: { ...objectAt(live, "spec"), replicas } }));
}

function revisionOf(object: JsonObject): number {
  return Number(textsAt(object, "metadata", "annotations").get(REVISION) ?? 0);
}

function createReplicaSet(actor: Actor, deployment: JsonObject, sets: readonly JsonObject[]): JsonObject | undefined {
  const hash = templateHash(bareTemplate(deployment));
  const template = objectAt(deployment, "spec", "template") ?? {};
  const labels = { ...objectAt(template, "metadata", "labels"), [HASH]: hash };
  const selector = objectAt(deployment, "spec", "selector") ?? {};
  const revision = Math.max(0, ...sets.map(revisionOf)) + 1;
  return actor.create({
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: `${nameOf(deployment)}-${hash}`,
      namespace: namespaceOf(deployment),
      labels,
      annotations: { "deployment.kubernetes.io/desired-replicas": String(replicasOf(deployment)), [REVISION]: String(revision) },
      ownerReferences: [controllerReference(deployment)],
    },
    spec: {
      replicas: replicasOf(deployment),
      selector: { ...selector, matchLabels: { ...objectAt(selector, "matchLabels"), [HASH]: hash } },
      template: { ...template, metadata: { ...objectAt(template, "metadata"), labels } },
    },
  });
}

/** The Deployment carries the number of its ReplicaSet, and a set that is used again gets a new one. */
function markRevision(actor: Actor, deployment: JsonObject, current: JsonObject): void {
  const highest = Math.max(...actor.owned("apps/replicasets", deployment).map(revisionOf), 1);
  const annotate = (object: JsonObject, revision: number, subresource: "" | "status"): void =>
    actor.update(object, subresource, (live) => ({
      ...live,
      metadata: { ...objectAt(live, "metadata"), annotations: { ...objectAt(live, "metadata", "annotations"), [REVISION]: String(revision) } },
    }));
  const revision = revisionOf(current) === highest ? highest : highest + 1;
  if (revisionOf(current) !== revision) annotate(current, revision, "");
  // why: the real one writes it with the status, so that it counts as no change of the Deployment itself
  if (revisionOf(deployment) !== revision) annotate(deployment, revision, "status");
}

const countOf = (sets: readonly JsonObject[], key: string): number => sets.reduce((sum, set) => sum + (numberAt(set, "status", key) ?? 0), 0);

function deploymentStatus(actor: Actor, deployment: JsonObject, current: JsonObject, before: readonly JsonObject[]): JsonObject {
  const live = actor.get("apps/deployments", namespaceOf(deployment), nameOf(deployment)) ?? deployment;
  const set = actor.get("apps/replicasets", namespaceOf(current), nameOf(current)) ?? current;
  const sets = before.some((one) => nameOf(one) === nameOf(set)) ? actor.owned("apps/replicasets", deployment) : [...before, set];
  const wanted = replicasOf(live);
  const [total, ready, available, updated] = [
    countOf(sets, "replicas"),
    countOf(sets, "readyReplicas"),
    countOf(sets, "availableReplicas"),
    numberAt(set, "status", "replicas") ?? 0,
  ];
  const isDone = updated >= wanted && (numberAt(set, "status", "availableReplicas") ?? 0) >= wanted && total === wanted;
  return {
    observedGeneration: numberAt(live, "metadata", "generation") ?? 1,
    replicas: total,
    updatedReplicas: updated,
    readyReplicas: ready,
    availableReplicas: available,
    ...(wanted > available ? { unavailableReplicas: wanted - available } : {}),
    conditions: conditionsWith(live, [availability(live, available), progress(nameOf(set), isDone)], actor.now(), true),
  };
}

/** Upstream asks for all but a quarter. */
function availability(deployment: JsonObject, available: number): WantedCondition {
  const wanted = replicasOf(deployment);
  const least = wanted - Math.floor(wanted / 4);
  return available >= least
    ? { type: "Available", status: "True", reason: "MinimumReplicasAvailable", message: "Deployment has minimum availability." }
    : { type: "Available", status: "False", reason: "MinimumReplicasUnavailable", message: "Deployment does not have minimum availability." };
}

function progress(setName: string, isDone: boolean): WantedCondition {
  return isDone
    ? { type: "Progressing", status: "True", reason: "NewReplicaSetAvailable", message: `ReplicaSet "${setName}" has successfully progressed.` }
    : { type: "Progressing", status: "True", reason: "ReplicaSetUpdated", message: `ReplicaSet "${setName}" is progressing.` };
}

/** Says that a Deployment did not get anywhere in its time. */
export function failProgress(actor: Actor, deployment: JsonObject): void {
  const conditions = objectsAt(deployment, "status", "conditions");
  const progressing = conditions.find((one) => textAt(one, "type") === "Progressing");
  if (textAt(progressing, "reason") !== "ReplicaSetUpdated") return;
  const failed: WantedCondition = {
    type: "Progressing",
    status: "False",
    reason: "ProgressDeadlineExceeded",
    message: `ReplicaSet of "${nameOf(deployment)}" has timed out progressing.`,
  };
  actor.setStatus(deployment, { ...objectAt(deployment, "status"), conditions: conditionsWith(deployment, [failed], actor.now(), true) });
}
