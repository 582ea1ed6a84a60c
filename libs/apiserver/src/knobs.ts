import { sleep } from "@plumb/std";
import type { ApiRequest } from "./http/message.ts";
import { internalError, Refusal, tooManyRequests } from "./refusal.ts";
import type { Store } from "./storage/store.ts";

/** What a test can make the server do. */
export interface Fault {
  /** Requests that it is for; all when left out. */
  readonly matches?: (request: Pick<ApiRequest, "method" | "path" | "query">) => boolean;
  /** How many requests it hits before it is used up; without a limit when left out. */
  readonly times?: number;
  /** Milliseconds that each request waits first. */
  readonly latencyMs?: number;
  /** A status to refuse with: 429, 500, 503 … */
  readonly status?: number;
  /** For 429 and 503. */
  readonly retryAfterSeconds?: number;
}

interface ActiveFault extends Fault {
  left: number;
}

/** Faults on demand: latency, errors, 429, dropped watches, compaction. */
export class Knobs {
  readonly #store: Store;
  readonly #faults = new Set<ActiveFault>();
  /** What ends each open watch. */
  readonly #watches = new Set<(reason: "drop" | "end") => void>();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Adds a fault; the result takes it away again. */
  inject(fault: Fault): () => void {
    const active: ActiveFault = { ...fault, left: fault.times ?? Number.POSITIVE_INFINITY };
    this.#faults.add(active);
    return () => {
      this.#faults.delete(active);
    };
  }

  clear(): void {
    this.#faults.clear();
  }

  /** Ends every open watch; answers how many there were. */
  dropWatches(): number {
    const open = [...this.#watches];
    for (const stop of open) stop("drop");
    return open.length;
  }

  /** Forgets all changes so far: a watch or a list from before gets 410. */
  compact(): void {
    this.#store.compact();
  }

  get openWatches(): number {
    return this.#watches.size;
  }

  /** For the server: keeps track of a watch until the result is called. */
  track(stop: (reason: "drop" | "end") => void): () => void {
    this.#watches.add(stop);
    return () => {
      this.#watches.delete(stop);
    };
  }

  /** For the server: what happens to a request before it is served. @throws {Refusal} */
  async admit(request: ApiRequest): Promise<void> {
    for (const fault of this.#faults) {
      if (fault.left <= 0 || fault.matches?.(request) === false) continue;
      fault.left -= 1;
      if (fault.latencyMs !== undefined) await sleep(fault.latencyMs, request.signal);
      if (fault.status !== undefined) throw refusalFor(fault.status, fault.retryAfterSeconds);
    }
  }
}

function refusalFor(status: number, retryAfterSeconds: number | undefined): Refusal {
  if (status === 429) return tooManyRequests(retryAfterSeconds ?? 1);
  if (status === 500) return internalError("injected");
  return new Refusal(status, status === 503 ? "ServiceUnavailable" : "", "injected", undefined, retryAfterSeconds);
}
