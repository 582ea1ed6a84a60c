import type { Provider } from "@plumb/api";
import type { Clock } from "@plumb/std";
import type { CanGet } from "./secret-data.ts";
import { readProviderSecrets, type ProviderSecrets } from "./settings.ts";

/** How long a Secret that was read counts: short enough for a rotation, long enough for a storm of events. */
const FRESH_MS = 5000;

interface Read {
  readonly version: string;
  readonly atMs: number;
  readonly secrets: Promise<ProviderSecrets>;
}

/** The Secrets of Providers, read at most every few seconds for each, and once for all who ask meanwhile. */
export class ProviderSecretsCache {
  readonly #client: CanGet;
  readonly #clock: Pick<Clock, "monotonicMs">;
  /** By uid of the Provider. */
  readonly #reads = new Map<string, Read>();

  constructor(client: CanGet, clock: Pick<Clock, "monotonicMs">) {
    this.#client = client;
    this.#clock = clock;
  }

  /** Providers whose Secrets are in memory. */
  get size(): number {
    return this.#reads.size;
  }

  /** @throws {ToolkitError} naming the Secret that cannot be read; that is asked for anew the next time */
  get(provider: Provider, signal: AbortSignal): Promise<ProviderSecrets> {
    const { uid, resourceVersion: version } = provider.metadata;
    const nowMs = this.#clock.monotonicMs();
    const known = this.#reads.get(uid);
    if (known?.version === version && nowMs - known.atMs < FRESH_MS) return known.secrets;
    // why: what counts no longer is a credential that nobody needs
    for (const [old, { atMs }] of this.#reads) if (nowMs - atMs >= FRESH_MS) this.#reads.delete(old);
    const secrets = readProviderSecrets(this.#client, provider, signal);
    const read: Read = { version, atMs: nowMs, secrets };
    this.#reads.set(uid, read);
    secrets.catch(() => this.#forget(uid, read));
    return secrets;
  }

  /** Forgets every Secret: one has changed. */
  clear(): void {
    this.#reads.clear();
  }

  #forget(uid: string, read: Read): void {
    if (this.#reads.get(uid) === read) this.#reads.delete(uid);
  }
}
