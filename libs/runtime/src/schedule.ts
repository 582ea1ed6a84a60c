import type { Clock, Timer } from "@plumb/std";

/** When keys are due. A key has at most one time; setting another replaces it. */
export class Schedule {
  readonly #clock: Clock;
  readonly #due: (key: string) => void;
  readonly #timers = new Map<string, Timer>();

  constructor(clock: Clock, due: (key: string) => void) {
    this.#clock = clock;
    this.#due = due;
  }

  /** Number of keys that have a time. */
  get size(): number {
    return this.#timers.size;
  }

  set(key: string, delayMs: number): void {
    this.cancel(key);
    const timer = this.#clock.after(delayMs, () => {
      this.#timers.delete(key);
      this.#due(key);
    });
    this.#timers.set(key, timer);
  }

  cancel(key: string): void {
    this.#timers.get(key)?.cancel();
    this.#timers.delete(key);
  }

  clear(): void {
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }
}
