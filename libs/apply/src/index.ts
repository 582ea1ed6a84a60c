export { Applier, type ApplierOptions, type ApplyRequest, type ApplyResult, type DesiredObject } from "./applier.ts";
export { Baselines, type Baseline } from "./baseline.ts";
export { changeLines, isTelling, type Change, type ChangeAction } from "./change.ts";
export { inApplyOrder, STAGES, stageOf, type Stage } from "./order.ts";
export { APPLY_MANAGER, isOwnedBy, ownerOf, withOwner, type Owner } from "./owner.ts";
export { hasPolicy, isUnmanaged, type ObjectPolicy } from "./policy.ts";
export { objectOf, prune, staleEntries, type PruneRequest, type PruneResult } from "./pruner.ts";
