export type { Artifact } from "./artifact.ts";
export type { Condition } from "./condition.ts";
export type { ToolkitEvent } from "./event.ts";
export { inventoryEntry, inventoryId, parseInventoryId, type InventoryEntry, type ObjectIdentity } from "./inventory.ts";
export {
  groupVersionKind, subjectOf, type GroupVersionKind, type LiveObject, type ManagedFieldsEntry, type Manifest, type ObjectMeta,
} from "./manifest.ts";
export { withOrigin, type Origin } from "./origin.ts";
