import type { LiveObject } from "@plumb/api";
import type { Store } from "@plumb/kube";

/** The objects of one kind as a watch has them. */
export type ObjectCache = Pick<Store, "get" | "subscribe">;

/** `namespace/name`: how a key in a queue names an object. */
export function keyOf({ metadata }: Pick<LiveObject, "metadata">): string {
  return `${metadata.namespace ?? ""}/${metadata.name}`;
}

export function splitKey(key: string): { readonly namespace: string; readonly name: string } {
  const slash = key.indexOf("/");
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
}
