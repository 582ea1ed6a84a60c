/** Since when each Kustomization waits for the health of which revision. */
export class HealthWaits {
  readonly #since = new Map<string, { readonly revision: string; readonly sinceMs: number }>();

  /** Milliseconds since 1970 at which the wait for `revision` began; it begins with the first call. */
  since(key: string, revision: string, nowMs: number): number {
    const known = this.#since.get(key);
    if (known?.revision === revision) return known.sinceMs;
    this.#since.set(key, { revision, sinceMs: nowMs });
    return nowMs;
  }

  /** True after the first call of `since` for this revision, until the wait ends. */
  isWaiting(key: string, revision: string): boolean {
    return this.#since.get(key)?.revision === revision;
  }

  end(key: string): void {
    this.#since.delete(key);
  }
}
