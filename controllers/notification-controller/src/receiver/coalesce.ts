/**
 * Runs work by key, at most once at a time: who asks while it runs shares the next run, which begins when this one ends and
 * so sees all that made them ask.
 */
export class Coalesce<Result> {
  readonly #running = new Map<string, { readonly current: Promise<Result>; next: Promise<Result> | undefined }>();

  run(key: string, work: () => Promise<Result>): Promise<Result> {
    const running = this.#running.get(key);
    if (running === undefined) return this.#start(key, work);
    running.next ??= running.current
      .then(
        () => undefined,
        () => undefined,
      )
      .then(() => this.#start(key, work));
    return running.next;
  }

  #start(key: string, work: () => Promise<Result>): Promise<Result> {
    const current = work();
    const entry = { current, next: undefined };
    this.#running.set(key, entry);
    const forget = (): void => {
      if (this.#running.get(key) === entry && entry.next === undefined) this.#running.delete(key);
    };
    current.then(forget, forget);
    return current;
  }
}
