import { Worker } from "node:worker_threads";
import { ERROR_KINDS, ToolkitError, toToolkitError, type Clock, type ErrorKind, type Timer } from "@plumb/std";

/** A job's answer as it comes over the wire between threads. */
export type JobAnswer =
  | { readonly kind: "done"; readonly value: unknown }
  | {
      readonly kind: "failed";
      readonly error: { readonly kind: string; readonly message: string; readonly stack?: string | undefined; readonly retryAfterMs?: number | undefined };
    };

/** What a worker sends when it has done a job. */
export interface JobReport {
  readonly answer: JobAnswer;
  /** Bytes of its heap and beside it, what is garbage included. */
  readonly heldBytes: number;
}

export interface WorkerPoolOptions {
  /** The module that a worker starts with; it is the process's own file. */
  readonly entry: URL;
  /** Threads for quick jobs, 1 or more; half as many more may be busy with slow ones. */
  readonly threads: number;
  /** Megabytes of JavaScript heap a worker may have before it is ended. */
  readonly memoryLimitMb: number;
  readonly clock: Clock;
  /** Arguments for Node in the worker; those of the process unless set, which may be more than could be given here. */
  readonly execArgv?: readonly string[] | undefined;
}

export interface JobOptions {
  /** Whose job it is: one that was slow is taken for slow the next time. */
  readonly key: string;
  /** Milliseconds that the job may run; its wait for a thread does not count. */
  readonly timeoutMs: number;
  /** Ends the job. */
  readonly signal: AbortSignal;
}

interface Job extends JobOptions {
  readonly name: string;
  readonly input: unknown;
  readonly settle: (answer: JobAnswer) => void;
  /** When it was last started, on the monotonic clock. */
  startedMs: number;
  isSlow: boolean;
}

interface Thread {
  readonly worker: Worker;
  job: Job | undefined;
  timers: readonly Timer[];
}

/** What a pool tells its threads that they are, in `workerData.role`; other threads may load the same module. */
export const WORKER_ROLE = "worker";

/** How long quick jobs wait before there is another thread for them. */
const GROW_AFTER_MS = 100;

/** A job that runs for longer moves to the slow lane. */
const SLOW_AFTER_MS = 2000;

/** A thread that holds more is not kept at rest: all that it holds may be garbage. */
const MAX_RESTING_BYTES = 96 * 1024 * 1024;

/** Slow keys that are remembered. */
const MAX_SLOW_KEYS = 1000;

/**
 * Runs jobs in worker threads with a limit of time and memory each; a job that dies takes nothing else with it.
 *
 * There are two lanes. A job starts in the quick lane, unless the last one of its key was slow. One that has run for two
 * seconds moves to the slow lane: in its place where the lane has room, else it is ended and starts again when there is.
 * So quick jobs always find a thread. A job must therefore bear being started twice.
 *
 * A thread takes 20 MB, and more time to start than most jobs to run. So one is kept at rest, unless it holds much more, and
 * another is started only when jobs have waited for a tenth of a second.
 */
export class WorkerPool {
  readonly #options: WorkerPoolOptions;
  readonly #quick: Job[] = [];
  readonly #slow: Job[] = [];
  readonly #threads = new Set<Thread>();
  readonly #slowKeys = new Set<string>();
  /** Threads that were told to end and have not yet. */
  readonly #ending = new Set<Promise<unknown>>();
  /** Set while quick jobs wait and may have another thread. */
  #growth: Timer | undefined;
  #isClosed = false;

  constructor(options: WorkerPoolOptions) {
    this.#options = options;
  }

  /**
   * Runs the job `name` on `input`, both of which are cloned into the worker.
   *
   * @throws {ToolkitError} what the job threw; `invalid` when it went over its time or memory; `cancelled` by the signal
   */
  async run(name: string, input: unknown, options: JobOptions): Promise<unknown> {
    if (options.signal.aborted || this.#isClosed) throw new ToolkitError("cancelled", `${name} was stopped`);
    const answer = await new Promise<JobAnswer>((resolve) => {
      const settle = (settled: JobAnswer): void => {
        options.signal.removeEventListener("abort", stop);
        resolve(settled);
      };
      const job: Job = { ...options, name, input, settle, startedMs: 0, isSlow: this.#slowKeys.has(options.key) };
      const stop = (): void => this.#end(job, failure("cancelled", `${name} was stopped`));
      options.signal.addEventListener("abort", stop, { once: true });
      (job.isSlow ? this.#slow : this.#quick).push(job);
      this.#dispatch();
    });
    if (answer.kind === "done") return answer.value;
    throw revived(answer.error);
  }

  /** Ends every job and thread. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopGrowth();
    for (const job of [...this.#quick, ...this.#slow]) this.#end(job, failure("cancelled", "the process is stopping"));
    for (const thread of this.#threads) {
      const { job } = thread;
      this.#retire(thread);
      job?.settle(failure("cancelled", "the process is stopping"));
    }
    await Promise.all(this.#ending);
  }

  get #slowRoom(): number {
    return Math.max(1, Math.floor(this.#options.threads / 2)) - this.#busy(true);
  }

  #busy(isSlow: boolean): number {
    return [...this.#threads].filter(({ job }) => job?.isSlow === isSlow).length;
  }

  get #quickRoom(): number {
    return this.#options.threads - this.#busy(false);
  }

  get #resting(): readonly Thread[] {
    return [...this.#threads].filter(({ job }) => job === undefined);
  }

  #dispatch(): void {
    while (this.#quick.length > 0 && this.#quickRoom > 0 && (this.#busy(false) === 0 || this.#resting.length > 0)) this.#start(this.#quick.shift());
    while (this.#slow.length > 0 && this.#slowRoom > 0) this.#start(this.#slow.shift());
    for (const thread of this.#resting.slice(1)) this.#retire(thread);
    if (this.#quick.length > 0 && this.#quickRoom > 0) this.#growth ??= this.#options.clock.after(GROW_AFTER_MS, () => this.#grow());
    else this.#stopGrowth();
  }

  #grow(): void {
    this.#growth = undefined;
    this.#start(this.#quick.shift());
    this.#dispatch();
  }

  #stopGrowth(): void {
    this.#growth?.cancel();
    this.#growth = undefined;
  }

  #start(job: Job | undefined): void {
    if (job === undefined || this.#isClosed) return;
    const thread = this.#resting[0] ?? this.#spawn();
    const { clock } = this.#options;
    thread.job = job;
    thread.worker.ref();
    job.startedMs = clock.monotonicMs();
    const overtime = clock.after(job.timeoutMs, () => this.#end(job, failure("invalid", `${job.name} took longer than ${job.timeoutMs} ms`)));
    const slow = job.isSlow ? [] : [clock.after(SLOW_AFTER_MS, () => this.#slowDown(thread, job))];
    thread.timers = [overtime, ...slow];
    try {
      thread.worker.postMessage({ name: job.name, input: job.input });
    } catch (thrown) {
      this.#end(job, failure("internal", `${job.name}: ${toToolkitError(thrown).message}`)); // its input cannot be cloned
    }
  }

  #slowDown(thread: Thread, job: Job): void {
    if (thread.job !== job) return;
    this.#remember(job.key);
    const hasRoom = this.#slowRoom > 0;
    job.isSlow = true;
    if (!hasRoom) {
      this.#retire(thread);
      this.#slow.push(job);
    }
    this.#dispatch();
  }

  #remember(key: string): void {
    this.#slowKeys.delete(key);
    this.#slowKeys.add(key);
    const [oldest] = this.#slowKeys;
    if (this.#slowKeys.size > MAX_SLOW_KEYS && oldest !== undefined) this.#slowKeys.delete(oldest);
  }

  #spawn(): Thread {
    const { entry, memoryLimitMb, execArgv } = this.#options;
    const worker = new Worker(entry, {
      workerData: { role: WORKER_ROLE },
      resourceLimits: { maxOldGenerationSizeMb: memoryLimitMb },
      ...(execArgv === undefined ? {} : { execArgv: [...execArgv] }),
    });
    const thread: Thread = { worker, job: undefined, timers: [] };
    // why: `serveJobs` on the other side sends nothing but reports
    worker.on("message", (report) => this.#finish(thread, report as JobReport));
    worker.on("error", (error: Error & { code?: string }) => this.#die(thread, error));
    worker.on("exit", () => this.#die(thread, new Error("the worker ended")));
    worker.unref();
    this.#threads.add(thread);
    return thread;
  }

  #finish(thread: Thread, { answer, heldBytes }: JobReport): void {
    const { job } = thread;
    if (job === undefined) return;
    for (const timer of thread.timers) timer.cancel();
    thread.timers = [];
    thread.job = undefined;
    thread.worker.unref();
    if (heldBytes > MAX_RESTING_BYTES) this.#retire(thread);
    if (this.#options.clock.monotonicMs() - job.startedMs < SLOW_AFTER_MS) this.#slowKeys.delete(job.key);
    job.settle(answer);
    this.#dispatch();
  }

  #die(thread: Thread, error: Error & { code?: string }): void {
    if (!this.#threads.has(thread)) return;
    const { job } = thread;
    this.#drop(thread);
    const isMemory = error.code === "ERR_WORKER_OUT_OF_MEMORY";
    job?.settle(
      isMemory
        ? failure("invalid", `${job.name} needed more than ${this.#options.memoryLimitMb} MiB of memory`)
        : { kind: "failed", error: { kind: "internal", message: `${job.name}: ${error.message}`, stack: error.stack } },
    );
    this.#dispatch();
  }

  /** Ends a job wherever it is; a thread that runs it goes with it. */
  #end(job: Job, answer: JobAnswer): void {
    for (const lane of [this.#quick, this.#slow]) {
      const index = lane.indexOf(job);
      if (index !== -1) lane.splice(index, 1);
    }
    const thread = [...this.#threads].find((candidate) => candidate.job === job);
    if (thread !== undefined) this.#retire(thread);
    job.settle(answer);
    if (!this.#isClosed) this.#dispatch();
  }

  #retire(thread: Thread): void {
    this.#drop(thread);
    const ending = thread.worker.terminate().finally(() => this.#ending.delete(ending));
    this.#ending.add(ending);
  }

  #drop(thread: Thread): void {
    for (const timer of thread.timers) timer.cancel();
    thread.timers = [];
    thread.job = undefined;
    this.#threads.delete(thread);
  }
}

function failure(kind: ErrorKind, message: string): JobAnswer {
  return { kind: "failed", error: { kind, message } };
}

function revived({ kind, message, stack, retryAfterMs }: Extract<JobAnswer, { kind: "failed" }>["error"]): ToolkitError {
  const known = ERROR_KINDS.find((candidate) => candidate === kind) ?? "internal";
  const cause = new Error(message);
  if (stack !== undefined) cause.stack = stack;
  return new ToolkitError(known, message, { cause, retryAfterMs });
}
