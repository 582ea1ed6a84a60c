import type { LiveObject } from "@plumb/api";

/** What changed of one object: no `before` when it is new to the cache, no `after` when it is gone. */
export interface ObjectChange {
  readonly before: LiveObject | undefined;
  readonly after: LiveObject | undefined;
  /** The cluster was set back to `after`, as from a backup: what was written since is undone. */
  readonly isSetBack?: true;
}

/** The objects of one kind as the watch has them; `Store` of `@plumb/kube` is one. */
export interface ObjectCache {
  get(namespace: string, name: string): LiveObject | undefined;
  list(): Iterable<LiveObject>;
  /** Calls `handle` for what is there and for every change from then on; returns how to stop that. */
  subscribe(handle: (change: ObjectChange) => void): () => void;
}

/** `namespace/name`: how a key in a queue names an object. */
export function keyOf({ metadata }: Pick<LiveObject, "metadata">): string {
  return `${metadata.namespace ?? ""}/${metadata.name}`;
}

export function splitKey(key: string): { readonly namespace: string; readonly name: string } {
  const slash = key.indexOf("/");
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
