import { getHeapStatistics } from "node:v8";
import { parentPort, workerData, type MessagePort } from "node:worker_threads";
import { toToolkitError } from "@plumb/std";
import { WORKER_ROLE, type JobAnswer, type JobReport } from "./worker-pool.ts";

/** A job by name: takes what the pool was given and returns what can be cloned back. */
export type Jobs = Readonly<Record<string, (input: unknown) => unknown>>;

/** The way to the pool, in a thread that a WorkerPool has started; undefined in every other. */
export function workerPort(): MessagePort | undefined {
  return workerData?.role === WORKER_ROLE ? (parentPort ?? undefined) : undefined;
}

/** The worker's side of a WorkerPool: answers each message with what its job returned or threw. */
export function serveJobs(jobs: Jobs, port: MessagePort): void {
  port.on("message", ({ name, input }: { name: string; input: unknown }) => {
    void answerTo(jobs, name, input).then((answer) => {
      try {
        port.postMessage(reportOf(answer));
      } catch (thrown) {
        port.postMessage(reportOf(failed(thrown))); // what the job returned cannot be cloned
      }
    });
  });
}

function reportOf(answer: JobAnswer): JobReport {
  const { total_heap_size: heapBytes, external_memory: externalBytes } = getHeapStatistics();
  return { answer, heldBytes: heapBytes + externalBytes };
}

async function answerTo(jobs: Jobs, name: string, input: unknown): Promise<JobAnswer> {
  try {
    const job = Object.hasOwn(jobs, name) ? jobs[name] : undefined;
    if (job === undefined) throw new Error(`no job is called ${name}`);
    return { kind: "done", value: await job(input) };
  } catch (thrown) {
    return failed(thrown);
  }
}

function failed(thrown: unknown): JobAnswer {
  const { kind, message, retryAfterMs, stack, cause } = toToolkitError(thrown);
  return { kind: "failed", error: { kind, message, retryAfterMs, stack: cause instanceof Error ? cause.stack : stack } };
}
