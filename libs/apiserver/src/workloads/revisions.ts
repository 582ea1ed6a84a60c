import type { JsonObject } from "@plumb/std";
import { numberAt, objectAt, textAt } from "../draft.ts";
import { controllerReference, nameOf, namespaceOf, type Actor } from "./actor.ts";
import { templateHash } from "./template-hash.ts";

/** Names the template of a pod of a StatefulSet or DaemonSet. */
export const REVISION_LABEL = "controller-revision-hash";

const COLLECTION = "apps/controllerrevisions";
const DEFAULT_LIMIT = 10;

/**
 * Keeps the templates that a StatefulSet or DaemonSet has had, which `kubectl rollout history` and `undo` read: each template
 * once, the present one with the highest number, and no more old ones than its `revisionHistoryLimit`.
 */
export function keepRevision(actor: Actor, owner: JsonObject): void {
  const template = objectAt(owner, "spec", "template") ?? {};
  const name = `${nameOf(owner)}-${templateHash(template)}`;
  const kept = actor.owned(COLLECTION, owner).toSorted((a, b) => numberOf(a) - numberOf(b));
  const newest = kept.at(-1);
  if (newest !== undefined && nameOf(newest) === name) return;
  const revision = (newest === undefined ? 0 : numberOf(newest)) + 1;
  const again = kept.find((one) => nameOf(one) === name);
  if (again === undefined) actor.create(revisionOf(owner, template, name, revision));
  else actor.update(again, "", (live) => ({ ...live, revision }));
  const old = kept.filter((one) => one !== again);
  const limit = numberAt(owner, "spec", "revisionHistoryLimit") ?? DEFAULT_LIMIT;
  for (const one of old.slice(0, Math.max(0, old.length - limit))) actor.delete(one);
}

const numberOf = (revision: JsonObject): number => numberAt(revision, "revision") ?? 0;

function revisionOf(owner: JsonObject, template: JsonObject, name: string, revision: number): JsonObject {
  const labels = {
    ...objectAt(template, "metadata", "labels"),
    "controller-revision-hash": textAt(owner, "kind") === "DaemonSet" ? templateHash(template) : name,
  };
  const annotations = objectAt(owner, "metadata", "annotations");
  return {
    apiVersion: "apps/v1",
    kind: "ControllerRevision",
    metadata: {
      name,
      namespace: namespaceOf(owner),
      labels,
      ...(annotations === undefined ? {} : { annotations }),
      ownerReferences: [controllerReference(owner)],
    },
    // A strategic merge patch that puts the template back.
    data: { spec: { template: { ...template, $patch: "replace" } } },
    revision,
  };
}
