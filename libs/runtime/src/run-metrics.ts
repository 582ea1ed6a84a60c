import type { Clock, Counter, Histogram, LabelledValue, Labels, Meter } from "@plumb/std";
import { exponentialBuckets } from "@plumb/telemetry";
import type { QueueWatch } from "./key-queue.ts";
import { splitKey } from "./object-cache.ts";
import type { Outcome } from "./outcome.ts";

/** Upper bounds in seconds, those of controller-runtime. */
const RUN_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1].concat([
  1.25, 1.5, 1.75, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9, 10, 15, 20, 25, 30, 40, 50, 60,
]);
/** Ten times the one before, from ten nanoseconds. */
const QUEUE_BUCKETS = Array.from({ length: 12 }, (_, index) => Number(`1e${index - 8}`));
const OBJECT_BUCKETS = exponentialBuckets(0.01, 1800, 10);

const RESULTS = { settled: "requeue_after", waiting: "requeue_after", failed: "error", stalled: "success" } as const satisfies Record<Outcome["kind"], string>;

/** The instruments of one process, by the names that Flux and controller-runtime gave them. */
interface Instruments {
  readonly durations: Histogram;
  readonly runs: Counter;
  readonly errors: Counter;
  readonly bugs: Counter;
  readonly seconds: Histogram;
  readonly adds: Counter;
  readonly retries: Counter;
  readonly queueSeconds: Histogram;
  readonly workSeconds: Histogram;
}

/** What a process tells of the runs and the queues of its controllers. */
export class RunMetrics {
  readonly #instruments: Instruments;
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #kinds: KindMetrics[] = [];

  /** @param concurrent workers of the process, of all kinds together */
  constructor(meter: Meter, clock: Pick<Clock, "monotonicMs">, concurrent: number) {
    this.#clock = clock;
    this.#instruments = {
      durations: meter.histogram("gotk_reconcile_duration_seconds", "The duration in seconds of a GitOps Toolkit resource reconciliation.", OBJECT_BUCKETS),
      runs: meter.counter("controller_runtime_reconcile_total", "Total number of reconciliations per controller"),
      errors: meter.counter("controller_runtime_reconcile_errors_total", "Total number of reconciliation errors per controller"),
      bugs: meter.counter("controller_runtime_reconcile_panics_total", "Total number of reconciliations per controller that ended in a defect"),
      seconds: meter.histogram("controller_runtime_reconcile_time_seconds", "Length of time per reconciliation per controller", RUN_BUCKETS),
      adds: meter.counter("workqueue_adds_total", "Total number of adds handled by workqueue"),
      retries: meter.counter("workqueue_retries_total", "Total number of items added to the workqueue with a delay"),
      queueSeconds: meter.histogram("workqueue_queue_duration_seconds", "How long in seconds an item stays in workqueue before being taken", QUEUE_BUCKETS),
      workSeconds: meter.histogram("workqueue_work_duration_seconds", "How long in seconds processing an item from workqueue takes.", QUEUE_BUCKETS),
    };
    const gauge = (name: string, help: string, read: (kind: KindMetrics) => LabelledValue): void => void meter.gauge(name, help, () => this.#kinds.map(read));
    const now = (): number => clock.monotonicMs();
    gauge("controller_runtime_max_concurrent_reconciles", "Maximum number of concurrent reconciles per controller", (kind) => [kind.controller, concurrent]);
    gauge("controller_runtime_active_workers", "Number of currently used workers per controller", (kind) => [kind.controller, kind.active]);
    gauge("workqueue_depth", "Current depth of workqueue by workqueue and priority", (kind) => [{ ...kind.queue, priority: "0" }, kind.depth]);
    gauge("workqueue_unfinished_work_seconds", "How many seconds of work are in progress and not yet counted", (kind) => [
      kind.queue,
      kind.unfinished(now()).total,
    ]);
    gauge("workqueue_longest_running_processor_seconds", "How many seconds the longest running worker has been at it", (kind) => [
      kind.queue,
      kind.unfinished(now()).longest,
    ]);
  }

  /** The metrics of one more controller. */
  of(kind: string): KindMetrics {
    const metrics = new KindMetrics(kind, this.#instruments, this.#clock);
    this.#kinds.push(metrics);
    return metrics;
  }
}

/** What one controller tells. A key that is queued or taken has its time in the map of that state, and in no other. */
export class KindMetrics implements QueueWatch {
  readonly controller: Labels;
  readonly queue: Labels;
  readonly #kind: string;
  readonly #instruments: Instruments;
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #queuedMs = new Map<string, number>();
  readonly #takenMs = new Map<string, number>();

  constructor(kind: string, instruments: Instruments, clock: Pick<Clock, "monotonicMs">) {
    this.#kind = kind;
    this.#instruments = instruments;
    this.#clock = clock;
    const controller = kind.toLowerCase();
    this.controller = { controller };
    this.queue = { controller, name: controller };
    // So that what never happened is 0 and not unknown.
    instruments.errors.add(this.controller, 0);
    instruments.bugs.add(this.controller, 0);
    for (const result of new Set(Object.values(RESULTS))) instruments.runs.add({ controller, result }, 0);
  }

  get depth(): number {
    return this.#queuedMs.size;
  }

  get active(): number {
    return this.#takenMs.size;
  }

  /** Seconds that the runs under way have taken, of all of them and of the longest. */
  unfinished(nowMs: number): { readonly total: number; readonly longest: number } {
    const seconds = [...this.#takenMs.values()].map((sinceMs) => (nowMs - sinceMs) / 1000);
    return { total: seconds.reduce((total, each) => total + each, 0), longest: Math.max(0, ...seconds) };
  }

  queued(key: string): void {
    this.#queuedMs.set(key, this.#clock.monotonicMs());
    this.#instruments.adds.add(this.queue);
  }

  taken(key: string): void {
    const nowMs = this.#clock.monotonicMs();
    this.#instruments.queueSeconds.observe(this.queue, (nowMs - (this.#queuedMs.get(key) ?? nowMs)) / 1000);
    this.#queuedMs.delete(key);
    this.#takenMs.set(key, nowMs);
  }

  finished(key: string): void {
    const nowMs = this.#clock.monotonicMs();
    this.#instruments.workSeconds.observe(this.queue, (nowMs - (this.#takenMs.get(key) ?? nowMs)) / 1000);
    this.#takenMs.delete(key);
  }

  /** A run came to its end. */
  ran(key: string, outcome: Outcome, durationMs: number): void {
    const { namespace, name } = splitKey(key);
    const { durations, runs, errors, bugs, seconds, retries } = this.#instruments;
    durations.observe({ kind: this.#kind, name, namespace }, durationMs / 1000);
    seconds.observe(this.controller, durationMs / 1000);
    runs.add({ ...this.controller, result: RESULTS[outcome.kind] });
    if (outcome.kind !== "stalled") retries.add(this.queue);
    if (outcome.kind !== "failed") return;
    errors.add(this.controller);
    if (outcome.error.kind === "internal") bugs.add(this.controller);
  }

  /** The object is gone: nothing more is said of it (C-025). */
  forget(key: string): void {
    const { namespace, name } = splitKey(key);
    this.#instruments.durations.forget({ kind: this.#kind, name, namespace });
  }
}
