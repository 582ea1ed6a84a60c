import type { Clock, Timer } from "@plumb/std";

/** Calls `work` with each key that was added, a moment later and once, however often it was added meanwhile. */
export class WorkQueue {
  readonly #clock: Clock;
  readonly #delayMs: number;
  readonly #work: (key: string) => void;
  readonly #keys = new Set<string>();
  readonly #later = new Set<Timer>();
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(clock: Clock, delayMs: number, work: (key: string) => void) {
    this.#clock = clock;
    this.#delayMs = delayMs;
    this.#work = work;
  }

  add(key: string): void {
    if (this.#isStopped) return;
    this.#keys.add(key);
    this.#timer ??= this.#clock.after(this.#delayMs, () => this.#drain());
  }

  /** Adds `key` after a while. */
  addLater(key: string, delayMs: number): void {
    if (this.#isStopped) return;
    const timer = this.#clock.after(delayMs, () => {
      this.#later.delete(timer);
      this.add(key);
    });
    this.#later.add(timer);
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
    for (const timer of this.#later) timer.cancel();
    this.#later.clear();
    this.#keys.clear();
  }

  #drain(): void {
    this.#timer = undefined;
    const keys = [...this.#keys];
    this.#keys.clear();
    for (const key of keys) if (!this.#isStopped) this.#work(key);
  }
}
