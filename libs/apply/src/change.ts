import type { InventoryEntry } from "@plumb/api";

export type ChangeAction = "created" | "configured" | "unchanged" | "deleted" | "skipped" | "unknown";

/** What happened to one object. */
export interface Change {
  /** `Kind/namespace/name`. */
  readonly subject: string;
  readonly entry: InventoryEntry;
  readonly action: ChangeAction;
}

const TELLING: ReadonlySet<ChangeAction> = new Set<ChangeAction>(["created", "configured", "deleted"]);

/** True for a change that people are told of (K-050). */
export function isTelling({ action }: Change): boolean {
  return TELLING.has(action);
}

/** One line a change, `Kind/ns/name action`; undefined when there is nothing to tell. */
export function changeLines(changes: readonly Change[]): string | undefined {
  const lines = changes.filter(isTelling).map(({ subject, action }) => `${subject} ${action}`);
  return lines.length === 0 ? undefined : lines.join("\n");
}

/** The same of a deletion, in which what was left alone is told too (K-055). */
export function deletionLines(changes: readonly Change[]): string | undefined {
  return changes.length === 0 ? undefined : changes.map(({ subject, action }) => `${subject} ${action}`).join("\n");
}
