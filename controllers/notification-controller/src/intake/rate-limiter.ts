/** What the limiter says of one event. Times are in milliseconds of the clock that was handed in. */
export interface Grant {
  readonly isGranted: boolean;
  /** When the key is free again. */
  readonly resetMs: number;
}

/** Above this, the older half is forgotten: a duplicate more is better than a process without memory. */
const MAX_KEYS = 100_000;

/**
 * Lets each key through once in an interval (N-009). Time is handed in, from a clock that is never set.
 *
 * Keys live in two generations. The current one becomes the previous one when it is as old as the interval or half of what
 * may be kept; what was in the previous one is then at least an interval old, storms aside.
 */
export class RateLimiter {
  readonly #intervalMs: number;
  /** By key: when it is free again. */
  #current = new Map<string, number>();
  #previous = new Map<string, number>();
  #currentSinceMs = Number.NEGATIVE_INFINITY;

  constructor(intervalMs: number) {
    this.#intervalMs = intervalMs;
  }

  get size(): number {
    return this.#current.size + this.#previous.size;
  }

  take(key: string, nowMs: number): Grant {
    if (nowMs - this.#currentSinceMs >= this.#intervalMs || this.#current.size >= MAX_KEYS / 2) this.#turn(nowMs);
    const takenUntilMs = this.#current.get(key) ?? this.#previous.get(key) ?? 0;
    if (takenUntilMs > nowMs) return { isGranted: false, resetMs: takenUntilMs };
    this.#current.set(key, nowMs + this.#intervalMs);
    return { isGranted: true, resetMs: nowMs + this.#intervalMs };
  }

  /** Takes a grant back: what it was given for has not been done. */
  giveBack(key: string): void {
    this.#current.delete(key);
    this.#previous.delete(key);
  }

  #turn(nowMs: number): void {
    this.#previous = this.#current;
    this.#current = new Map();
    this.#currentSinceMs = nowMs;
  }
}
