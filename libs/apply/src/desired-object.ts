import { inventoryEntry, type DesiredObject, type InventoryEntry, type LiveObject, type Manifest } from "@plumb/api";
import type { Resource } from "@plumb/kube";
import { hashOf, objectKey, type ObjectKey } from "./baseline.ts";
import { namespaceMissing } from "./dry-run-error.ts";
import { normalised } from "./normalise.ts";
import { withOwner, type Owner } from "./owner.ts";

/** A desired object in the form in which it is sent. */
export interface Prepared extends DesiredObject {
  readonly key: ObjectKey;
  readonly entry: InventoryEntry;
  readonly desiredHash: string;
}

export function prepared(desired: DesiredObject, owner: Owner): Prepared {
  const object = normalised(withLabels(withOwner(desired.object, owner), desired.ownerLabels));
  return { object, origin: desired.origin, key: objectKey(object), entry: inventoryEntry(object), desiredHash: hashOf(object) };
}

function withLabels(object: Manifest, labels: DesiredObject["ownerLabels"]): Manifest {
  return labels === undefined ? object : { ...object, metadata: { ...object.metadata, labels: { ...object.metadata.labels, ...labels } } };
}

/** The object where its kind lives. @throws {ToolkitError} `invalid` for a namespaced one that names no namespace */
export function placed(object: Manifest, { isNamespaced }: Pick<Resource, "isNamespaced">): Manifest {
  const { namespace, ...metadata } = object.metadata;
  // why: only the optional namespace was taken away
  if (!isNamespaced) return { ...object, metadata: metadata as Manifest["metadata"] };
  if (namespace === undefined || namespace === "") throw namespaceMissing(object);
  return object;
}

/** Hash of what is sent for a desired object; a baseline has the one of what was sent last. */
export function desiredHash(desired: DesiredObject, owner: Owner): string {
  return prepared(desired, owner).desiredHash;
}

/** False for the answer to a dry run of an absent object: it has no version. */
export function exists({ metadata }: LiveObject): boolean {
  return (metadata.resourceVersion ?? "") !== "";
}
