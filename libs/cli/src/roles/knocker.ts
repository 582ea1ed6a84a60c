import { readFileSync } from "node:fs";
import { backoffMs, sleep, type BackoffLimits, type Log } from "@plumb/std";
import { hookSignature } from "../lab/lab.ts";

export interface KnockerOptions {
  /** JSON with `url` and `token` of the Receiver to call; read at each call, absent at first. */
  readonly hookFile: string;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Between two calls; from a quarter of a second to ten unless set. */
  readonly wait?: BackoffLimits;
}

/** Calls that nobody took, after which a change is left to the interval of its source: a minute and a half in all. */
const MAX_CALLS = 12;
const WAIT: BackoffLimits = { minMs: 250, maxMs: 10_000 };
const CALL_MS = 5000;

/**
 * Tells the Receiver which refs moved. A call that is not taken is made again, as forges do: the controller may be starting,
 * or its API server may be away, and the next look at the source may be many minutes ahead.
 */
export class Knocker {
  readonly #options: KnockerOptions;
  /** By ref, where it went last: what a later move makes superfluous is not told any more. */
  readonly #newest = new Map<string, string | undefined>();

  constructor(options: KnockerOptions) {
    this.#options = options;
  }

  /** Resolves when the call was taken, was overtaken by a later one, or is given up. Never rejects. */
  async knock(ref: string, to: string | undefined): Promise<void> {
    const { log, signal, wait = WAIT } = this.#options;
    this.#newest.set(ref, to);
    for (let calls = 1; calls <= MAX_CALLS && !signal.aborted && this.#newest.get(ref) === to; calls++) {
      try {
        const status = await this.#call(ref, to);
        log.info("receiver called", { ref, status });
        if (status < 300) return;
      } catch (thrown) {
        log.error("receiver could not be called", { ref, error: String(thrown) });
      }
      await sleep(backoffMs(calls - 1, wait), signal).catch(() => undefined);
    }
  }

  async #call(ref: string, to: string | undefined): Promise<number> {
    const { hookFile, signal } = this.#options;
    const { url, token }: { url: string; token: string } = JSON.parse(readFileSync(hookFile, "utf8"));
    const body = JSON.stringify({ ref, after: to ?? null });
    const { status } = await fetch(url, {
      method: "POST",
      body,
      headers: { "x-signature": hookSignature(token, body), "content-type": "application/json" },
      signal: AbortSignal.any([signal, AbortSignal.timeout(CALL_MS)]),
    });
    return status;
  }
}
