import type { JsonObject } from "@plumb/std";
import { draftAt, draftOf, draftsAt, listAt, numberAt, textAt, valueAt, within, without, type Draft } from "../draft.ts";
import { conflict, forbiddenWrite, notFound, type Named } from "../refusal.ts";
import type { Resource } from "../resource.ts";
import { keyOf, type Collection, type Store } from "../storage/store.ts";
import type { DeleteOptions } from "./write-options.ts";
import { isDeletable, named, present, type Target } from "./writer.ts";

export const ORPHAN = "orphan";
export const FOREGROUND = "foregroundDeletion";

export const DEFINITION_FINALIZER = "customresourcecleanup.apiextensions.k8s.io";
/** The collection of CustomResourceDefinitions. */
export const DEFINITIONS = "apiextensions.k8s.io/customresourcedefinitions";

/** Namespaces that stay. Source: the admission plug-in NamespaceLifecycle. */
const IMMORTAL: ReadonlySet<string> = new Set(["default", "kube-system", "kube-public"]);

/** Kinds whose deletion is begun by the server and ended by a controller. */
const ENDED_ELSEWHERE: ReadonlySet<string> = new Set(["/namespaces", DEFINITIONS]);

/** What DELETE answers with. */
export type Deleted = { readonly kind: "object"; readonly object: JsonObject } | { readonly kind: "status"; readonly status: JsonObject };

/** Deletes as upstream's generic registry does: grace, finalizers, propagation, preconditions. */
export class ObjectDeleter {
  readonly #store: Store;
  /** RFC 3339 in whole seconds. */
  readonly #now: (afterSeconds: number) => string;

  constructor(store: Store, now: (afterSeconds: number) => string) {
    this.#store = store;
    this.#now = now;
  }

  /** @throws {Refusal} 404, or 409 for a precondition that does not hold */
  delete(target: Target, options: DeleteOptions): Deleted {
    const { resource, namespace, name } = target;
    const collection = this.#store.collection(resource.collection);
    const key = keyOf(namespace, name);
    const stored = collection.get(key);
    if (resource.collection === "/namespaces" && IMMORTAL.has(name)) throw forbiddenWrite(named(resource, name), "this namespace may not be deleted");
    if (stored === undefined) throw notFound(named(resource, name));
    checkPreconditions(resource, name, stored, options);
    const marked = this.#marked(resource, stored, options);
    if (!isDeletable(marked) || ENDED_ELSEWHERE.has(resource.collection)) {
      const isSame = marked === stored || options.isDryRun;
      return { kind: "object", object: present(resource, isSame ? marked : collection.put(key, marked)) };
    }
    // A Pod is marked and then taken, two changes that watchers see.
    const last = !resource.rules.deletesGracefully ? stored : options.isDryRun || marked === stored ? marked : collection.put(key, marked);
    const gone = options.isDryRun ? last : removed(collection, key, last, resource);
    if (resource.rules.answersDeleted) return { kind: "object", object: present(resource, gone) };
    return { kind: "status", status: success(named(resource, name), textAt(stored, "metadata", "uid") ?? "") };
  }

  /** Marked for deletion, with the finalizers that the policy asks for; the object itself where nothing is to be done. */
  #marked(resource: Resource, stored: JsonObject, options: DeleteOptions): JsonObject {
    const draft = draftOf(stored);
    const metadata = within(draft, "metadata");
    const hasChanged = setFinalizers(metadata, options);
    if (valueAt(stored, "metadata", "deletionTimestamp") !== undefined) {
      return this.#shortened(resource, draft, stored, options, hasChanged);
    }
    const graceSeconds = resource.rules.deletesGracefully ? podGrace(stored, options) : 0;
    metadata["deletionTimestamp"] = this.#now(graceSeconds);
    if (!ENDED_ELSEWHERE.has(resource.collection)) {
      metadata["deletionGracePeriodSeconds"] = graceSeconds;
      const generation = numberAt(metadata, "generation") ?? 0;
      if (generation > 0) metadata["generation"] = generation + 1;
    }
    if (resource.collection === "/namespaces") within(draft, "status")["phase"] = "Terminating";
    if (resource.collection === DEFINITIONS) sayPending(draft, this.#now(0));
    return draft;
  }

  /** A second DELETE may cut the grace period of a Pod short. */
  #shortened(resource: Resource, draft: Draft, stored: JsonObject, options: DeleteOptions, hasChanged: boolean): JsonObject {
    const grace = numberAt(stored, "metadata", "deletionGracePeriodSeconds") ?? 0;
    const asked = options.gracePeriodSeconds;
    // A definition that is deleted again gets the grace period that it did not get at first.
    if (resource.collection === DEFINITIONS && valueAt(stored, "metadata", "deletionGracePeriodSeconds") === undefined) {
      within(draft, "metadata")["deletionGracePeriodSeconds"] = 0;
      return draft;
    }
    if (!resource.rules.deletesGracefully || asked === undefined || asked >= grace) return hasChanged ? draft : stored;
    const metadata = within(draft, "metadata");
    metadata["deletionGracePeriodSeconds"] = asked;
    metadata["deletionTimestamp"] = this.#now(asked);
    return draft;
  }
}

/** A definition holds on until its objects are gone, and says so. */
function sayPending(definition: Draft, now: string): void {
  const message = "CustomResourceDefinition marked for deletion; CustomResource deletion will begin soon";
  const conditions = draftsAt(definition, "status", "conditions").filter((one) => one["type"] !== "Terminating");
  const metadata = within(definition, "metadata");
  const finalizers = listAt(metadata, "finalizers").filter((one) => typeof one === "string");
  if (!finalizers.includes(DEFINITION_FINALIZER)) metadata["finalizers"] = [...finalizers, DEFINITION_FINALIZER];
  within(definition, "status")["conditions"] = [
    ...conditions,
    { type: "Terminating", status: "True", lastTransitionTime: now, reason: "InstanceDeletionPending", message },
  ];
}

function removed(collection: Collection, key: string, last: JsonObject, resource: Resource): JsonObject {
  const gone = collection.remove(key, last) ?? last;
  resource.rules.release(gone);
  return gone;
}

/** A Pod that is on no node, or has ended, goes at once. */
function podGrace(pod: JsonObject, { gracePeriodSeconds }: DeleteOptions): number {
  const phase = textAt(pod, "status", "phase") ?? "";
  if ((textAt(pod, "spec", "nodeName") ?? "") === "" || phase === "Failed" || phase === "Succeeded") return 0;
  return gracePeriodSeconds ?? numberAt(pod, "spec", "terminationGracePeriodSeconds") ?? 30;
}

/** Sets `orphan` or `foregroundDeletion` as the policy says; true when that changed something. */
function setFinalizers(metadata: Draft, { propagation }: DeleteOptions): boolean {
  const before = listAt(metadata, "finalizers").filter((one) => typeof one === "string");
  const wanted = propagation === "Orphan" ? ORPHAN : propagation === "Foreground" ? FOREGROUND : undefined;
  const others = propagation === undefined ? before : before.filter((one) => one !== ORPHAN && one !== FOREGROUND);
  const after = wanted === undefined ? others : before.includes(wanted) ? before : [...others, wanted];
  if (after.length === before.length && after.every((one, index) => one === before[index])) return false;
  if (after.length === 0) delete metadata["finalizers"];
  else metadata["finalizers"] = [...after];
  return true;
}

function checkPreconditions({ group, kind, plural, collection }: Resource, name: string, stored: JsonObject, { uid, resourceVersion }: DeleteOptions): void {
  const of: Named = { group, resource: collection === "/namespaces" ? plural : kind, name };
  const live = { uid: textAt(stored, "metadata", "uid") ?? "", version: textAt(stored, "metadata", "resourceVersion") ?? "" };
  if (uid !== undefined && uid !== live.uid) {
    throw conflict(
      of,
      `the UID in the precondition (${uid}) does not match the UID in record (${live.uid}). The object might have been deleted and then recreated`,
    );
  }
  if (resourceVersion !== undefined && resourceVersion !== live.version) {
    throw conflict(
      of,
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${live.version}). The object might have been modified`,
    );
  }
}

function success({ group, resource, name }: Named, uid: string): JsonObject {
  const details = { name, ...(group === "" ? {} : { group }), kind: resource, uid };
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Success", details };
}

/** The object without a finalizer. */
export function withoutFinalizer(object: JsonObject, finalizer: string): JsonObject {
  const draft = draftOf(object);
  const metadata = draftAt(draft, "metadata");
  if (metadata === undefined) return object;
  const left = listAt(metadata, "finalizers").filter((one) => typeof one === "string" && one !== finalizer);
  if (left.length === 0) return { ...draft, metadata: without(metadata, "finalizers") };
  metadata["finalizers"] = left.filter((one) => typeof one === "string");
  return draft;
}
