import type { Clock } from "@plumb/std";

/** Since when each Kustomization waits for the health of which revision; whoever sets the wall clock changes no wait. */
export class HealthWaits {
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #since = new Map<string, { readonly revision: string; readonly sinceMs: number }>();

  constructor(clock: Pick<Clock, "monotonicMs">) {
    this.#clock = clock;
  }

  /** The wait for `revision` begins, unless it has. */
  begin(key: string, revision: string): void {
    if (!this.isWaiting(key, revision)) this.#since.set(key, { revision, sinceMs: this.#clock.monotonicMs() });
  }

  /** True from `begin` until the wait ends; of any revision unless one is named. */
  isWaiting(key: string, revision?: string): boolean {
    const known = this.#since.get(key);
    return known !== undefined && (revision === undefined || known.revision === revision);
  }

  /** Milliseconds since the wait began; 0 for one that has not. */
  waitedMs(key: string): number {
    const nowMs = this.#clock.monotonicMs();
    return nowMs - (this.#since.get(key)?.sinceMs ?? nowMs);
  }

  end(key: string): void {
    this.#since.delete(key);
  }
}
