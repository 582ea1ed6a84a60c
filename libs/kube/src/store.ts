import type { LiveObject } from "@plumb/api";
import { ToolkitError, toToolkitError, unlessAborted } from "@plumb/std";
import { follow, isBehind, type Delta, type Followed, type Replaced } from "./follow.ts";

/** What changed of one object: no `before` when it is new to the store, no `after` when it is gone. */
export interface StoreChange {
  readonly before: LiveObject | undefined;
  readonly after: LiveObject | undefined;
  /** The cluster was set back to `after`, as from a backup: what was written since is undone, though the version may be the known one. */
  readonly isSetBack?: true;
}

export interface StoreOptions extends Followed {
  /** Names to functions that give the values under which an object is found; none where it is not to be found. */
  readonly indexes?: Readonly<Record<string, (object: LiveObject) => readonly string[]>>;
}

/** The objects of one kind as a watch has them. Empty until the first list, then always the newest that was seen. */
export class Store {
  readonly #options: StoreOptions;
  /** By `namespace/name`. */
  readonly #objects = new Map<string, LiveObject>();
  /** By index, then value: keys of `#objects`. No empty set. */
  readonly #indexed = new Map<string, Map<string, Set<string>>>();
  readonly #handlers = new Set<(change: StoreChange) => void>();
  readonly #synced = Promise.withResolvers<void>();
  #isSynced = false;
  #resourceVersion = "";

  constructor(options: StoreOptions) {
    this.#options = options;
    for (const name of Object.keys(options.indexes ?? {})) this.#indexed.set(name, new Map());
  }

  /** True from the end of the first list on. */
  get isSynced(): boolean {
    return this.#isSynced;
  }

  get size(): number {
    return this.#objects.size;
  }

  /** The newest version seen; empty before the first list. */
  get resourceVersion(): string {
    return this.#resourceVersion;
  }

  /** Follows the kind until `signal` aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    try {
      for await (const delta of follow(this.#options, signal)) this.#take(delta);
    } catch (thrown) {
      const error = toToolkitError(thrown);
      if (error.kind !== "cancelled") this.#options.onError?.(error);
    }
  }

  /** Resolves when the first list is in. @throws {ToolkitError} `cancelled` when `signal` aborts first */
  async waitSynced(signal: AbortSignal): Promise<void> {
    const stopped = (): ToolkitError => new ToolkitError("cancelled", `stopped before the first list of ${this.#options.resource.plural}`);
    await unlessAborted(this.#synced.promise, signal, stopped);
  }

  /** @param namespace empty for cluster scope */
  get(namespace: string, name: string): LiveObject | undefined {
    return this.#objects.get(`${namespace}/${name}`);
  }

  list(): Iterable<LiveObject> {
    return this.#objects.values();
  }

  /** The objects that the index `index` files under `value`, in no order. */
  byIndex(index: string, value: string): readonly LiveObject[] {
    const keys = this.#indexed.get(index)?.get(value) ?? [];
    return [...keys].map((key) => this.#objects.get(key)).filter((object) => object !== undefined);
  }

  /** Calls `handle` for what is there and for every change from then on; returns how to stop that. */
  subscribe(handle: (change: StoreChange) => void): () => void {
    for (const after of this.#objects.values()) this.#call(handle, { before: undefined, after });
    this.#handlers.add(handle);
    return () => {
      this.#handlers.delete(handle);
    };
  }

  #take(delta: Delta): void {
    switch (delta.kind) {
      case "replaced":
        this.#replace(delta);
        this.#resourceVersion = delta.resourceVersion;
        this.#isSynced = true;
        this.#synced.resolve();
        return;
      case "put":
        this.#put(delta.item);
        this.#resourceVersion = delta.item.metadata.resourceVersion;
        return;
      case "gone":
        this.#remove(keyOf(delta.item), delta.item);
        this.#resourceVersion = delta.item.metadata.resourceVersion;
        return;
      case "bookmark":
        this.#resourceVersion = delta.resourceVersion;
        return;
      default:
        delta satisfies never;
    }
  }

  /** A list shows every object at its newest: one that is older than what is known of it was set back, and all with it. */
  #replace({ items, isSetBack = items.some((item) => this.#isAhead(item)) || undefined }: Replaced): void {
    const left = new Set(this.#objects.keys());
    for (const item of items) {
      left.delete(keyOf(item));
      this.#put(item, isSetBack);
    }
    for (const key of left) this.#remove(key, undefined);
  }

  #isAhead(item: LiveObject): boolean {
    const known = this.#objects.get(keyOf(item));
    return known?.metadata.uid === item.metadata.uid && isBehind(item.metadata.resourceVersion, known.metadata.resourceVersion);
  }

  /** Tells nobody of a version that is there already. A re-created object is told as gone first. */
  #put(after: LiveObject, isSetBack?: true): void {
    const key = keyOf(after);
    const known = this.#objects.get(key);
    if (known !== undefined && known.metadata.uid !== after.metadata.uid) this.#remove(key, undefined);
    const before = this.#objects.get(key);
    if (before?.metadata.resourceVersion === after.metadata.resourceVersion && isSetBack !== true) return;
    if (before !== undefined) this.#unfile(key, before);
    this.#objects.set(key, after);
    this.#file(key, after);
    this.#tell({ before, after, ...(isSetBack === true && { isSetBack }) });
  }

  #remove(key: string, last: LiveObject | undefined): void {
    const known = this.#objects.get(key);
    if (known === undefined) return;
    this.#unfile(key, known);
    this.#objects.delete(key);
    this.#tell({ before: last ?? known, after: undefined });
  }

  #file(key: string, object: LiveObject): void {
    for (const [name, valuesOf] of Object.entries(this.#options.indexes ?? {})) {
      const index = this.#indexed.get(name);
      for (const value of valuesOf(object)) {
        const keys = index?.get(value);
        if (keys === undefined) index?.set(value, new Set([key]));
        else keys.add(key);
      }
    }
  }

  #unfile(key: string, object: LiveObject): void {
    for (const [name, valuesOf] of Object.entries(this.#options.indexes ?? {})) {
      const index = this.#indexed.get(name);
      for (const value of valuesOf(object)) {
        const keys = index?.get(value);
        keys?.delete(key);
        if (keys?.size === 0) index?.delete(value);
      }
    }
  }

  #tell(change: StoreChange): void {
    for (const handle of this.#handlers) this.#call(handle, change);
  }

  /** A handler that throws is a bug of its own; the others and the store go on. */
  #call(handle: (change: StoreChange) => void, change: StoreChange): void {
    try {
      handle(change);
    } catch (thrown) {
      this.#options.onError?.(toToolkitError(thrown));
    }
  }
}

/** An object without what no cache needs: who owns which field, and kubectl's copy of the manifest. */
export function leanObject(object: LiveObject): LiveObject {
  const { managedFields: _, annotations, ...metadata } = object.metadata;
  if (annotations === undefined) return { ...object, metadata };
  const { "kubectl.kubernetes.io/last-applied-configuration": __, ...kept } = annotations;
  return { ...object, metadata: { ...metadata, annotations: kept } };
}

function keyOf({ metadata }: LiveObject): string {
  return `${metadata.namespace ?? ""}/${metadata.name}`;
}
