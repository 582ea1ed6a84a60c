import type { Clock, Timer } from "@plumb/std";

/** A clock that stands still until it is told to go on. */
export class ManualClock implements Clock {
  #nowMs: number;
  /** By how much the wall clock was set. */
  #aheadMs = 0;
  readonly #timers = new Map<object, { readonly atMs: number; readonly run: () => void }>();

  constructor(nowMs: number = Date.UTC(2026, 0, 2, 3, 4, 5)) {
    this.#nowMs = nowMs;
  }

  /** Number of timers that are set. */
  get pending(): number {
    return this.#timers.size;
  }

  nowMs(): number {
    return this.#nowMs + this.#aheadMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): Timer {
    const key = {};
    this.#timers.set(key, { atMs: this.#nowMs + Math.max(0, delayMs), run });
    return { cancel: () => void this.#timers.delete(key) };
  }

  /** Sets the wall clock by so many milliseconds, as NTP or a person does; no time passes. */
  set(aheadMs: number): void {
    this.#aheadMs = aheadMs;
  }

  /** Lets `ms` milliseconds pass; what is due by then runs, in its order. */
  advance(ms: number): void {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      const [next] = [...this.#timers].filter(([, { atMs }]) => atMs <= untilMs).sort(([, a], [, b]) => a.atMs - b.atMs);
      if (next === undefined) break;
      this.#timers.delete(next[0]);
      this.#nowMs = Math.max(this.#nowMs, next[1].atMs);
      next[1].run();
    }
    this.#nowMs = untilMs;
  }
}
