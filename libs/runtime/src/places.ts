/**
 * A number of places, given out in the order they are asked for.
 *
 * A place is free, or held by exactly one holder until its `release` is called; calling `release` again does nothing.
 */
export class Places {
  #free: number;
  #held = 0;
  /** Empty while a place is free. */
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  get isIdle(): boolean {
    return this.#waiting.length === 0 && this.#held === 0;
  }

  /** Resolves to `release`. Rejects with the signal's reason when it aborts; no place is lost by that. */
  take(signal: AbortSignal): Promise<() => void> {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.#free > 0) {
      this.#free -= 1;
      return Promise.resolve(this.#hold());
    }
    return new Promise((resolve, reject) => {
      const next = (): void => {
        signal.removeEventListener("abort", stop);
        resolve(this.#hold());
      };
      const stop = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(next), 1);
        reject(signal.reason);
      };
      this.#waiting.push(next);
      signal.addEventListener("abort", stop, { once: true });
    });
  }

  #hold(): () => void {
    this.#held += 1;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#held -= 1;
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    };
  }
}

/** Runs of one process that may wait for one remote host at the same time. */
const PLACES_PER_HOST = 4;

/** The places of every remote host; a host nobody waits for takes no memory. */
export class HostPlaces {
  readonly #hosts = new Map<string, Places>();

  /** Number of hosts that somebody waits for. */
  get size(): number {
    return this.#hosts.size;
  }

  async run<Value>(host: string, signal: AbortSignal, work: () => Promise<Value>): Promise<Value> {
    const places = this.#hosts.get(host) ?? new Places(PLACES_PER_HOST);
    this.#hosts.set(host, places);
    let release = (): void => {};
    try {
      release = await places.take(signal);
      return await work();
    } finally {
      release();
      if (places.isIdle && this.#hosts.get(host) === places) this.#hosts.delete(host);
    }
  }
}
