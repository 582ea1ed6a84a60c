import type { LiveObject } from "@plumb/api";
import { isObject, pause, ToolkitError, toToolkitError, withDeadline, type Clock, type JsonObject, type Timer } from "@plumb/std";
import type { KubeClient } from "./kube-client.ts";

/** Durations as Flux has them (flux-core 0.6): 35 s, 30 s and 5 s there. */
export interface LeaseOptions {
  readonly client: Pick<KubeClient, "get" | "create" | "patch">;
  readonly namespace: string;
  /** Name of the Lease: C-021. */
  readonly name: string;
  /** Unique to this process. */
  readonly identity: string;
  /** After so long without a renewal another may lead. */
  readonly leaseDurationMs: number;
  /** After so long without a renewal of its own the leader rests; shorter than `leaseDurationMs`. */
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
  /** Give the lease up when told to stop, so that the next need not wait. */
  readonly releasesOnCancel: boolean;
  readonly clock: Clock;
  /** Told each failure to reach or write the lease, unless another was faster; the election goes on. */
  readonly onError?: (error: ToolkitError) => void;
  /** 0 up to but without 1. */
  readonly random?: () => number;
}

const MANAGER = "leader-election";
const LEASES = { group: "coordination.k8s.io", version: "v1", plural: "leases" } as const;
/** Part of the retry period by which tries are spread. */
const JITTER = 0.2;

/** Milliseconds for giving the lease up; a pod is not given much longer to end. */
const RELEASE_MS = 2_000;
/** Milliseconds for one try at most, so that one that hangs leaves time for others. */
const MAX_TRY_MS = 10_000;

/** The newest version of the lease that was seen, and when, by the monotonic clock. */
interface Observed {
  readonly lease: LiveObject;
  readonly atMs: number;
}

/**
 * One process's bid to lead.
 *
 * It is waiting, leading, resting, or over. It leads from a write that made it the holder until `renewDeadlineMs` after the
 * beginning of its newest renewal, by the monotonic clock, whatever else happens: a process that was stopped for a while finds
 * itself resting before it can do anything. From there it leads again where the lease still names it, for then nobody has led
 * meanwhile, as after an outage of the API server; else it is over. Once over it never leads again.
 */
export class LeaderLease {
  readonly #options: LeaseOptions;
  #won = Promise.withResolvers<void>();
  #lapsed = Promise.withResolvers<void>();
  readonly #lost = Promise.withResolvers<void>();
  /** Aborts when it is over. */
  readonly #over = new AbortController();
  /** The signal of `run`. */
  #told: AbortSignal | undefined;
  /** Until when it leads, by the monotonic clock; undefined while waiting, past while resting. */
  #safeUntilMs: number | undefined;
  /** Whether `#won` has resolved and `#lapsed` has not. */
  #isInTerm = false;
  /** Ends the leading at `#safeUntilMs`, also while a try hangs. */
  #guard: Timer | undefined;
  /** Whether somebody renews is judged by when *we* saw a change, never by the times in the lease. */
  #observed: Observed | undefined;

  /** @throws {ToolkitError} `invalid` when the durations leave no time for a renewal */
  constructor(options: LeaseOptions) {
    const { leaseDurationMs, renewDeadlineMs, retryPeriodMs } = options;
    if (leaseDurationMs <= renewDeadlineMs) throw new ToolkitError("invalid", "the lease duration must be greater than the renew deadline");
    if (renewDeadlineMs <= retryPeriodMs * (1 + JITTER))
      throw new ToolkitError("invalid", "the renew deadline must be greater than the retry period and its jitter");
    this.#options = options;
  }

  /** Whether this process leads at this very moment; to be asked right before each write. */
  isLeading(): boolean {
    return this.#told?.aborted !== true && this.#isSafe();
  }

  /** Resolves when this process begins to lead; asked after a lapse, when it leads again. */
  get won(): Promise<void> {
    return this.#won.promise;
  }

  /** Resolves when it can no longer be sure that it leads, which does not say that another does. To be asked after `won`. */
  get lapsed(): Promise<void> {
    return this.#lapsed.promise;
  }

  /** Resolves when another leads, or may have led since: the process must end. */
  get lost(): Promise<void> {
    return this.#lost.promise;
  }

  /**
   * Bids for the lease, then renews it, until it is lost or `signal` aborts; whoever aborts has stopped all writes before.
   * Never rejects.
   */
  async run(signal: AbortSignal): Promise<void> {
    this.#told = signal;
    const either = AbortSignal.any([signal, this.#over.signal]);
    while (!either.aborted) {
      await this.#tryOnce(either);
      const { retryPeriodMs, random = Math.random } = this.#options;
      await pause(retryPeriodMs * (this.isLeading() ? 1 : 1 + random() * JITTER), this.#options.clock, either);
    }
    if (signal.aborted) await this.#stop();
  }

  async #tryOnce(signal: AbortSignal): Promise<void> {
    const limitMs = Math.min(MAX_TRY_MS, this.#options.renewDeadlineMs / 2);
    try {
      await withDeadline(limitMs, signal, (within) => this.#bid(within));
    } catch (thrown) {
      // the next try reads what became of this one
      if (this.#safeUntilMs !== undefined) this.#observed = undefined;
      const error = toToolkitError(thrown);
      if (!signal.aborted && error.kind !== "conflict") this.#options.onError?.(error);
    }
  }

  async #bid(signal: AbortSignal): Promise<void> {
    const { client, namespace, name, identity, clock } = this.#options;
    const isHolder = this.#observed !== undefined && holderOf(this.#observed.lease) === identity;
    if (!isHolder) this.#observe(await client.get({ resource: LEASES, namespace, name }, { signal }));
    const startedMs = clock.monotonicMs();
    const current = this.#observed?.lease;
    if (this.#safeUntilMs !== undefined && !this.#mayGoOn(current, startedMs)) return this.#lose();
    if (this.#safeUntilMs === undefined && !this.#isFree(startedMs)) return;
    this.#observe(await this.#write(current, signal));
    this.#lead(startedMs);
  }

  /** True when the lease is ours, nobody's, or was not renewed in time. */
  #isFree(nowMs: number): boolean {
    if (this.#observed === undefined) return true;
    const { lease, atMs } = this.#observed;
    const holder = holderOf(lease);
    const seconds = specOf(lease)["leaseDurationSeconds"];
    const durationMs = typeof seconds === "number" ? seconds * 1000 : this.#options.leaseDurationMs;
    return holder === "" || holder === this.#options.identity || nowMs >= atMs + durationMs;
  }

  /** For one that has led: a lease that is free now was perhaps another's while this process rested. */
  #mayGoOn(current: LiveObject | undefined, nowMs: number): boolean {
    return this.#isSafe() ? this.#isFree(nowMs) : current !== undefined && holderOf(current) === this.#options.identity;
  }

  #observe(lease: LiveObject | undefined): void {
    if (lease === undefined) this.#observed = undefined;
    else if (this.#observed?.lease.metadata.resourceVersion !== lease.metadata.resourceVersion)
      this.#observed = { lease, atMs: this.#options.clock.monotonicMs() };
  }

  /** Locked on the version that was judged, so that of two who find it free one gets it. */
  #write(current: LiveObject | undefined, signal: AbortSignal): Promise<LiveObject> {
    const { client, namespace, name, identity, leaseDurationMs } = this.#options;
    const now = microTime(this.#options.clock.nowMs());
    const before = current === undefined ? {} : specOf(current);
    const isRenewal = current !== undefined && holderOf(current) === identity;
    const transitions = typeof before["leaseTransitions"] === "number" ? before["leaseTransitions"] : 0;
    const spec = {
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(leaseDurationMs / 1000),
      renewTime: now,
      ...(isRenewal ? {} : { acquireTime: now, leaseTransitions: current === undefined ? 0 : transitions + 1 }),
    };
    if (current === undefined) {
      return client.create(
        LEASES,
        { apiVersion: "coordination.k8s.io/v1", kind: "Lease", metadata: { namespace, name }, spec },
        { fieldManager: MANAGER, signal },
      );
    }
    return this.#patch({ metadata: { resourceVersion: current.metadata.resourceVersion }, spec }, signal);
  }

  #patch(patch: JsonObject, signal: AbortSignal): Promise<LiveObject> {
    const { client, namespace, name } = this.#options;
    return client.patch({ resource: LEASES, namespace, name }, patch, { type: "merge", fieldManager: MANAGER, signal });
  }

  /** Counts from before the write: later than that nobody else can have begun to wait. */
  #lead(fromMs: number): void {
    const { renewDeadlineMs, clock } = this.#options;
    this.#safeUntilMs = fromMs + renewDeadlineMs;
    this.#guard?.cancel();
    // why: a timer may fire part of a millisecond early
    this.#guard = clock.after(this.#safeUntilMs - clock.monotonicMs() + 1, () => this.#lapse());
    if (this.#isInTerm || !this.#isSafe()) return;
    this.#isInTerm = true;
    this.#lapsed = Promise.withResolvers();
    this.#won.resolve();
  }

  #lapse(): void {
    if (!this.#isInTerm) return;
    this.#isInTerm = false;
    this.#won = Promise.withResolvers();
    this.#lapsed.resolve();
  }

  #lose(): void {
    this.#guard?.cancel();
    this.#lapse();
    if (this.#over.signal.aborted) return;
    this.#over.abort();
    this.#lost.resolve();
  }

  #isSafe(): boolean {
    return !this.#over.signal.aborted && this.#safeUntilMs !== undefined && this.#options.clock.monotonicMs() < this.#safeUntilMs;
  }

  /** Gives the lease up, where it may still be ours. */
  async #stop(): Promise<void> {
    const mayHold = this.#isSafe();
    this.#guard?.cancel();
    this.#over.abort();
    if (!mayHold || !this.#options.releasesOnCancel) return;
    const signal = AbortSignal.timeout(RELEASE_MS);
    try {
      await this.#release(signal).catch((thrown: unknown) => {
        if (toToolkitError(thrown).kind !== "conflict") throw thrown;
        // a renewal was under way, and was stopped after it had been stored
        this.#observed = undefined;
        return this.#release(signal);
      });
    } catch (thrown) {
      this.#options.onError?.(toToolkitError(thrown));
    }
  }

  async #release(signal: AbortSignal): Promise<void> {
    const { client, namespace, name, identity, clock } = this.#options;
    const lease = this.#observed?.lease ?? (await client.get({ resource: LEASES, namespace, name }, { signal }));
    if (lease === undefined || holderOf(lease) !== identity) return;
    const now = microTime(clock.nowMs());
    const spec = { holderIdentity: "", leaseDurationSeconds: 1, acquireTime: now, renewTime: now };
    await this.#patch({ metadata: { resourceVersion: lease.metadata.resourceVersion }, spec }, signal);
  }
}

function specOf(lease: LiveObject): JsonObject {
  const spec = lease["spec"];
  return isObject(spec) ? spec : {};
}

function holderOf(lease: LiveObject): string {
  const holder = specOf(lease)["holderIdentity"];
  return typeof holder === "string" ? holder : "";
}

/** Kubernetes' MicroTime: RFC 3339 with six decimals. */
function microTime(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "000Z");
}
