// The worker that the pool's specs start: jobs that are good, slow, greedy and mad.
import { threadId } from "node:worker_threads";
import { ERROR_KINDS, ToolkitError } from "@plumb/std";
import { serveJobs, workerPort } from "../serve-jobs.ts";

interface LingerInput {
  /** How often the job has started, and whether it may end. */
  readonly shared: SharedArrayBuffer;
}

const port = workerPort();
const kept: Buffer[] = [];
if (port !== undefined) {
  serveJobs(
    {
      echo: (input) => input,
      thread: () => threadId,
      fail: (kind) => {
        throw new ToolkitError(ERROR_KINDS.find((known) => known === kind) ?? "internal", "failed as told", { retryAfterMs: 1234 });
      },
      bug: () => {
        throw new TypeError("a bug");
      },
      unclonable: () => () => 1,
      exit: () => process.exit(3),
      crash: () =>
        new Promise(() =>
          setTimeout(() => {
            throw new Error("crashed");
          }, 0),
        ),
      spin: () => {
        for (;;);
      },
      eat: () => {
        const eaten: unknown[] = [];
        for (;;) eaten.push(Array.from({ length: 10_000 }, (_, index) => ({ index })));
      },
      hoard: (megabytes) => {
        kept.push(Buffer.alloc(Number(megabytes) * 2 ** 20));
        return threadId;
      },
      linger: async (input) => {
        const { shared } = input as LingerInput; // why: the spec sends nothing else
        const view = new Int32Array(shared);
        Atomics.add(view, 0, 1);
        while (Atomics.load(view, 1) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
        return "lingered";
      },
    },
    port,
  );
}
