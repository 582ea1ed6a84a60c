import type { Clock, JsonObject } from "@plumb/std";
import { draftOf, objectAt, objectsAt, textAt } from "../draft.ts";
import type { Registry } from "../kinds/registry.ts";
import { Refusal } from "../refusal.ts";
import type { Resource } from "../resource.ts";
import { keyOf, type Store } from "../storage/store.ts";
import type { ObjectDeleter } from "../write/deleter.ts";
import { PLAIN_DELETE } from "../write/write-options.ts";
import { boundPod } from "../write/bind-pod.ts";
import { ownAfterUpdate, type Writer } from "../write/ownership.ts";
import type { ObjectWriter } from "../write/writer.ts";

export interface ActorParts {
  readonly store: Store;
  readonly writer: ObjectWriter;
  readonly deleter: ObjectDeleter;
  readonly registry: Registry;
  readonly clock: Clock;
  /** RFC 3339 in whole seconds. */
  readonly now: () => string;
}

/** The hands of a simulated controller: reads and writes as it would through the API, in its name. */
export class Actor {
  readonly #parts: ActorParts;
  readonly #manager: string;

  constructor(parts: ActorParts, manager: string) {
    this.#parts = parts;
    this.#manager = manager;
  }

  now(): string {
    return this.#parts.now();
  }

  get(collection: string, namespace: string, name: string): JsonObject | undefined {
    return this.#parts.store.collection(collection).get(keyOf(namespace, name));
  }

  list(collection: string, namespace: string): readonly JsonObject[] {
    return this.#parts.store
      .collection(collection)
      .snapshot(namespace === "" ? "" : `${namespace}/`)
      .entries.map(([, object]) => object);
  }

  /** The objects that `owner` controls. */
  owned(collection: string, owner: JsonObject): readonly JsonObject[] {
    const uid = textAt(owner, "metadata", "uid");
    return this.list(collection, textAt(owner, "metadata", "namespace") ?? "").filter((object) =>
      objectsAt(object, "metadata", "ownerReferences").some((one) => textAt(one, "uid") === uid && one["controller"] === true),
    );
  }

  /** Creates an object; undefined when it is refused, as in a namespace that is being deleted. */
  create(object: JsonObject): JsonObject | undefined {
    const resource = this.#parts.registry.findKind(textAt(object, "apiVersion") ?? "", textAt(object, "kind") ?? "");
    if (resource === undefined) return undefined;
    return this.#unlessRefused(() => {
      const draft = resource.codec.decode(draftOf(object), []);
      return this.#parts.writer.create(resource, textAt(object, "metadata", "namespace") ?? "", draft, {
        isDryRun: false,
        writer: this.#writer(""),
        warn: () => {},
      });
    });
  }

  /** Writes what `change` makes of the object, through its status endpoint or the main one. */
  update(object: JsonObject, subresource: "" | "status", change: (live: JsonObject) => JsonObject): void {
    const resource = this.#resource(object);
    if (resource === undefined) return;
    const writer = this.#writer(subresource);
    const target = { resource, namespace: textAt(object, "metadata", "namespace") ?? "", name: textAt(object, "metadata", "name") ?? "" };
    const make = (live: JsonObject | undefined): ReturnType<typeof draftOf> =>
      draftOf(ownAfterUpdate(resource, live, resource.codec.decode(change(live ?? {}), []), undefined, writer));
    this.#unlessRefused(() => this.#parts.writer.update(target, { mayCreate: false, make }, { isDryRun: false, writer, warn: () => {} }).object);
  }

  setStatus(object: JsonObject, status: JsonObject): void {
    this.update(object, "status", (live) => ({ ...live, status }));
  }

  /** Puts a pod on a node, as the scheduler does. */
  bind(pod: JsonObject, nodeName: string): void {
    const collection = this.#parts.store.collection("/pods");
    const key = keyOf(namespaceOf(pod), nameOf(pod));
    const live = collection.get(key);
    if (live !== undefined) collection.put(key, boundPod(live, nodeName, this.#parts.now()));
  }

  delete(object: JsonObject, gracePeriodSeconds?: number): void {
    const resource = this.#resource(object);
    if (resource === undefined) return;
    const target = { resource, namespace: textAt(object, "metadata", "namespace") ?? "", name: textAt(object, "metadata", "name") ?? "" };
    this.#unlessRefused(() => {
      this.#parts.deleter.delete(target, { ...PLAIN_DELETE, propagation: "Background", gracePeriodSeconds, uid: textAt(object, "metadata", "uid") });
      return undefined;
    });
  }

  #writer(subresource: string): Writer {
    return { manager: this.#manager, subresource, now: this.#parts.now() };
  }

  #resource(object: JsonObject): Resource | undefined {
    return this.#parts.registry.findKind(textAt(object, "apiVersion") ?? "", textAt(object, "kind") ?? "");
  }

  /** A refusal is for the next turn: the world has moved on. */
  #unlessRefused(run: () => JsonObject | undefined): JsonObject | undefined {
    try {
      return run();
    } catch (thrown) {
      if (thrown instanceof Refusal) return undefined;
      throw thrown;
    }
  }
}

/** The reference by which `owner` controls what it creates. */
export function controllerReference(owner: JsonObject): JsonObject {
  return {
    apiVersion: textAt(owner, "apiVersion") ?? "",
    kind: textAt(owner, "kind") ?? "",
    name: textAt(owner, "metadata", "name") ?? "",
    uid: textAt(owner, "metadata", "uid") ?? "",
    controller: true,
    blockOwnerDeletion: true,
  };
}

export function namespaceOf(object: JsonObject): string {
  return textAt(object, "metadata", "namespace") ?? "";
}

export function nameOf(object: JsonObject): string {
  return textAt(object, "metadata", "name") ?? "";
}

/** A pod from a template, owned by `owner`. */
export function podFrom(
  owner: JsonObject,
  name: { readonly name: string } | { readonly generateName: string },
  labels: JsonObject = {},
  extra: JsonObject = {},
): JsonObject {
  const template = objectAt(owner, "spec", "template");
  const metadata = objectAt(template, "metadata") ?? {};
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      ...name,
      namespace: namespaceOf(owner),
      labels: { ...objectAt(metadata, "labels"), ...labels },
      ...(metadata["annotations"] === undefined ? {} : { annotations: metadata["annotations"] }),
      ownerReferences: [controllerReference(owner)],
    },
    spec: { ...objectAt(template, "spec"), ...extra },
  };
}
