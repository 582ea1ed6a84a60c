import { groupVersionKind, type Manifest } from "./manifest.ts";

/** One applied object in `status.inventory.entries` (K-053). */
export interface InventoryEntry {
  /** `<namespace>_<name>_<group>_<kind>`; `:` in a name is written `__`. */
  readonly id: string;
  /** API version without its group. */
  readonly v: string;
}

export interface ObjectIdentity {
  /** Empty for cluster scope. */
  readonly namespace: string;
  readonly name: string;
  readonly group: string;
  readonly kind: string;
}

export function inventoryEntry(object: Manifest): InventoryEntry {
  const { group, version, kind } = groupVersionKind(object);
  return { id: inventoryId({ namespace: object.metadata.namespace ?? "", name: object.metadata.name, group, kind }), v: version };
}

export function inventoryId({ namespace, name, group, kind }: ObjectIdentity): string {
  return `${namespace}_${name.replaceAll(":", "__")}_${group}_${kind}`;
}

/** Reads an id back; undefined for a text that is none. Group and kind hold no `_`, a name may hold `__` for `:`. */
export function parseInventoryId(id: string): ObjectIdentity | undefined {
  const [, namespace, name, group, kind] = /^([^_]*)_(.+)_([^_]*)_([^_]+)$/.exec(id) ?? [];
  if (namespace === undefined || name === undefined || group === undefined || kind === undefined) return undefined;
  return { namespace, name: name.replaceAll("__", ":"), group, kind };
}
