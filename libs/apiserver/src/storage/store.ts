import { compareText, type JsonObject } from "@plumb/std";
import { objectAt } from "../draft.ts";

/** One change of one object. `object` carries the version of the change, of a removed object too. */
export interface StoreEvent {
  readonly version: number;
  readonly kind: "put" | "gone";
  readonly key: string;
  readonly object: JsonObject;
  /** What was there before; undefined for a new object. */
  readonly previous: JsonObject | undefined;
}

export type StoreListener = (event: StoreEvent) => void;

/** The objects of one kind as they were at one version, in the order of their keys. */
export interface Snapshot {
  readonly version: number;
  readonly entries: readonly (readonly [key: string, object: JsonObject])[];
}

/** Changes that are kept for each kind; older ones are forgotten, so that a watch from before them is told `410`. */
const DEFAULT_EVENTS_KEPT = 5000;

/** `namespace/name`, or `name` for a kind without namespaces; sorted by code unit, as etcd sorts its keys. */
export function keyOf(namespace: string, name: string): string {
  return namespace === "" ? name : `${namespace}/${name}`;
}

/** Everything that is stored, under one counter of versions, as etcd has it. Objects are never changed once they are in. */
export class Store {
  readonly #collections = new Map<string, Collection>();
  readonly #listeners = new Set<(collection: string, event: StoreEvent) => void>();
  readonly #eventsKept: number;
  #version = 1;
  #oldestWatched = 0;

  constructor(eventsKept: number = DEFAULT_EVENTS_KEPT) {
    this.#eventsKept = eventsKept;
  }

  /** A watch from before this version is told that it comes too late. */
  get oldestWatched(): number {
    return this.#oldestWatched;
  }

  /** What has been stored so far is the beginning: nobody watches how it came. */
  begin(): void {
    this.#oldestWatched = this.#version;
  }

  get version(): number {
    return this.#version;
  }

  /** The collection called `name` (`apps/deployments`), empty when nothing was ever put there. */
  collection(name: string): Collection {
    const known = this.#collections.get(name);
    if (known !== undefined) return known;
    const made = new Collection(
      this.#eventsKept,
      () => ++this.#version,
      () => this.#version,
      (event) => {
        for (const listener of this.#listeners) listener(name, event);
      },
    );
    this.#collections.set(name, made);
    return made;
  }

  collections(): ReadonlyMap<string, Collection> {
    return this.#collections;
  }

  /** Calls `listener` after each change of anything; returns what ends that. */
  onChange(listener: (collection: string, event: StoreEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Forgets every change so far, as etcd's compaction does. */
  compact(): void {
    this.#version += 1;
    for (const collection of this.#collections.values()) collection.compact(this.#version);
  }
}

export class Collection {
  readonly #objects = new Map<string, JsonObject>();
  readonly #listeners = new Set<StoreListener>();
  readonly #eventsKept: number;
  readonly #nextVersion: () => number;
  readonly #currentVersion: () => number;
  readonly #tell: (event: StoreEvent) => void;
  /** Oldest first; holds every change after `#forgottenVersion`. */
  #events: StoreEvent[] = [];
  #forgottenVersion = 0;
  #sortedKeys: readonly string[] | undefined;

  constructor(eventsKept: number, nextVersion: () => number, currentVersion: () => number, tell: (event: StoreEvent) => void) {
    this.#eventsKept = eventsKept;
    this.#nextVersion = nextVersion;
    this.#currentVersion = currentVersion;
    this.#tell = tell;
  }

  get size(): number {
    return this.#objects.size;
  }

  get(key: string): JsonObject | undefined {
    return this.#objects.get(key);
  }

  keys(): readonly string[] {
    this.#sortedKeys ??= [...this.#objects.keys()].sort(compareText);
    return this.#sortedKeys;
  }

  /** Stores `object` under a new version and returns it with that version. */
  put(key: string, object: JsonObject): JsonObject {
    const previous = this.#objects.get(key);
    const version = this.#nextVersion();
    const stored = withVersion(object, version);
    if (previous === undefined) this.#sortedKeys = undefined;
    this.#objects.set(key, stored);
    this.#record({ version, kind: "put", key, object: stored, previous });
    return stored;
  }

  /** Removes an object; answers what it was, with the version of the removal. `last` replaces what watchers are shown. */
  remove(key: string, last?: JsonObject): JsonObject | undefined {
    const previous = this.#objects.get(key);
    if (previous === undefined) return undefined;
    const version = this.#nextVersion();
    this.#objects.delete(key);
    this.#sortedKeys = undefined;
    const gone = withVersion(last ?? previous, version);
    this.#record({ version, kind: "gone", key, object: gone, previous });
    return gone;
  }

  /** The objects whose key starts with `prefix`, now. */
  snapshot(prefix: string): Snapshot {
    const entries: (readonly [string, JsonObject])[] = [];
    for (const key of this.keys()) {
      const object = key.startsWith(prefix) ? this.#objects.get(key) : undefined;
      if (object !== undefined) entries.push([key, object]);
    }
    return { version: this.#currentVersion(), entries };
  }

  /** As it was at `version`; undefined when the changes since then are forgotten. */
  snapshotAt(version: number, prefix: string): Snapshot | undefined {
    if (version < this.#forgottenVersion) return undefined;
    const then = new Map(this.#objects);
    for (let at = this.#events.length - 1; at >= 0; at--) {
      const event = this.#events[at];
      if (event === undefined || event.version <= version) break;
      if (event.previous === undefined) then.delete(event.key);
      else then.set(event.key, event.previous);
    }
    const keys = [...then.keys()].filter((key) => key.startsWith(prefix)).sort(compareText);
    return { version, entries: keys.flatMap((key) => pair(key, then.get(key))) };
  }

  /** The changes after `version`, oldest first; undefined when some of them are forgotten. */
  eventsSince(version: number): readonly StoreEvent[] | undefined {
    if (version < this.#forgottenVersion) return undefined;
    const first = this.#events.findIndex((event) => event.version > version);
    return first === -1 ? [] : this.#events.slice(first);
  }

  listen(listener: StoreListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  compact(version: number): void {
    this.#events = [];
    this.#forgottenVersion = version;
  }

  #record(event: StoreEvent): void {
    this.#events.push(event);
    if (this.#events.length > this.#eventsKept * 2) {
      const forgotten = this.#events.splice(0, this.#eventsKept);
      this.#forgottenVersion = forgotten.at(-1)?.version ?? this.#forgottenVersion;
    }
    for (const listener of this.#listeners) listener(event);
    this.#tell(event);
  }
}

function pair(key: string, object: JsonObject | undefined): readonly (readonly [string, JsonObject])[] {
  return object === undefined ? [] : [[key, object]];
}

export function withVersion(object: JsonObject, version: number): JsonObject {
  return { ...object, metadata: { ...objectAt(object, "metadata"), resourceVersion: String(version) } };
}
