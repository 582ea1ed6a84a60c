/** Lets one at a time do something under the same key; the others wait in order. */
export class KeyedLock {
  /** The end of the last piece of work that was queued under each key. */
  readonly #tails = new Map<string, Promise<void>>();

  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(key) ?? Promise.resolve();
    const mine = Promise.withResolvers<void>();
    const tail = before.then(() => mine.promise);
    this.#tails.set(key, tail);
    await before;
    try {
      return await work();
    } finally {
      mine.resolve();
      if (this.#tails.get(key) === tail) this.#tails.delete(key);
    }
  }
}
