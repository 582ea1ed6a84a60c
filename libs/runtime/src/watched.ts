import { leanObject, Store, type KubeClient, type ResourceName, type StoreOptions } from "@plumb/kube";
import type { Log } from "@plumb/std";
import type { Part } from "./manager.ts";

export interface WatchedOptions extends Pick<StoreOptions, "indexes" | "metadataOnly"> {
  readonly client: KubeClient;
  readonly log: Log;
  /** Undefined means all. */
  readonly namespace: string | undefined;
  readonly labelSelector?: string | undefined;
}

/** The objects of one kind as a watch of this process has them. A watch that fails is logged, and goes on. */
export function watched(resource: ResourceName, { log, labelSelector, ...options }: WatchedOptions): Store {
  return new Store({
    ...options,
    ...(labelSelector === undefined ? {} : { labelSelector }),
    resource,
    transform: leanObject,
    onError: (error) => log.error("watch failed, it is tried again", { resource: resource.plural, error: error.message }),
  });
}

/** What keeps the stores filled, on every replica. */
export function watchParts(stores: readonly Store[]): readonly Part[] {
  return stores.map((store) => ({ name: "watch", run: (signal: AbortSignal) => store.run(signal) }));
}

/** Resolves when each store has been filled once. */
export async function allSynced(stores: readonly Store[], signal: AbortSignal): Promise<void> {
  await Promise.all(stores.map((store) => store.waitSynced(signal)));
}
