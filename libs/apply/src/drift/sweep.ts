import { inventoryId, OWNER_NAME_LABEL, type LiveObject } from "@plumb/api";
import type { KubeClient } from "@plumb/kube";
import { valuesHash, type ObjectKey } from "../baseline.ts";
import type { ScopedWatch } from "./scoped-watch.ts";

/** What a sweep keeps of an object. */
export interface Swept {
  readonly uid: string;
  readonly valuesHash: string;
}

const HASH = "valuesHash";

/** Reads the members of a watch from paged lists, each object reduced to a hash as soon as it is parsed. */
export async function sweepKind(client: KubeClient, watch: ScopedWatch, signal: AbortSignal): Promise<ReadonlyMap<ObjectKey, Swept>> {
  const { resource } = watch;
  const found = new Map<ObjectKey, Swept>();
  for (const namespace of watch.namespaces()) {
    const { items } = await client.list(resource, { namespace, labelSelector: OWNER_NAME_LABEL, transform: hashed, signal });
    for (const { metadata, [HASH]: hash } of items) {
      const key = inventoryId({ namespace: metadata.namespace ?? "", name: metadata.name, group: resource.group, kind: resource.kind });
      found.set(key, { uid: metadata.uid, valuesHash: String(hash) });
    }
  }
  return found;
}

function hashed(object: LiveObject): LiveObject {
  const { name, namespace, uid, resourceVersion } = object.metadata;
  const metadata = { name, uid, resourceVersion, ...(namespace === undefined ? {} : { namespace }) };
  return { apiVersion: object.apiVersion, kind: object.kind, metadata, [HASH]: valuesHash(object) };
}
