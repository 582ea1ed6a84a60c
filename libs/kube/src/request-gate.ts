import { ToolkitError } from "@plumb/std";

/** `urgent`: what others wait for or what must not be late, such as a status or a lease. */
export type Priority = "urgent" | "normal";

/** Places that only urgent requests may take, so that a slow list never keeps a lease from being renewed. */
const RESERVED = 2;
/** What is left of the places after a refusal: no less, so that a server's own limit is used and not half of it. */
const CUT = 0.75;
/** Good answers for each place before one more is tried: each try too many costs a refused request. */
const PATIENCE = 4;

interface Waiter {
  readonly enter: () => void;
  readonly refuse: (error: ToolkitError) => void;
}

/**
 * Places for requests under way to one API server.
 *
 * The number of places follows the answers: a quarter less when the server asks to slow down, at most once for the requests
 * that were then under way, and one more after four times as many good answers as there are places.
 */
export class RequestGate {
  readonly #max: number;
  #places: number;
  #inFlight = 0;
  /** Good answers since the number of places last changed. */
  #goodAnswers = 0;
  /** Requests still under way that had begun before the last cut. */
  #begunBefore = 0;
  readonly #waiting: Readonly<Record<Priority, Set<Waiter>>> = { urgent: new Set(), normal: new Set() };

  constructor(max: number) {
    this.#max = max;
    this.#places = max;
  }

  get places(): number {
    return this.#places;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Takes a place, to be given back by `leave`. @throws {ToolkitError} `cancelled` when `signal` aborts first */
  enter(priority: Priority, signal: AbortSignal): Promise<void> | undefined {
    if (this.#isFree(priority)) {
      this.#inFlight++;
      return undefined;
    }
    const queue = this.#waiting[priority];
    return new Promise((resolve, reject) => {
      const stop = (): void => waiter.refuse(new ToolkitError("cancelled", "stopped while it waited for its turn"));
      const waiter: Waiter = {
        enter() {
          signal.removeEventListener("abort", stop);
          resolve();
        },
        refuse(error) {
          queue.delete(waiter);
          signal.removeEventListener("abort", stop);
          reject(error);
        },
      };
      queue.add(waiter);
      if (signal.aborted) stop();
      else signal.addEventListener("abort", stop);
    });
  }

  /** @param answer what the server said of its load; `none` when it did not answer */
  leave(answer: "good" | "slow-down" | "none"): void {
    this.#inFlight--;
    const isOld = this.#begunBefore > 0;
    if (isOld) this.#begunBefore--;
    if (answer === "slow-down" && !isOld) {
      this.#places = Math.max(1, Math.floor(this.#places * CUT));
      this.#begunBefore = this.#inFlight;
      this.#goodAnswers = 0;
    }
    if (answer === "good" && this.#places < this.#max && ++this.#goodAnswers >= this.#places * PATIENCE) {
      this.#places++;
      this.#goodAnswers = 0;
    }
    this.#admit();
  }

  #isFree(priority: Priority): boolean {
    return this.#inFlight < this.#places + (priority === "urgent" ? RESERVED : 0);
  }

  #admit(): void {
    for (const priority of ["urgent", "normal"] as const) {
      for (const waiter of this.#waiting[priority]) {
        if (!this.#isFree(priority)) break;
        this.#waiting[priority].delete(waiter);
        this.#inFlight++;
        waiter.enter();
      }
    }
  }
}
