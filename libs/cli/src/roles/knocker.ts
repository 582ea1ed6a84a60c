import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { backoffMs, pause, systemClock, type BackoffLimits, type Log } from "@plumb/std";

/** Whom to call; a secret. */
export interface Hook {
  /** Of the Receiver, its secret path included. */
  readonly url: string;
  /** Signs what is sent, as a Receiver of the type `generic-hmac` expects it. */
  readonly token: string;
}

export interface KnockerOptions {
  /** Holds a `Hook` as JSON; read at each call, absent at first. */
  readonly hookFile: string;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Between two calls; from a quarter of a second to ten unless set. */
  readonly wait?: BackoffLimits;
}

/** Calls that nobody took, after which a change is left to the interval of its source: more than a minute in all. */
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
    for (let calls = 1; !signal.aborted && this.#newest.get(ref) === to; calls++) {
      try {
        const status = await this.#call(ref, to);
        log.info("receiver called", { ref, status });
        if (status < 300) return;
      } catch (thrown) {
        log.error("receiver could not be called", { ref, error: reasonOf(thrown) });
      }
      if (calls === MAX_CALLS) return;
      await pause(backoffMs(calls - 1, wait), systemClock, signal);
    }
  }

  async #call(ref: string, to: string | undefined): Promise<number> {
    const { hookFile, signal } = this.#options;
    const { url, token }: Hook = JSON.parse(readFileSync(hookFile, "utf8"));
    const body = JSON.stringify({ ref, after: to ?? null });
    const response = await fetch(url, {
      method: "POST",
      body,
      headers: { "x-signature": signature(token, body), "content-type": "application/json" },
      signal: AbortSignal.any([signal, AbortSignal.timeout(CALL_MS)]),
    });
    await response.body?.cancel(); // an answer that is not read would keep its connection
    return response.status;
  }
}

function signature(token: string, body: string): string {
  return `sha256=${createHmac("sha256", token).update(body).digest("hex")}`;
}

/** What is at the bottom of it: `fetch` itself says no more than that it has failed. */
function reasonOf(thrown: unknown): string {
  return thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause.message : String(thrown);
}
