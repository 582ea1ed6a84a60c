import type { Baseline, ObjectKey } from "./baseline.ts";

const MAX_DELETING = 10_000;

/**
 * The baselines of every object this process applies.
 *
 * An object is unknown, clean (it is as our last write left it) or doubted (something rang, or nobody watches it). Only a
 * clean one needs no dry run. While a write of ours is under way, what a watch says of the object waits for its answer.
 */
export class Baselines {
  readonly #baselines = new Map<ObjectKey, Baseline>();
  /** Subset of the keys of `#baselines`, or not known yet. */
  readonly #doubted = new Set<ObjectKey>();
  /** Writes that are under way or wait for their turn, by object, and the end of the last of them. No entry of zero. */
  readonly #writing = new Map<ObjectKey, { left: number; last: Promise<unknown> }>();
  readonly #settled = new Set<(key: ObjectKey) => void>();
  /** Uids of objects that we delete, the newest last; at most MAX_DELETING, as not every end is heard of. */
  readonly #deleting = new Set<string>();

  get size(): number {
    return this.#baselines.size;
  }

  get(key: ObjectKey): Baseline | undefined {
    return this.#baselines.get(key);
  }

  has(key: ObjectKey): boolean {
    return this.#baselines.has(key);
  }

  isClean(key: ObjectKey): boolean {
    return this.#baselines.has(key) && !this.#doubted.has(key);
  }

  /** Records the answer to a write of ours. */
  set(key: ObjectKey, baseline: Baseline): void {
    this.#baselines.set(key, baseline);
    this.#doubted.delete(key);
  }

  /** Records that a clean object has a new version in which nothing of ours has changed. */
  moveTo(key: ObjectKey, resourceVersion: string): void {
    const known = this.#baselines.get(key);
    if (known !== undefined && !this.#doubted.has(key)) this.#baselines.set(key, { ...known, resourceVersion });
  }

  doubt(key: ObjectKey): void {
    this.#doubted.add(key);
  }

  forget(key: ObjectKey): void {
    this.#baselines.delete(key);
    this.#doubted.delete(key);
  }

  /** Runs a write of ours, one at a time for each object; what is heard of it meanwhile is judged when the last has ended. */
  async writing<Value>(key: ObjectKey, write: () => Promise<Value>): Promise<Value> {
    const writes = this.#writing.get(key) ?? { left: 0, last: Promise.resolve() };
    this.#writing.set(key, writes);
    writes.left++;
    const written = writes.last.then(write);
    writes.last = written.catch(() => undefined);
    try {
      return await written;
    } finally {
      writes.left--;
      if (writes.left === 0) {
        this.#writing.delete(key);
        for (const handle of this.#settled) handle(key);
      }
    }
  }

  isWriting(key: ObjectKey): boolean {
    return this.#writing.has(key);
  }

  /** Calls `handle` whenever the last write of an object has ended; returns how to stop that. */
  onSettled(handle: (key: ObjectKey) => void): () => void {
    this.#settled.add(handle);
    return () => this.#settled.delete(handle);
  }

  /** Names an object that we delete, so that its end is no surprise. */
  expectDeletion(uid: string): void {
    this.#deleting.add(uid);
    const [oldest] = this.#deleting;
    if (this.#deleting.size > MAX_DELETING && oldest !== undefined) this.#deleting.delete(oldest);
  }

  /** True once for an object that we deleted. */
  takeDeletion(uid: string): boolean {
    return this.#deleting.delete(uid);
  }
}
