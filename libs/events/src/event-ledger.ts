import type { LiveObject, Notice } from "@plumb/api";
import { remember } from "@plumb/std";

/** What to do about one notice: write a new Event, or count up one that is there. */
export type LedgerEntry =
  | { readonly kind: "first"; readonly key: string }
  | { readonly kind: "again"; readonly key: string; readonly name: string; readonly count: number };

interface Known {
  readonly name: string;
  readonly count: number;
  readonly lastMs: number;
}

interface Allowance {
  readonly tokens: number;
  readonly atMs: number;
}

/** Equal events no further apart than this are one object with a count, as in client-go. */
const WINDOW_MS = 10 * 60_000;
/** Events of one object: so many at once, then one in so many milliseconds, as in client-go. */
const BURST = 25;
const REFILL_MS = 5 * 60_000;
const MAX_KNOWN = 4096;

/**
 * Remembers which Events were written lately. Bounded: of events and of objects the 4,096 latest are known; what was
 * forgotten starts a new Event. Time is handed in.
 */
export class EventLedger {
  /** By key, the latest last. */
  readonly #known = new Map<string, Known>();
  /** By uid of the object, the latest last. */
  readonly #allowances = new Map<string, Allowance>();

  look(object: LiveObject, notice: Notice, nowMs: number): LedgerEntry {
    const key = JSON.stringify([object.metadata.uid, notice.severity === "error", notice.reason, notice.message]);
    const known = this.#known.get(key);
    if (known === undefined || nowMs - known.lastMs > WINDOW_MS) return { kind: "first", key };
    return { kind: "again", key, name: known.name, count: known.count + 1 };
  }

  /** Says that the Event `name` is in the cluster with this count. */
  written(key: string, name: string, count: number, nowMs: number): void {
    remember(this.#known, key, { name, count, lastMs: nowMs }, MAX_KNOWN);
  }

  /** Says that the Event is in the cluster no more. */
  lost(key: string): void {
    this.#known.delete(key);
  }

  /** False when the object says too much. Each call counts. */
  allows({ metadata: { uid } }: LiveObject, nowMs: number): boolean {
    const { tokens, atMs } = this.#allowances.get(uid) ?? { tokens: BURST, atMs: nowMs };
    const refilled = Math.min(BURST, tokens + Math.max(0, nowMs - atMs) / REFILL_MS);
    const isGranted = refilled >= 1;
    remember(this.#allowances, uid, { tokens: isGranted ? refilled - 1 : refilled, atMs: nowMs }, MAX_KNOWN);
    return isGranted;
  }
}
