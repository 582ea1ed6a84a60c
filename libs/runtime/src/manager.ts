import { aborted, toToolkitError, type Log } from "@plumb/std";

/** A long-lived part of a process: runs until the signal aborts, then cleans up and resolves. A rejection ends the process. */
export interface Part {
  readonly name: string;
  run(signal: AbortSignal): Promise<void>;
}

/** Decides who of several replicas works. `@plumb/kube` has the one that holds a Lease. */
export interface Leadership {
  /**
   * Resolves when this process leads, to a signal that aborts when it may lead no longer; to be asked again then.
   *
   * @throws {ToolkitError} `conflict` when another has led since; `cancelled` when `signal` aborts
   */
  acquire(signal: AbortSignal): Promise<AbortSignal>;
  /** Gives the lease back, so that another replica need not wait. Never rejects. */
  release(): Promise<void>;
}

export interface ManagerOptions {
  /** Servers and watches, which every replica runs. */
  readonly always: readonly Part[];
  /** Resolves when the caches hold what the cluster holds. */
  readonly synced: (signal: AbortSignal) => Promise<void>;
  /** Reconcilers, which only the leader runs. */
  readonly leading: readonly Part[];
  /** Undefined where there is no election: this process leads. */
  readonly leadership: Leadership | undefined;
  readonly log: Log;
}

/** Where a process is: told by its readiness probe. */
export type Phase = "starting" | "standby" | "leading" | "stopping";

/**
 * Runs the parts of one process in order: servers and watches, then caches, then leadership, then reconcilers; and stops
 * them the other way round, so that no reconciler runs without its caches and no lease is given back under a running one.
 * Reconcilers are stopped, and run again, for as long as the lease cannot be renewed and nobody else has it.
 */
export class Manager {
  readonly #options: ManagerOptions;
  #phase: Phase = "starting";

  constructor(options: ManagerOptions) {
    this.#options = options;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Resolves when everything has stopped after `signal` aborted; rejects with the first failure of a part or a lost lease. */
  async run(signal: AbortSignal): Promise<void> {
    const outer = new AbortController();
    const failed = new AbortController();
    const always = this.#options.always.map((part) => this.#start(part, outer.signal, failed));
    try {
      const until = AbortSignal.any([signal, failed.signal]);
      await this.#options.synced(until);
      this.#phase = "standby";
      await this.#lead(until);
    } catch (thrown) {
      if (!signal.aborted) throw toToolkitError(failed.signal.aborted ? failed.signal.reason : thrown);
    } finally {
      this.#phase = "stopping";
      outer.abort(signal.reason);
      await Promise.all(always);
    }
    if (!signal.aborted && failed.signal.aborted) throw toToolkitError(failed.signal.reason);
  }

  async #lead(until: AbortSignal): Promise<void> {
    const { leadership, log } = this.#options;
    let isHeld = false;
    try {
      while (!until.aborted) {
        const term = await leadership?.acquire(until);
        isHeld = true;
        this.#phase = "leading";
        log.info("leading");
        await this.#reconcile(term === undefined ? until : AbortSignal.any([until, term]));
        this.#phase = "standby";
        if (!until.aborted) log.info("leading no longer", { because: toToolkitError(term?.reason).message });
      }
    } finally {
      if (isHeld) await leadership?.release();
    }
  }

  /** Resolves when `stop` has aborted and every reconciler has ended; rejects when one ends before. */
  async #reconcile(stop: AbortSignal): Promise<void> {
    const { leading } = this.#options;
    const inner = new AbortController();
    stop.addEventListener("abort", () => inner.abort(stop.reason), { once: true });
    if (stop.aborted) inner.abort(stop.reason);
    await Promise.all(leading.length === 0 ? [aborted(inner.signal)] : leading.map((part) => this.#start(part, inner.signal, inner)));
    if (!stop.aborted) throw toToolkitError(inner.signal.reason ?? new Error("every reconciler ended"));
  }

  /** Runs a part until `signal` aborts; a failure before that aborts `failed`. Never rejects. */
  async #start(part: Part, signal: AbortSignal, failed: AbortController): Promise<void> {
    try {
      await part.run(signal);
    } catch (thrown) {
      if (signal.aborted) return;
      this.#options.log.error("a part of the process failed", { part: part.name, error: toToolkitError(thrown).message });
      failed.abort(thrown);
    }
  }
}
