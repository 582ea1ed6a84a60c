import { OWNER_NAME_LABEL, OWNER_NAMESPACE_LABEL, type Manifest } from "@plumb/api";

/** Manager of everything that is applied (K-043). */
export const APPLY_MANAGER = "kustomize-controller";

/** The Kustomization that objects are applied for. */
export interface Owner {
  readonly namespace: string;
  readonly name: string;
}

/** Marks an object as its owner's (K-039). */
export function withOwner(object: Manifest, { name, namespace }: Owner): Manifest {
  const labels = { ...object.metadata.labels, [OWNER_NAME_LABEL]: name, [OWNER_NAMESPACE_LABEL]: namespace };
  return { ...object, metadata: { ...object.metadata, labels } };
}

/** Says whose object it is by its labels; undefined when it carries none. */
export function ownerOf({ metadata }: Pick<Manifest, "metadata">): Owner | undefined {
  const name = metadata.labels?.[OWNER_NAME_LABEL];
  const namespace = metadata.labels?.[OWNER_NAMESPACE_LABEL];
  return name === undefined || namespace === undefined ? undefined : { name, namespace };
}

export function isOwnedBy(object: Pick<Manifest, "metadata">, owner: Owner): boolean {
  const actual = ownerOf(object);
  return actual !== undefined && actual.name === owner.name && actual.namespace === owner.namespace;
}
