import type { JsonObject } from "@plumb/std";
import { draftOf, equalJson, listAt, objectAt, objectsAt, textAt, valueAt, type Draft } from "../draft.ts";
import type { Registry } from "../kinds/registry.ts";
import { mergedConditions } from "../lifecycle/merged-conditions.ts";
import type { Resource } from "../resource.ts";
import type { Store, StoreEvent } from "../storage/store.ts";
import { DEFINITION_FINALIZER, DEFINITIONS, withoutFinalizer, type ObjectDeleter } from "../write/deleter.ts";
import { PLAIN_DELETE } from "../write/write-options.ts";
import type { ObjectWriter } from "../write/writer.ts";
import { ownAfterUpdate } from "../write/ownership.ts";
import { customResources } from "./custom-resource.ts";

interface Parts {
  readonly store: Store;
  readonly writer: ObjectWriter;
  readonly deleter: ObjectDeleter;
  readonly registry: Registry;
  readonly now: () => string;
}

/**
 * Accepts names, establishes definitions, serves their kinds, and ends them.
 *
 * A definition is established in the same turn as it is stored, so a client that has created one can use it at once.
 */
export class DefinitionController {
  readonly #parts: Parts;
  readonly #stop: () => void;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#stop = parts.store.onChange((collection, event) => {
      if (collection === DEFINITIONS) this.#changed(event);
    });
  }

  stop(): void {
    this.#stop();
  }

  #changed({ kind, key, object }: StoreEvent): void {
    if (kind === "gone") {
      this.#parts.registry.serve(key, []);
      return;
    }
    const conditions = objectsAt(object, "status", "conditions");
    const accepted = this.#acceptance(object);
    const wanted = mergedConditions(conditions, accepted, this.#parts.now());
    const names = this.#acceptedNames(object);
    if (!equalJson(wanted, conditions) || !equalJson(names, objectAt(object, "status", "acceptedNames"))) {
      this.#writeStatus(key, { ...objectAt(object, "status"), acceptedNames: names, conditions: wanted });
      return;
    }
    if (isTrue(conditions, "Established")) this.#parts.registry.serve(key, customResources(object));
  }

  /** NamesAccepted and Established, as they should be. */
  #acceptance(definition: JsonObject): readonly JsonObject[] {
    const conflict = this.#conflict(definition);
    const wasEstablished = isTrue(objectsAt(definition, "status", "conditions"), "Established");
    const names =
      conflict === undefined
        ? { type: "NamesAccepted", status: "True", reason: "NoConflicts", message: "no conflicts found" }
        : { type: "NamesAccepted", status: "False", ...conflict };
    const established =
      conflict === undefined || wasEstablished
        ? { type: "Established", status: "True", reason: "InitialNamesAccepted", message: "the initial names have been accepted" }
        : { type: "Established", status: "False", reason: "NotAccepted", message: "not all names are accepted" };
    return [names, established];
  }

  /** The names as they are asked for, those that another definition holds as they were. */
  #acceptedNames(definition: JsonObject): JsonObject {
    const wanted = objectAt(definition, "spec", "names") ?? {};
    const checks = this.#takenNames(definition);
    if (!checks.some(({ isTaken }) => isTaken)) return wanted;
    const before = objectAt(definition, "status", "acceptedNames") ?? {};
    const isFree = (member: string): boolean => !checks.some((check) => check.member === member && check.isTaken);
    const members = ["plural", "singular", "shortNames", "kind", "listKind"].map((key) => [key, (isFree(key) ? wanted : before)[key]] as const);
    const known = Object.fromEntries(members.filter(([, value]) => value !== undefined));
    return { plural: "", kind: "", ...known };
  }

  /** The last name that another definition of the group holds; a list kind is looked at last. */
  #conflict(definition: JsonObject): { readonly reason: string; readonly message: string } | undefined {
    const found = this.#takenNames(definition).findLast(({ isTaken }) => isTaken);
    if (found === undefined) return undefined;
    const reason = `${found.member.slice(0, 1).toUpperCase()}${found.member.slice(1)}Conflict`;
    return { reason, message: `${JSON.stringify(found.name)} is already in use` };
  }

  #takenNames(definition: JsonObject): readonly { readonly member: string; readonly name: string; readonly isTaken: boolean }[] {
    const group = textAt(definition, "spec", "group");
    const own = textAt(definition, "metadata", "name");
    const { entries } = this.#parts.store.collection(DEFINITIONS).snapshot("");
    const others = entries.map(([, other]) => other).filter((other) => textAt(other, "spec", "group") === group && textAt(other, "metadata", "name") !== own);
    const taken = new Set(others.flatMap((other) => namesOf(objectAt(other, "status", "acceptedNames"))));
    const kinds = new Set(others.flatMap((other) => kindsOf(objectAt(other, "status", "acceptedNames"))));
    const names = objectAt(definition, "spec", "names");
    const checks: readonly (readonly [string, string, ReadonlySet<string>])[] = [
      ["plural", textAt(names, "plural") ?? "", taken],
      ["singular", textAt(names, "singular") ?? "", taken],
      ...listAt(names, "shortNames").map((name) => ["shortNames", String(name), taken] as const),
      ["kind", textAt(names, "kind") ?? "", kinds],
      ["listKind", textAt(names, "listKind") ?? "", kinds],
    ];
    return checks.map(([member, name, held]) => ({ member, name, isTaken: name !== "" && held.has(name) }));
  }

  #resource(): Resource | undefined {
    return this.#parts.registry.find("apiextensions.k8s.io", "v1", "customresourcedefinitions");
  }

  #writeStatus(name: string, status: JsonObject): void {
    const resource = this.#resource();
    if (resource === undefined) return;
    const writer = { manager: "kube-apiserver", subresource: "status", now: this.#parts.now() };
    const make = (live: JsonObject | undefined): Draft => draftOf(ownAfterUpdate(resource, live, { ...live, status }, undefined, writer));
    this.#parts.writer.update({ resource, namespace: "", name }, { mayCreate: false, make }, { isDryRun: false, writer, warn: () => {} });
  }

  /** Deletes the objects of a definition that is being deleted, and lets it go when none is left. */
  finish(name: string): void {
    const definition = this.#parts.store.collection(DEFINITIONS).get(name);
    if (definition === undefined || valueAt(definition, "metadata", "deletionTimestamp") === undefined) return;
    if (!listAt(definition, "metadata", "finalizers").includes(DEFINITION_FINALIZER)) return;
    const group = textAt(definition, "spec", "group") ?? "";
    const [resource] = customResources(definition);
    const collection = this.#parts.store.collection(`${group}/${textAt(definition, "spec", "names", "plural") ?? ""}`);
    for (const [, object] of collection.snapshot("").entries) {
      if (resource === undefined || valueAt(object, "metadata", "deletionTimestamp") !== undefined) continue;
      const target = { resource, namespace: textAt(object, "metadata", "namespace") ?? "", name: textAt(object, "metadata", "name") ?? "" };
      this.#parts.deleter.delete(target, PLAIN_DELETE);
    }
    if (collection.size === 0) this.#letGo(name, definition);
    else this.#sayInProgress(name, definition);
  }

  #sayInProgress(name: string, definition: JsonObject): void {
    const conditions = objectsAt(definition, "status", "conditions");
    if (conditions.some((one) => textAt(one, "reason") === "InstanceDeletionInProgress")) return;
    const condition = { type: "Terminating", status: "True", reason: "InstanceDeletionInProgress", message: "CustomResource deletion is in progress" };
    this.#writeStatus(name, { ...objectAt(definition, "status"), conditions: mergedConditions(conditions, [condition], this.#parts.now()) });
  }

  #letGo(name: string, definition: JsonObject): void {
    const collection = this.#parts.store.collection(DEFINITIONS);
    const isLast = listAt(withoutFinalizer(definition, DEFINITION_FINALIZER), "metadata", "finalizers").length === 0;
    if (isLast) {
      collection.remove(name);
      return;
    }
    const completed = { type: "Terminating", status: "False", reason: "InstanceDeletionCompleted", message: "removed all instances" };
    const conditions = mergedConditions(objectsAt(definition, "status", "conditions"), [completed], this.#parts.now());
    this.#writeStatus(name, { ...objectAt(definition, "status"), conditions });
    collection.put(name, withoutFinalizer(collection.get(name) ?? definition, DEFINITION_FINALIZER));
  }
}

function namesOf(names: JsonObject | undefined): readonly string[] {
  return [textAt(names, "plural") ?? "", textAt(names, "singular") ?? "", ...listAt(names, "shortNames").map(String)];
}

function kindsOf(names: JsonObject | undefined): readonly string[] {
  return [textAt(names, "kind") ?? "", textAt(names, "listKind") ?? ""];
}

function isTrue(conditions: readonly JsonObject[], type: string): boolean {
  return conditions.some((condition) => textAt(condition, "type") === type && textAt(condition, "status") === "True");
}
