import type { LiveObject } from "@plumb/api";
import { isBehind, leanObject } from "@plumb/kube";
import { keyOf } from "./object-cache.ts";

/** Objects as this process's last write returned them, until the cache has them too. */
export class OwnWrites {
  readonly #written = new Map<string, LiveObject>();

  keep(object: LiveObject): void {
    this.#written.set(keyOf(object), leanObject(object));
  }

  /** Whichever is newer: what the cache has, or what was written. What the cache has not at all is gone. */
  freshest(cached: LiveObject | undefined): LiveObject | undefined {
    const written = cached === undefined ? undefined : this.#written.get(keyOf(cached));
    return cached !== undefined && written !== undefined && isOlder(cached, written) ? written : cached;
  }

  /** The cache has moved on: what it has caught up with need not be kept. */
  catchUp(cached: LiveObject): void {
    const written = this.#written.get(keyOf(cached));
    if (written !== undefined && !isOlder(cached, written)) this.forget(keyOf(cached));
  }

  forget(key: string): void {
    this.#written.delete(key);
  }
}

function isOlder(cached: LiveObject, written: LiveObject): boolean {
  return cached.metadata.uid === written.metadata.uid && isBehind(cached.metadata.resourceVersion, written.metadata.resourceVersion);
}
