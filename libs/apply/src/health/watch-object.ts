import { OWNER_NAME_LABEL, type LiveObject } from "@plumb/api";
import { isForbidden, type ObjectName } from "@plumb/kube";
import type { WatchHub, WatchTarget } from "../watch-hub.ts";

export interface ObjectHandler {
  readonly onMoved: () => void;
  /** No watch of it is allowed: it can only be read. */
  readonly onBlind: () => void;
}

/**
 * Calls `onMoved` whenever an object has a new version. One that carries our label is seen through the watch of all that do,
 * which is there anyway; any other, or where that watch is not allowed, through one by its name. Returns how to stop.
 */
export function watchObject(hub: WatchHub, { resource, namespace, name }: ObjectName, isLabelled: boolean, { onMoved, onBlind }: ObjectHandler): () => void {
  const byName: WatchTarget = { resource, namespace, fieldSelector: `metadata.name=${name}` };
  const shared: readonly WatchTarget[] = isLabelled
    ? [
        { resource, labelSelector: OWNER_NAME_LABEL },
        { resource, namespace, labelSelector: OWNER_NAME_LABEL },
      ]
    : [];
  let seen: string | undefined;
  let stop = (): void => undefined;
  const moved = (version: string | undefined): void => {
    if (version === seen) return;
    seen = version;
    onMoved();
  };
  const isIt = ({ metadata }: LiveObject): boolean => metadata.name === name && (metadata.namespace ?? "") === (namespace ?? "");
  const subscribe = ([target, ...narrower]: readonly WatchTarget[]): void => {
    if (target === undefined) return;
    stop = hub.subscribe(target, {
      onDelta: (delta) => {
        if (delta.kind === "replaced") moved(delta.items.find(isIt)?.metadata.resourceVersion);
        else if (delta.kind !== "bookmark" && isIt(delta.item)) moved(delta.kind === "put" ? delta.item.metadata.resourceVersion : undefined);
      },
      onError: (error) => {
        if (!isForbidden(error)) return;
        stop();
        if (narrower.length === 0) onBlind();
        else subscribe(narrower);
      },
    });
  };
  subscribe([...shared, byName]);
  return () => stop();
}
