import { subjectOf, type LiveObject } from "@plumb/api";
import { ToolkitError, type Clock, type Log, type Timer } from "@plumb/std";
import type { ConditionChanges } from "./conditions.ts";
import type { ControlledKind } from "./controlled-kind.ts";
import type { HostPlaces, Places } from "./places.ts";
import type { StatusChange, Tools } from "./reconcile.ts";
import { conditionsOf, type StatusUpdate, type StatusWriter } from "./status.ts";

export interface RunToolsOptions {
  readonly obj: LiveObject;
  readonly kind: Pick<ControlledKind, "firstRunMessage">;
  readonly status: StatusWriter;
  readonly clock: Clock;
  readonly log: Log;
  readonly places: Places;
  readonly hosts: HostPlaces;
  /** Gives the run's worker back. */
  readonly release: () => void;
  readonly signal: AbortSignal;
}

/** A run shows nothing of its progress in its first second, and then at most one step a second. */
const PROGRESS_EVERY_MS = 1000;

/** The tools of one run, and what the run left in them. */
export class RunTools<Status> {
  readonly tools: Tools<Status>;
  readonly #options: RunToolsOptions;
  #latest: LiveObject;
  #lastProgress: string | undefined;
  #shownProgress: string | undefined;
  #timer: Timer | undefined;
  /** Status writes of one run follow each other, so that each is computed from what the last one stored. */
  #writes: Promise<unknown> = Promise.resolve();
  #hasEnded = false;
  #release: () => void;

  constructor(options: RunToolsOptions) {
    this.#options = options;
    this.#latest = options.obj;
    this.#release = options.release;
    this.tools = {
      signal: options.signal,
      nowMs: () => options.clock.nowMs(),
      atHost: (host, work) => this.#atHost(host, work),
      progress: (message) => this.#progress(message),
      checkpoint: (change, unready) => this.#checkpoint(change, unready),
    };
  }

  /** The object as the last write of this run returned it. */
  get latest(): LiveObject {
    return this.#latest;
  }

  get lastProgress(): string | undefined {
    return this.#lastProgress;
  }

  /** What this run says, it says of the generation that it began with. */
  get #seen(): { readonly generation: number } {
    return { generation: this.#options.obj.metadata.generation ?? 0 };
  }

  /** Stops showing progress; resolves when no write of this run is under way. */
  async quiesce(): Promise<void> {
    this.#hasEnded = true;
    this.#timer?.cancel();
    await this.#writes.catch(() => undefined);
  }

  /** Ends the run: its worker is free. Never rejects. */
  async end(): Promise<void> {
    await this.quiesce();
    this.#release();
  }

  async #atHost<Value>(host: string, work: () => Promise<Value>): Promise<Value> {
    const { hosts, places, signal } = this.#options;
    this.#release();
    try {
      try {
        return await hosts.run(host, signal, work);
      } finally {
        const release = await places.take(signal);
        this.#release();
        this.#release = release;
      }
    } catch (thrown) {
      // Once a run is told to stop, nothing that then goes wrong is a failure of its object.
      throw signal.aborted ? new ToolkitError("cancelled", "the process is stopping", { cause: thrown }) : thrown;
    }
  }

  #progress(message: string): void {
    this.#lastProgress = message;
    this.#timer ??= this.#options.clock.after(PROGRESS_EVERY_MS, () => this.#showProgress());
  }

  #showProgress(): void {
    this.#timer = undefined;
    const message = this.#lastProgress;
    if (this.#hasEnded || message === undefined || message === this.#shownProgress) return;
    this.#shownProgress = message;
    const isNew = conditionsOf(this.#latest).every(({ type }) => type !== "Ready");
    const conditions: ConditionChanges = {
      Stalled: undefined,
      Reconciling: { status: "True", reason: "Progressing", message },
      ...(isNew ? { Ready: { status: "Unknown", reason: "Progressing", message: this.#options.kind.firstRunMessage ?? message } } : {}),
    };
    this.#write({ fields: {}, conditions, ...this.#seen }).catch((error: unknown) => {
      this.#options.log.debug("progress could not be shown", { error: String(error) });
    });
  }

  async #checkpoint(change: StatusChange<Status>, unready?: { readonly reason: string; readonly message: string }): Promise<void> {
    const conditions: ConditionChanges =
      unready === undefined
        ? {}
        : {
            Stalled: undefined,
            Reconciling: { status: "True", reason: "Progressing", message: this.#lastProgress ?? unready.message },
            Ready: { status: "Unknown", ...unready },
          };
    await this.#write({ fields: change, conditions, ...this.#seen });
  }

  #write(update: StatusUpdate): Promise<void> {
    const write = this.#writes
      .catch(() => undefined)
      .then(async () => {
        const written = await this.#options.status.write(this.#latest, update, this.#options.signal);
        if (written === undefined) throw new ToolkitError("cancelled", `${subjectOf(this.#options.obj)} no longer exists`);
        this.#latest = written;
      });
    this.#writes = write;
    return write;
  }
}
