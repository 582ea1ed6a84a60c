import { randomUUID } from "node:crypto";
import type { JsonObject, JsonValue } from "@plumb/std";
import { draftOf, draftValue, equalJson, listAt, numberAt, objectAt, objectsAt, textAt, valueAt, within, type Draft } from "../draft.ts";
import {
  alreadyExists,
  badRequest,
  conflict,
  forbiddenWrite,
  invalid,
  invalidObject,
  notFound,
  serverError,
  STALE,
  type FieldFault,
  type Named,
} from "../refusal.ts";
import type { Resource, WriteContext } from "../resource.ts";
import { keyOf, type Store } from "../storage/store.ts";
import { finalizerNameFaults, validateChangedMeta, validateObjectMeta, validateObjectMetaUpdate } from "../validation/object-meta.ts";
import { ownAfterUpdate, type Writer } from "./ownership.ts";

/** Where a write goes. */
export interface Target {
  readonly resource: Resource;
  /** Empty for kinds without namespaces. */
  readonly namespace: string;
  readonly name: string;
}

export interface WriteOptions {
  readonly isDryRun: boolean;
  readonly writer: Writer;
  /** Collects texts for the header Warning. */
  readonly warn: (text: string) => void;
}

export interface Written {
  /** In the version of the request. */
  readonly object: JsonObject;
  readonly isCreated: boolean;
}

/** What an update makes of the live object; undefined when there is none. */
export interface Change {
  /** The object as the request wants it, managed fields included. */
  readonly make: (live: JsonObject | undefined) => Draft;
  /** True where the write may create the object. */
  readonly mayCreate: boolean;
  /** The uid that the object must have; a PUT names it in its body. */
  readonly uid?: string | undefined;
}

/** Creates and changes objects: the order of steps is that of upstream's generic registry. */
export class ObjectWriter {
  readonly #store: Store;
  readonly #context: (isDryRun: boolean) => WriteContext;

  constructor(store: Store, context: (isDryRun: boolean) => WriteContext) {
    this.#store = store;
    this.#context = context;
  }

  /** The object as a reader of this version sees it, or undefined. */
  read({ resource, namespace, name }: Target): JsonObject | undefined {
    const stored = this.#store.collection(resource.collection).get(keyOf(namespace, name));
    return stored === undefined ? undefined : present(resource, stored);
  }

  /**
   * Stores a new object.
   *
   * @param draft decoded, defaults set
   * @throws {Refusal} as upstream refuses it
   */
  create(resource: Resource, namespace: string, draft: Draft, options: WriteOptions): JsonObject {
    matchNamespace(resource, namespace, draft);
    dedupOwners(draft, options);
    wipeSystemFields(draft);
    const owned = draftOf(ownAfterUpdate(resource, undefined, draft, undefined, options.writer));
    return this.#insert(resource, namespace, owned, options, false);
  }

  /** @param ignoresVersion true for a write that would also have updated: a version in its body means nothing then */
  #insert(resource: Resource, namespace: string, draft: Draft, options: WriteOptions, ignoresVersion: boolean): JsonObject {
    const context = this.#context(options.isDryRun);
    const metadata = within(draft, "metadata");
    if (!resource.acceptsCreate)
      throw forbiddenWrite(named(resource, textAt(metadata, "name") ?? ""), "create not allowed while custom resource definition is terminating");
    this.#admitNamespace(resource, namespace, textAt(metadata, "name") ?? "");
    delete metadata["selfLink"];
    metadata["uid"] = randomUUID();
    metadata["creationTimestamp"] = options.writer.now;
    const generateName = textAt(metadata, "generateName") ?? "";
    if ((textAt(metadata, "name") ?? "") === "" && generateName !== "") metadata["name"] = `${generateName.slice(0, 58)}${randomSuffix()}`;
    resource.rules.prepareCreate(draft, context);
    const name = textAt(metadata, "name") ?? "";
    refuseFaults(resource, draft, [
      ...resource.rules.validate(draft, context),
      ...validateObjectMeta(metadata, resource.isNamespaced, resource.rules.names, takesAnyFinalizer(resource)),
    ]);
    for (const text of [...resource.rules.warnings(draft, undefined), ...finalizerWarnings(resource, metadata)]) options.warn(text);
    const collection = this.#store.collection(resource.collection);
    const key = keyOf(namespace, name);
    const version = textAt(metadata, "resourceVersion") ?? "";
    if (!ignoresVersion && version !== "" && version !== "0") throw serverError("resourceVersion should not be set on objects to be created");
    delete metadata["resourceVersion"];
    if (collection.get(key) !== undefined) throw alreadyExists(named(resource, name));
    resource.rules.allocate(draft, undefined, context);
    const stored = toStored(resource, draft);
    if (options.isDryRun) return present(resource, stored);
    return present(resource, collection.put(key, stored));
  }

  /** The admission plug-in NamespaceLifecycle. */
  #admitNamespace(resource: Resource, namespace: string, name: string): void {
    if (!resource.isNamespaced) return;
    const found = this.#store.collection("/namespaces").get(namespace);
    if (found === undefined) throw notFound({ group: "", resource: "namespaces", name: namespace });
    if (valueAt(found, "metadata", "deletionTimestamp") === undefined) return;
    const message = `namespace ${namespace} is being terminated`;
    throw forbiddenWrite(named(resource, name), `unable to create new content in namespace ${namespace} because it is being terminated`, [
      { reason: "NamespaceTerminating", message, field: "metadata.namespace" },
    ]);
  }

  /** Changes an object, or creates it where the request and the kind allow that. @throws {Refusal} as upstream refuses it */
  update(target: Target, change: Change, options: WriteOptions): Written {
    const { resource, namespace, name } = target;
    const live = this.read(target);
    if (live === undefined) {
      if (!change.mayCreate) throw notFound(named(resource, name));
      const draft = change.make(undefined);
      if (change.uid !== undefined && change.uid !== "") {
        throw conflict(named(resource, name), `uid mismatch: the provided object specified uid ${change.uid}, and no existing object was found`);
      }
      dedupOwners(draft, options);
      return { object: this.#insert(resource, namespace, draft, options, true), isCreated: true };
    }
    const uid = textAt(live, "metadata", "uid") ?? "";
    if (change.uid !== undefined && change.uid !== "" && change.uid !== uid) {
      throw conflict(named(resource, name), `Precondition failed: UID in precondition: ${change.uid}, UID in object meta: ${uid}`);
    }
    const draft = change.make(live);
    return { object: this.#replace(target, live, draft, options), isCreated: false };
  }

  #replace({ resource, namespace, name }: Target, live: JsonObject, draft: Draft, options: WriteOptions): JsonObject {
    const context = this.#context(options.isDryRun);
    dedupOwners(draft, options);
    checkVersion(resource, name, draft, live);
    prepareMetadata(draft, live, namespace);
    if (options.writer.subresource === "status") resource.rules.prepareStatus(draft, live);
    else resource.rules.prepareUpdate(draft, live, context);
    keepDeletion(draft, live);
    refuseFaults(resource, draft, updateFaults(resource, draft, live, context, options.writer.subresource));
    for (const text of [...resource.rules.warnings(draft, live), ...finalizerWarnings(resource, within(draft, "metadata"))]) options.warn(text);
    if (options.writer.subresource === "") resource.rules.allocate(draft, live, context);
    const collection = this.#store.collection(resource.collection);
    const key = keyOf(namespace, name);
    const old = collection.get(key);
    const next = toStored(resource, withVersionOf(draft, live));
    if (old !== undefined && equalJson(next, old)) return present(resource, old);
    if (options.isDryRun) return present(resource, next);
    if (isDeletable(next)) {
      collection.remove(key);
      resource.rules.release(next);
      return present(resource, next);
    }
    return present(resource, collection.put(key, next));
  }
}

/** As a reader in `resource`'s version sees what is stored. */
export function present(resource: Resource, stored: JsonObject): JsonObject {
  const read = resource.codec.read(stored);
  return textAt(read, "apiVersion") === resource.apiVersion ? read : (resource.convert(read, resource.apiVersion) ?? read);
}

function toStored(resource: Resource, written: JsonObject): JsonObject {
  const object = resource.codec.settled(written);
  return resource.storedVersion === resource.apiVersion ? object : (resource.convert(object, resource.storedVersion) ?? object);
}

/** Being deleted, and no finalizer holds it. */
export function isDeletable(object: JsonObject): boolean {
  const isHeld = listAt(object, "metadata", "finalizers").length > 0 || (numberAt(object, "metadata", "deletionGracePeriodSeconds") ?? 0) > 0;
  const isNamespace = textAt(object, "kind") === "Namespace" && textAt(object, "apiVersion") === "v1";
  return valueAt(object, "metadata", "deletionTimestamp") !== undefined && !isHeld && !(isNamespace && listAt(object, "spec", "finalizers").length > 0);
}

export function named({ group, plural }: Resource, name: string): Named {
  return { group, resource: plural, name };
}

function refuseFaults(resource: Resource, object: JsonObject, faults: readonly FieldFault[]): void {
  if (faults.length === 0) return;
  const kind = textAt(object, "kind") ?? resource.kind;
  throw invalidObject(resource.group, kind, textAt(object, "metadata", "name") ?? "", faults);
}

/** The namespace of the path goes into a body that has none. @throws {Refusal} 400 where the two differ */
export function matchNamespace(resource: Resource, namespace: string, draft: Draft): void {
  const metadata = within(draft, "metadata");
  const own = textAt(metadata, "namespace") ?? "";
  if (own !== "" && own !== namespace && resource.isNamespaced)
    throw badRequest("the namespace of the provided object does not match the namespace sent on the request");
  if (resource.isNamespaced) metadata["namespace"] = namespace;
  else if (resource.isCustom) delete metadata["namespace"];
}

/** What only the server says of a new object. */
function wipeSystemFields(draft: Draft): void {
  const metadata = within(draft, "metadata");
  for (const key of ["uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink"]) delete metadata[key];
}

function dedupOwners(draft: Draft, { warn }: WriteOptions): void {
  const owners = objectsAt(draft, "metadata", "ownerReferences");
  const distinct = owners.filter((owner, index) => owners.findIndex((other) => equalJson(owner, other)) === index);
  if (distinct.length === owners.length) return;
  warn(
    `.metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${owners.map((owner) => textAt(owner, "uid") ?? "").join(", ")}`,
  );
  within(draft, "metadata")["ownerReferences"] = distinct.map(draftValue);
}

/** Optimistic locking. Source: `Store.Update` in apiserver's generic registry. */
function checkVersion(resource: Resource, name: string, draft: Draft, live: JsonObject): void {
  const version = textAt(draft, "metadata", "resourceVersion") ?? "";
  if (!/^\d*$/.test(version)) throw serverError(`strconv.ParseUint: parsing ${JSON.stringify(version)}: invalid syntax`);
  if (version === "" || version === "0") {
    if (resource.rules.updatesUnconditionally) return;
    throw invalidObject(resource.group, resource.plural, name, [invalid("metadata.resourceVersion", 0, "must be specified for an update")]);
  }
  if (version !== textAt(live, "metadata", "resourceVersion")) throw conflict(named(resource, name), STALE);
}

function prepareMetadata(draft: Draft, live: JsonObject, namespace: string): void {
  const metadata = within(draft, "metadata");
  const before = objectAt(live, "metadata") ?? {};
  delete metadata["selfLink"];
  for (const key of ["generation", "creationTimestamp"]) keep(metadata, before, key);
  if ((textAt(metadata, "uid") ?? "") === "") keep(metadata, before, "uid");
  if (namespace !== "" && (textAt(metadata, "namespace") ?? "") === "") metadata["namespace"] = namespace;
}

/** A deletion that has begun goes on; that none begins by an update is checked with the rest. */
function keepDeletion(draft: Draft, live: JsonObject): void {
  const metadata = within(draft, "metadata");
  const before = objectAt(live, "metadata") ?? {};
  for (const key of ["deletionTimestamp", "deletionGracePeriodSeconds"]) if (before[key] !== undefined) keep(metadata, before, key);
}

function keep(metadata: Draft, before: JsonObject, key: string): void {
  const value: JsonValue | undefined = before[key];
  if (value === undefined) delete metadata[key];
  else metadata[key] = draftValue(value);
}

function withVersionOf(draft: Draft, live: JsonObject): JsonObject {
  return { ...draft, metadata: { ...within(draft, "metadata"), resourceVersion: textAt(live, "metadata", "resourceVersion") ?? "" } };
}

function updateFaults(resource: Resource, draft: Draft, live: JsonObject, context: WriteContext, subresource: string): readonly FieldFault[] {
  const metadata = within(draft, "metadata");
  const before = objectAt(live, "metadata") ?? {};
  const fixed = validateObjectMetaUpdate(metadata, before);
  const changed = validateChangedMeta(metadata);
  // Upstream checks the metadata over and over, for every kind and then in the kind's own checks. Clients see each cause.
  const repeats = Array.from({ length: resource.rules.metadataChecks }, () => changed).flat();
  const own = subresource === "status" ? resource.rules.validateStatus(draft, live) : resource.rules.validateUpdate(draft, live, context);
  return [...fixed, ...fixed, ...repeats, ...(takesAnyFinalizer(resource) ? [] : finalizerNameFaults(metadata)), ...own];
}

/** Where any name will do, one with a domain is better. */
function finalizerWarnings(resource: Resource, metadata: JsonObject): readonly string[] {
  if (!takesAnyFinalizer(resource)) return [];
  return finalizerNameFaults(metadata).map(
    ({ field }) => `${field}: prefer a domain-qualified finalizer name including a path (/) to avoid accidental conflicts with other finalizer writers`,
  );
}

/** Only the kinds of pkg/apis ask for qualified names of finalizers. */
function takesAnyFinalizer({ isCustom, group }: Resource): boolean {
  return isCustom || group === "apiextensions.k8s.io" || group === "apiregistration.k8s.io";
}

const SUFFIX_LETTERS = "bcdfghjklmnpqrstvwxz2456789";

/** Five letters without vowels, as upstream adds them to `generateName`. */
function randomSuffix(): string {
  return Array.from({ length: 5 }, () => SUFFIX_LETTERS[Math.floor(Math.random() * SUFFIX_LETTERS.length)]).join("");
}
