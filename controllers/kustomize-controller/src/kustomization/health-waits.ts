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

  end(key: string): void {
    this.#since.delete(key);
  }
}
