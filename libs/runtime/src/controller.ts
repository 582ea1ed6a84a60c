import type { LiveObject } from "@plumb/api";
import { isUnauthenticated, type KubeClient, type StoreChange } from "@plumb/kube";
import { backoffMs, toToolkitError, type BackoffLimits, type Clock, type Log, type ToolkitError } from "@plumb/std";
import type { ControlledKind } from "./controlled-kind.ts";
import { standardConditions, type ConditionChanges } from "./conditions.ts";
import { hasFinalizer, withFinalizer, withoutFinalizer } from "./finalizer.ts";
import { KeyQueue } from "./key-queue.ts";
import type { Notifier } from "./notifier.ts";
import { keyOf, splitKey, type ObjectCache } from "./object-cache.ts";
import { requeue, type Outcome } from "./outcome.ts";
import { OwnWrites } from "./own-writes.ts";
import type { HostPlaces, Places } from "./places.ts";
import { reconcileOnce, removeOnce, type Reconciler, type Report } from "./reconcile.ts";
import type { KindMetrics, RunMetrics } from "./run-metrics.ts";
import { logRun, stackOf } from "./run-log.ts";
import { RunTools } from "./run-tools.ts";
import { Schedule } from "./schedule.ts";
import { StatusWriter } from "./status.ts";
import { isSuspended, requestedAt, suspendedFields } from "./suspended.ts";

/** What all controllers of one process share. */
export interface ControllerShared {
  readonly client: KubeClient;
  readonly notifier: Notifier;
  readonly log: Log;
  readonly clock: Clock;
  readonly metrics: RunMetrics;
  /** Workers of `--concurrent`, of all kinds together. */
  readonly places: Places;
  readonly hosts: HostPlaces;
  readonly backoff: BackoffLimits;
  /** 0 to 99 percent around the interval after a run that settled (C-024). */
  readonly jitterPercent: number;
  /** 0 up to but without 1. */
  readonly random: () => number;
}

export interface ControllerOptions<Obj, Seen, Plan, Done, Status> extends ControllerShared {
  readonly kind: ControlledKind;
  readonly cache: ObjectCache;
  readonly reconciler: Reconciler<Obj, Seen, Plan, Done, Status>;
  /** Called when an object has left the cluster, so that what is kept per object can go. */
  readonly forget?: (key: string) => void;
}

/** A run that has something to store and to tell. */
interface Ended<Status> {
  readonly report: Report<Status>;
  /** The object as the run began with it. */
  readonly obj: LiveObject;
  readonly tools: RunTools<Status>;
  /** On the monotonic clock. */
  readonly startedMs: number;
}

/** An API server that is away, or does not know who asks, says nothing of an object: soon after its return every object is looked at again. */
const OUTAGE_MAX_MS = 8000;

/** Runs one kind: takes keys from its queue, runs them, and stores and tells what came of it. */
export class Controller<Obj, Seen, Plan, Done, Status> {
  readonly #options: ControllerOptions<Obj, Seen, Plan, Done, Status>;
  readonly #metrics: KindMetrics;
  readonly #queue: KeyQueue;
  readonly #schedule: Schedule;
  readonly #status: StatusWriter;
  /** Consecutive failures by key; absent means none. */
  readonly #failures = new Map<string, number>();
  readonly #written = new OwnWrites();
  /** Uids of objects that were let go and that the cache still has: they are not removed twice. */
  readonly #removedUids = new Map<string, string>();
  readonly #running = new Set<Promise<void>>();

  constructor(options: ControllerOptions<Obj, Seen, Plan, Done, Status>) {
    this.#options = options;
    this.#metrics = options.metrics.of(options.kind.kind);
    this.#queue = new KeyQueue(this.#metrics);
    this.#schedule = new Schedule(options.clock, (key) => this.#queue.add(key));
    const { client, kind, clock } = options;
    this.#status = new StatusWriter({ client, resource: kind.resource, fieldManager: kind.fieldManager, nowMs: () => clock.nowMs() });
  }

  /** Number of keys waiting for a worker. */
  get depth(): number {
    return this.#queue.depth;
  }

  /** Asks for a run of `namespace/name`; asked during a run, another follows it, unless `isStillDue` says then that it need not. */
  enqueue(key: string, isStillDue?: () => boolean): void {
    this.#queue.add(key, isStillDue);
  }

  /** Works until `signal` aborts, then waits for the runs under way. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const unsubscribe = this.#options.cache.subscribe((change) => this.#onChange(change));
    try {
      for (;;) {
        const key = await this.#queue.take(signal);
        const release = await this.#options.places.take(signal).catch((reason: unknown) => {
          this.#queue.finish(key);
          throw reason;
        });
        const work = this.#work(key, release, signal).finally(() => this.#running.delete(work));
        this.#running.add(work);
      }
    } catch {
      // the signal ends the loop; nothing else rejects above
    } finally {
      unsubscribe();
      await Promise.all(this.#running);
      this.#schedule.clear();
    }
  }

  #onChange(change: StoreChange): void {
    const { before, after, isSetBack } = change;
    if (after !== undefined && isSetBack === true) this.#written.forget(keyOf(after));
    else if (after !== undefined) this.#written.catchUp(after);
    const object = after ?? before;
    if (object !== undefined && asksForRun(change)) this.#queue.add(keyOf(object));
  }

  async #work(key: string, release: () => void, signal: AbortSignal): Promise<void> {
    try {
      await this.#runOnce(key, release, signal);
    } catch (thrown) {
      if (!signal.aborted) this.#tryAgain(key, toToolkitError(thrown));
    } finally {
      release();
      this.#queue.finish(key);
    }
  }

  /** After a failure to write what belongs to the runtime: a finalizer or the status. The first conflict is a stale cache. */
  #tryAgain(key: string, error: ToolkitError): void {
    const failures = this.#failed(key);
    const isOutage = error.kind === "unavailable" || error.kind === "cancelled" || isUnauthenticated(error);
    this.#schedule.set(key, this.#backoffMs(failures, isOutage));
    const isSilent = error.kind === "cancelled" || error.kind === "missing" || (error.kind === "conflict" && failures === 0);
    if (!isSilent) this.#options.log.error("reconcile could not be stored", { ...this.#fields(key), error: error.message, ...stackOf(error) });
  }

  async #runOnce(key: string, release: () => void, signal: AbortSignal): Promise<void> {
    this.#schedule.cancel(key); // the end of this run says when the next is due
    const current = this.#freshest(key);
    if (current === undefined) {
      this.#forget(key);
      return;
    }
    const isRemoval = current.metadata.deletionTimestamp !== undefined;
    if (this.#removedUids.get(key) === current.metadata.uid) return;
    if (isRemoval && !hasFinalizer(current)) return this.#rest(key);
    const obj = isRemoval || !this.#options.kind.isFinalized ? current : await this.#finalized(current, signal);
    if (!isRemoval && isSuspended(obj)) {
      this.#rest(key);
      await this.#seeSuspended(obj, signal);
      return;
    }
    const startedMs = this.#options.clock.monotonicMs();
    const tools = new RunTools<Status>({ ...this.#options, status: this.#status, obj, release, signal });
    try {
      const ended = isRemoval ? await this.#removed(key, obj, tools, signal) : await reconcileOnce(this.#options.reconciler, typed<Obj>(obj), tools.tools);
      if (ended !== undefined) await this.#conclude(key, { report: ended, obj, tools, startedMs }, signal);
    } finally {
      await tools.end();
    }
  }

  /** There is nothing to do until the object changes. */
  #rest(key: string): void {
    this.#schedule.cancel(key);
    this.#failures.delete(key);
  }

  async #seeSuspended(obj: LiveObject, signal: AbortSignal): Promise<void> {
    if (this.#options.kind.isSeenSuspended !== true) return;
    const written = await this.#status.write(obj, { fields: suspendedFields(obj), conditions: {} }, signal);
    if (written !== undefined) this.#written.keep(written);
  }

  /** Ends a removal: lets the object go, or says why it is kept. */
  async #removed(key: string, obj: LiveObject, tools: RunTools<Status>, signal: AbortSignal): Promise<Report<Status> | undefined> {
    const removal = await removeOnce(this.#options.reconciler, typed<Obj>(obj), tools.tools);
    if (removal.kind === "kept") return removal.report;
    await this.#options.notifier.notify(obj, removal.notices);
    await withoutFinalizer(this.#options.client, this.#options.kind, tools.latest, signal);
    this.#forget(key);
    this.#removedUids.set(key, obj.metadata.uid);
    return undefined;
  }

  async #finalized(obj: LiveObject, signal: AbortSignal): Promise<LiveObject> {
    if (hasFinalizer(obj)) return obj;
    const written = await withFinalizer(this.#options.client, this.#options.kind, obj, signal);
    this.#written.keep(written);
    return written;
  }

  /** Tells first and stores then: a crash in between tells twice, never not at all. */
  async #conclude(key: string, ended: Ended<Status>, signal: AbortSignal): Promise<void> {
    const { report, tools, startedMs } = ended;
    const { outcome } = report;
    const failures = this.#failures.get(key) ?? 0;
    const isSilent = outcome.kind === "failed" && (outcome.error.kind === "cancelled" || (outcome.error.kind === "conflict" && failures === 0));
    await tools.quiesce();
    // why: what a run did before it was stopped is done, and no later run will find it to tell
    const notices = isSilent ? report.notices.filter(({ severity }) => severity === "info") : report.notices;
    await this.#options.notifier.notify(tools.latest, notices);
    if (!isSilent) await this.#store(ended, signal);
    const nextInMs = this.#scheduleNext(key, outcome, failures);
    const durationMs = this.#options.clock.monotonicMs() - startedMs;
    this.#metrics.ran(key, outcome, durationMs);
    logRun(this.#options.log, this.#fields(key), outcome, { durationMs, nextInMs, isSilent, notices: report.notices });
  }

  /** Stores what the run says of the object it began with; a generation or a request that came since is the next run's. */
  async #store({ report: { outcome, status, conditions }, obj, tools }: Ended<Status>, signal: AbortSignal): Promise<void> {
    if (!this.#options.kind.hasStatus) return;
    const isObserved = outcome.kind === "settled" || outcome.kind === "stalled";
    const generation = obj.metadata.generation ?? 0;
    const requested = requestedAt(obj);
    const fields = {
      ...status,
      ...(isObserved ? { observedGeneration: generation } : {}),
      ...(requested === undefined ? {} : { lastHandledReconcileAt: requested }),
    };
    const changes: ConditionChanges = { ...conditions, ...standardConditions(outcome, tools.lastProgress) };
    const written = await this.#status.write(tools.latest, { fields, conditions: changes, generation }, signal);
    if (written !== undefined) this.#written.keep(written);
  }

  /** Returns the milliseconds until the next run; undefined where only a change brings one. */
  #scheduleNext(key: string, outcome: Outcome, failures: number): number | undefined {
    const isOutage = outcome.kind === "failed" && isUnauthenticated(outcome.error);
    const next = requeue(outcome, failures, (count) => this.#backoffMs(count, isOutage));
    if (next.kind === "on-change" || next.forgetFailures) this.#failures.delete(key);
    else this.#failed(key);
    // an interval of 0 asks for no run of its own, as in controller-runtime
    if (next.kind === "on-change" || (outcome.kind === "settled" && next.delayMs <= 0)) {
      this.#schedule.cancel(key);
      return undefined;
    }
    const delayMs = outcome.kind === "settled" ? this.#jittered(next.delayMs) : next.delayMs;
    this.#schedule.set(key, delayMs);
    return delayMs;
  }

  #backoffMs(failures: number, isOutage: boolean): number {
    const { minMs, maxMs } = this.#options.backoff;
    return backoffMs(failures, { minMs, maxMs: isOutage ? Math.min(maxMs, OUTAGE_MAX_MS) : maxMs });
  }

  #jittered(delayMs: number): number {
    const { jitterPercent, random } = this.#options;
    return delayMs * (1 + ((random() * 2 - 1) * jitterPercent) / 100);
  }

  /** Counts one more failure; returns how many there were before. */
  #failed(key: string): number {
    const before = this.#failures.get(key) ?? 0;
    this.#failures.set(key, before + 1);
    return before;
  }

  #freshest(key: string): LiveObject | undefined {
    const { namespace, name } = splitKey(key);
    return this.#written.freshest(this.#options.cache.get(namespace, name));
  }

  #forget(key: string): void {
    this.#schedule.cancel(key);
    this.#failures.delete(key);
    this.#written.forget(key);
    this.#removedUids.delete(key);
    this.#metrics.forget(key);
    this.#options.forget?.(key);
  }

  #fields(key: string): Readonly<Record<string, string>> {
    const { apiVersion, kind } = this.#options.kind;
    return { controller: kind.toLowerCase(), controllerGroup: apiVersion.replace(/\/.*/, ""), controllerKind: kind, ...splitKey(key) };
  }
}

/** Creations, deletions, new generations and reconcile requests ask for a run; our own status writes do not (C-018), unless they were undone. Pure. */
function asksForRun({ before, after, isSetBack }: StoreChange): boolean {
  if (before === undefined || after === undefined || isSetBack === true) return true;
  return (
    before.metadata.uid !== after.metadata.uid ||
    before.metadata.generation !== after.metadata.generation ||
    before.metadata.deletionTimestamp !== after.metadata.deletionTimestamp ||
    (requestedAt(after) !== undefined && requestedAt(before) !== requestedAt(after))
  );
}

function typed<Obj>(obj: LiveObject): Obj {
  // why: the API server has checked the object against the CRD that the type is made from
  return obj as unknown as Obj;
}
