import type { Clock, JsonObject } from "@plumb/std";
import { draftOf, draftValue, listAt, objectsAt, textAt, valueAt, within, without } from "../draft.ts";
import type { Registry } from "../kinds/registry.ts";
import type { Resource } from "../resource.ts";
import type { Store, StoreEvent } from "../storage/store.ts";
import { FOREGROUND, ORPHAN, withoutFinalizer, type ObjectDeleter } from "../write/deleter.ts";
import { ownAfterUpdate } from "../write/ownership.ts";
import { PLAIN_DELETE } from "../write/write-options.ts";
import { isDeletable } from "../write/writer.ts";
import { placeOf, placeText, type Place } from "./place.ts";
import { WorkQueue } from "./work-queue.ts";

interface Parts {
  readonly store: Store;
  readonly deleter: ObjectDeleter;
  readonly registry: Registry;
  readonly clock: Clock;
  /** RFC 3339 in whole seconds. */
  readonly now: () => string;
}

const MANAGER = "kube-controller-manager";

/**
 * Deletes dependents whose owners are gone, and carries out orphaning and foreground deletion.
 *
 * Owners are known by uid; the index holds every object that names one.
 */
export class GarbageCollector {
  readonly #parts: Parts;
  readonly #queue: WorkQueue;
  readonly #stopListening: () => void;
  /** Every stored object by uid. */
  readonly #places = new Map<string, Place>();
  /** The places of dependents, as texts, by the uid of an owner. */
  readonly #dependents = new Map<string, Set<string>>();

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#queue = new WorkQueue(parts.clock, 5, (place) => this.#look(place));
    for (const [name, collection] of parts.store.collections()) for (const [key, object] of collection.snapshot("").entries) this.#index(name, key, object);
    this.#stopListening = parts.store.onChange((collection, event) => this.#changed(collection, event));
  }

  stop(): void {
    this.#stopListening();
    this.#queue.stop();
  }

  #changed(collection: string, { kind, key, object, previous }: StoreEvent): void {
    const place = placeText({ collection, key });
    if (previous !== undefined) for (const owner of ownersOf(previous)) this.#dependents.get(owner.uid)?.delete(place);
    if (kind === "put") {
      this.#index(collection, key, object);
      if (ownersOf(object).length > 0 || isHeldByCollector(object)) this.#queue.add(place);
      return;
    }
    const uid = textAt(object, "metadata", "uid") ?? "";
    this.#places.delete(uid);
    for (const dependent of this.#dependents.get(uid) ?? []) this.#queue.add(dependent);
    for (const owner of ownersOf(object)) this.#wake(owner.uid);
  }

  #index(collection: string, key: string, object: JsonObject): void {
    this.#places.set(textAt(object, "metadata", "uid") ?? "", { collection, key });
    for (const { uid } of ownersOf(object)) {
      const known = this.#dependents.get(uid) ?? new Set();
      known.add(placeText({ collection, key }));
      this.#dependents.set(uid, known);
    }
  }

  #wake(uid: string): void {
    const place = this.#places.get(uid);
    if (place !== undefined) this.#queue.add(placeText(place));
  }

  #look(place: string): void {
    const { collection, key } = placeOf(place);
    const object = this.#parts.store.collection(collection).get(key);
    if (object === undefined) return;
    if (isHeldByCollector(object)) this.#finish(collection, key, object);
    else this.#judge(collection, key, object);
  }

  /** An object whose owners are all gone is deleted; one that has others loses the references that lead nowhere. */
  #judge(collection: string, key: string, object: JsonObject): void {
    const owners = ownersOf(object);
    if (owners.length === 0 || valueAt(object, "metadata", "deletionTimestamp") !== undefined) return;
    const namespace = textAt(object, "metadata", "namespace") ?? "";
    const states = owners.map((owner) => ({ owner, state: this.#stateOf(owner, namespace) }));
    const gone = new Set(states.filter(({ state }) => state === "gone").map(({ owner }) => owner.uid));
    const waiting = new Set(states.filter(({ state }) => state === "foreground").map(({ owner }) => owner.uid));
    const solid = states.filter(({ state }) => state === "there");
    if (solid.length > 0) {
      if (gone.size + waiting.size > 0) this.#dropOwners(collection, key, object, new Set([...gone, ...waiting]));
      return;
    }
    const hasDependents = (this.#dependents.get(textAt(object, "metadata", "uid") ?? "")?.size ?? 0) > 0;
    this.#delete(collection, object, waiting.size > 0 && hasDependents ? "Foreground" : undefined);
  }

  /** An owner in another namespace does not count as one. */
  #stateOf({ uid, apiVersion, kind }: Owner, namespace: string): "there" | "gone" | "foreground" {
    const place = this.#places.get(uid);
    // Of an owner whose kind nobody serves, nothing can be said.
    if (place === undefined) return this.#parts.registry.findKind(apiVersion, kind) === undefined ? "there" : "gone";
    const owner = this.#parts.store.collection(place.collection).get(place.key);
    if (owner === undefined) return "gone";
    const ownNamespace = textAt(owner, "metadata", "namespace") ?? "";
    if (ownNamespace !== "" && ownNamespace !== namespace) return "gone";
    return valueAt(owner, "metadata", "deletionTimestamp") !== undefined && listAt(owner, "metadata", "finalizers").includes(FOREGROUND)
      ? "foreground"
      : "there";
  }

  /** Carries out what `orphan` or `foregroundDeletion` asks for. */
  #finish(collection: string, key: string, object: JsonObject): void {
    const uid = textAt(object, "metadata", "uid") ?? "";
    const dependents = [...(this.#dependents.get(uid) ?? [])];
    if (listAt(object, "metadata", "finalizers").includes(ORPHAN)) {
      for (const place of dependents) this.#orphan(place, uid);
      this.#release(collection, key, ORPHAN);
      return;
    }
    let isBlocked = false;
    for (const place of dependents) {
      const at = placeOf(place);
      const stored = this.#parts.store.collection(at.collection);
      const dependent = stored.get(at.key);
      if (dependent === undefined) continue;
      if (valueAt(dependent, "metadata", "deletionTimestamp") === undefined) this.#judge(at.collection, at.key, dependent);
      const left = stored.get(at.key);
      if (left !== undefined && ownersOf(left).some((owner) => owner.uid === uid && owner.blocks)) isBlocked = true;
    }
    if (!isBlocked) this.#release(collection, key, FOREGROUND);
  }

  #orphan(place: string, uid: string): void {
    const { collection, key } = placeOf(place);
    const object = this.#parts.store.collection(collection).get(key);
    if (object !== undefined) this.#dropOwners(collection, key, object, new Set([uid]));
  }

  #dropOwners(collection: string, key: string, object: JsonObject, uids: ReadonlySet<string>): void {
    const left = objectsAt(object, "metadata", "ownerReferences").filter((owner) => !uids.has(textAt(owner, "uid") ?? ""));
    const draft = draftOf(object);
    const metadata = within(draft, "metadata");
    if (left.length > 0) metadata["ownerReferences"] = left.map(draftValue);
    const after = left.length > 0 ? draft : { ...draft, metadata: without(metadata, "ownerReferences") };
    const resource = this.#resourceOf(collection);
    const owned =
      resource === undefined ? after : ownAfterUpdate(resource, object, after, undefined, { manager: MANAGER, subresource: "", now: this.#parts.now() });
    this.#parts.store.collection(collection).put(key, owned);
  }

  #release(collection: string, key: string, finalizer: string): void {
    const stored = this.#parts.store.collection(collection);
    const object = stored.get(key);
    if (object === undefined) return;
    const freed = withoutFinalizer(object, finalizer);
    if (isDeletable(freed)) stored.remove(key, freed);
    else stored.put(key, freed);
  }

  #delete(collection: string, object: JsonObject, propagation: "Foreground" | undefined): void {
    const resource = this.#resourceOf(collection);
    if (resource === undefined) return;
    const target = { resource, namespace: textAt(object, "metadata", "namespace") ?? "", name: textAt(object, "metadata", "name") ?? "" };
    this.#parts.deleter.delete(target, { ...PLAIN_DELETE, propagation });
  }

  #resourceOf(collection: string): Resource | undefined {
    return this.#parts.registry.resources().find((resource) => resource.collection === collection);
  }
}

interface Owner {
  readonly uid: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly blocks: boolean;
}

function ownersOf(object: JsonObject): readonly Owner[] {
  return objectsAt(object, "metadata", "ownerReferences").map((owner) => ({
    uid: textAt(owner, "uid") ?? "",
    apiVersion: textAt(owner, "apiVersion") ?? "",
    kind: textAt(owner, "kind") ?? "",
    blocks: owner["blockOwnerDeletion"] === true,
  }));
}

/** Being deleted, with a finalizer that the collector removes. */
function isHeldByCollector(object: JsonObject): boolean {
  if (valueAt(object, "metadata", "deletionTimestamp") === undefined) return false;
  const finalizers = listAt(object, "metadata", "finalizers");
  return finalizers.includes(ORPHAN) || finalizers.includes(FOREGROUND);
}
