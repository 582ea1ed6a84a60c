import type { Clock, JsonObject } from "@plumb/std";
import type { DefinitionController } from "../crd/definition-controller.ts";
import { draftOf, equalJson, listAt, objectAt, objectsAt, textAt, valueAt, within, without } from "../draft.ts";
import type { Registry } from "../kinds/registry.ts";
import type { Resource } from "../resource.ts";
import type { Store } from "../storage/store.ts";
import { NAMESPACE_FINALIZER } from "../strategies/namespace-rules.ts";
import { DEFINITIONS, type ObjectDeleter } from "../write/deleter.ts";
import { PLAIN_DELETE } from "../write/write-options.ts";
import { isDeletable } from "../write/writer.ts";
import { mergedConditions } from "./merged-conditions.ts";
import { WorkQueue } from "./work-queue.ts";

interface Parts {
  readonly store: Store;
  readonly deleter: ObjectDeleter;
  readonly registry: Registry;
  readonly clock: Clock;
  readonly now: () => string;
}

/** Empties Namespaces that are being deleted, and lets them go; the same for definitions of kinds. */
export class NamespaceController {
  readonly #parts: Parts;
  readonly #queue: WorkQueue;
  readonly #stop: () => void;

  constructor(parts: Parts, definitions: DefinitionController) {
    this.#parts = parts;
    const definitionQueue = new WorkQueue(parts.clock, 1, (name) => definitions.finish(name));
    this.#queue = new WorkQueue(parts.clock, 1, (name) => this.#finish(name));
    const stopListening = parts.store.onChange((collection, event) => {
      const isTerminating = valueAt(event.object, "metadata", "deletionTimestamp") !== undefined;
      if (collection === "/namespaces" && event.kind === "put" && isTerminating) this.#queue.add(event.key);
      if (collection === DEFINITIONS && event.kind === "put" && isTerminating) definitionQueue.add(event.key);
      if (event.kind !== "gone") return;
      const namespace = textAt(event.object, "metadata", "namespace");
      if (namespace !== undefined && this.#isTerminating(namespace)) this.#queue.add(namespace);
      const definition = `${collection.slice(collection.indexOf("/") + 1)}.${collection.slice(0, collection.indexOf("/"))}`;
      if (parts.store.collection(DEFINITIONS).get(definition) !== undefined) definitionQueue.add(definition);
    });
    this.#stop = () => {
      stopListening();
      this.#queue.stop();
      definitionQueue.stop();
    };
  }

  stop(): void {
    this.#stop();
  }

  #isTerminating(name: string): boolean {
    return valueAt(this.#parts.store.collection("/namespaces").get(name), "metadata", "deletionTimestamp") !== undefined;
  }

  #finish(name: string): void {
    const namespaces = this.#parts.store.collection("/namespaces");
    const namespace = namespaces.get(name);
    if (namespace === undefined || !this.#isTerminating(name)) return;
    const left = this.#empty(name);
    if (left.length > 0) {
      this.#sayWhatIsLeft(name, left);
      return;
    }
    const current = namespaces.get(name) ?? namespace;
    const finalizers = listAt(current, "spec", "finalizers").filter((one) => one !== NAMESPACE_FINALIZER);
    const freed = {
      ...current,
      spec: finalizers.length === 0 ? without(objectAt(current, "spec") ?? {}, "finalizers") : { ...objectAt(current, "spec"), finalizers },
    };
    if (isDeletable(freed)) namespaces.remove(name, freed);
    else if (finalizers.length !== listAt(current, "spec", "finalizers").length) namespaces.put(name, freed);
  }

  /** Deletes what is in the Namespace; answers what a finalizer still holds. */
  #empty(name: string): readonly (readonly [Resource, JsonObject])[] {
    const left: (readonly [Resource, JsonObject])[] = [];
    for (const resource of this.#namespacedKinds()) {
      const collection = this.#parts.store.collection(resource.collection);
      for (const [, object] of collection.snapshot(`${name}/`).entries) {
        const target = { resource, namespace: name, name: textAt(object, "metadata", "name") ?? "" };
        if (valueAt(object, "metadata", "deletionTimestamp") === undefined) this.#parts.deleter.delete(target, { ...PLAIN_DELETE, propagation: "Background" });
      }
      for (const [, object] of collection.snapshot(`${name}/`).entries) left.push([resource, object]);
    }
    return left;
  }

  /** One resource for each collection. */
  #namespacedKinds(): readonly Resource[] {
    const byCollection = new Map<string, Resource>();
    for (const resource of this.#parts.registry.resources()) {
      if (resource.isNamespaced && resource.verbs.includes("delete") && !byCollection.has(resource.collection)) byCollection.set(resource.collection, resource);
    }
    return [...byCollection.values()];
  }

  #sayWhatIsLeft(name: string, left: readonly (readonly [Resource, JsonObject])[]): void {
    const namespaces = this.#parts.store.collection("/namespaces");
    const namespace = namespaces.get(name);
    if (namespace === undefined) return;
    const conditions = mergedConditions(objectsAt(namespace, "status", "conditions"), conditionsFor(left), this.#parts.now());
    const draft = draftOf(namespace);
    within(draft, "status")["conditions"] = conditions.map(draftOf);
    if (!equalJson(conditions, objectsAt(namespace, "status", "conditions"))) namespaces.put(name, draft);
  }
}

function conditionsFor(left: readonly (readonly [Resource, JsonObject])[]): readonly JsonObject[] {
  const kinds = counted(left.map(([{ plural, group }]) => (group === "" ? `${plural}.` : `${plural}.${group}`)));
  const finalizers = counted(left.flatMap(([, object]) => listAt(object, "metadata", "finalizers").map(String)));
  const resources = [...kinds].map(([kind, count]) => `${kind} has ${count} resource instances`).join(", ");
  const held = [...finalizers].map(([finalizer, count]) => `${finalizer} in ${count} resource instances`).join(", ");
  return [
    { type: "NamespaceDeletionDiscoveryFailure", status: "False", reason: "ResourcesDiscovered", message: "All resources successfully discovered" },
    {
      type: "NamespaceDeletionGroupVersionParsingFailure",
      status: "False",
      reason: "ParsedGroupVersions",
      message: "All legacy kube types successfully parsed",
    },
    {
      type: "NamespaceDeletionContentFailure",
      status: "False",
      reason: "ContentDeleted",
      message: "All content successfully deleted, may be waiting on finalization",
    },
    { type: "NamespaceContentRemaining", status: "True", reason: "SomeResourcesRemain", message: `Some resources are remaining: ${resources}` },
    finalizers.size === 0
      ? { type: "NamespaceFinalizersRemaining", status: "False", reason: "ContentHasNoFinalizers", message: "All content-preserving finalizers finished" }
      : {
          type: "NamespaceFinalizersRemaining",
          status: "True",
          reason: "SomeFinalizersRemain",
          message: `Some content in the namespace has finalizers remaining: ${held}`,
        },
  ];
}

function counted(names: readonly string[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}
