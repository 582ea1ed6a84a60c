import { fieldElement, FieldSet, readShares, writeShares, type ManagedEntry, type Share } from "@plumb/patch";

/** Where Scale keeps the count. */
const COUNT = FieldSet.ofNames(["spec", "replicas"]);
const SCALE_VERSION = "autoscaling/v1";

/** Where the scaled kind keeps it. */
export interface ScaledField {
  readonly apiVersion: string;
  /** A list of member names. */
  readonly path: readonly string[];
}

/** Who owns the count, as entries of the Scale. Source: `ScaleHandler.ToSubresource` of apimachinery's managedfields. */
export function ownersOfScale(entries: readonly ManagedEntry[] | undefined, { path }: ScaledField): readonly ManagedEntry[] {
  const owners = [...readShares(entries)].filter(([, share]) => owns(share, path));
  return writeShares(new Map(owners.map(([id, share]) => [id, { ...share, apiVersion: SCALE_VERSION, fields: COUNT }])));
}

/**
 * The entries of the scaled object after a write of its Scale: whoever has lost the count there loses it here.
 * Source: `ScaleHandler.ToParent`.
 */
export function ownersAfterScale(
  parent: readonly ManagedEntry[] | undefined,
  scale: readonly ManagedEntry[] | undefined,
  { apiVersion, path }: ScaledField,
): readonly ManagedEntry[] {
  const counters = [...readShares(scale).values()].filter(({ fields }) => fields.has(pathOfCount));
  const count = FieldSet.ofNames(path);
  const kept = [...readShares(parent)].flatMap(([id, share]): [string, Share][] => {
    if (!owns(share, path) || counters.some((counter) => isSame(counter, share))) return [[id, share]];
    const fields = share.fields.difference(count);
    return fields.isEmpty ? [] : [[id, { ...share, fields }]];
  });
  const added = counters
    .filter((counter) => !kept.some(([, share]) => isSame(counter, share)))
    .map((counter, index): [string, Share] => [`scale ${index}`, { ...counter, apiVersion, fields: count }]);
  return writeShares(new Map([...kept, ...added]));
}

const pathOfCount = ["spec", "replicas"].map(fieldElement);

function owns({ fields }: Share, path: readonly string[]): boolean {
  return fields.has(path.map(fieldElement));
}

function isSame(a: Share, b: Share): boolean {
  return a.manager === b.manager && a.operation === b.operation && a.subresource === b.subresource;
}
