import type { LiveObject } from "@plumb/api";
import { isBehind } from "@plumb/kube";
import { ownershipOf, type Baseline } from "../baseline.ts";

/** Why an event of an object is worth a look; values are compared only then. */
export type RingReason = "deleted" | "recreated" | "own-fields" | "other-manager" | "generation" | "version";

/**
 * Says whether an event may mean drift, from its metadata alone: our entry changed, another manager's on the main resource
 * changed, the generation moved, or the kind has none and its version moved. Our own writes, older events and objects that
 * are being deleted ring nothing. Pure.
 */
export function ringReason(item: Pick<LiveObject, "metadata">, baseline: Baseline): RingReason | undefined {
  const { uid, resourceVersion, generation, deletionTimestamp } = item.metadata;
  if (uid !== baseline.uid) return "recreated";
  if (resourceVersion === baseline.resourceVersion || isBehind(resourceVersion, baseline.resourceVersion)) return undefined;
  if (deletionTimestamp !== undefined) return undefined;
  const { fieldsHash, othersHash } = ownershipOf(item);
  if (fieldsHash !== baseline.fieldsHash) return "own-fields";
  if (othersHash !== baseline.othersHash) return "other-manager";
  if (generation === undefined || baseline.generation === undefined) return "version";
  return generation === baseline.generation ? undefined : "generation";
}

/** Corrections within this time of each other count as a quarrel. */
const QUARREL_MS = 30_000;
const SECOND_DELAY_MS = 1000;
const LATER_DELAY_MS = 10_000;

/** Looks in a row that wait for nothing: a person edits twice, and controllers write beside us after each apply. */
const FREE_LOOKS = 3;

/** How often one object may be looked at and corrected: three times at once, then within thirty seconds after 1 s, then every 10 s. */
export class Budget {
  /** By object: when it was last granted, and how often in a row. */
  readonly #granted = new Map<string, { readonly atMs: number; readonly inRow: number }>();

  /** Milliseconds to wait before the next look; the grant counts from then. */
  grant(key: string, nowMs: number): number {
    const last = this.#granted.get(key);
    const isQuarrel = last !== undefined && nowMs - last.atMs < QUARREL_MS;
    const inRow = isQuarrel ? last.inRow + 1 : 0;
    const gapMs = inRow < FREE_LOOKS ? 0 : inRow === FREE_LOOKS ? SECOND_DELAY_MS : LATER_DELAY_MS;
    const atMs = last === undefined ? nowMs : Math.max(nowMs, last.atMs + gapMs);
    this.#granted.set(key, { atMs, inRow });
    return atMs - nowMs;
  }

  forget(key: string): void {
    this.#granted.delete(key);
  }
}
