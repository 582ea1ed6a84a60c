import { describe, expect, it } from "vitest";
import { aborted, pause, sleep, unlessAborted, withDeadline } from "./abort.ts";
import type { Clock } from "./clock.ts";
import { ToolkitError } from "./error.ts";

const never = new AbortController().signal;

describe("withDeadline", () => {
  it("names the limit and returns only when the work has stopped", async () => {
    let stopped = false;
    const work = withDeadline(20, never, async (signal) => {
      try {
        await sleep(10_000, signal);
      } finally {
        stopped = true;
      }
    });
    await expect(work).rejects.toMatchObject({ kind: "unavailable", message: "no answer within 20 ms" });
    expect(stopped).toBe(true);
  });
  it("lets the parent's abort through as it is", async () => {
    const parent = new AbortController();
    const work = withDeadline(10_000, parent.signal, (signal) => sleep(10_000, signal));
    parent.abort();
    await expect(work).rejects.toMatchObject({ kind: "cancelled" });
  });
});

describe("a pause", () => {
  it("ends with its time or with the signal, whichever comes first, and leaves no timer", async () => {
    const timers = new Set<() => void>();
    const clock: Clock = {
      nowMs: () => 0,
      monotonicMs: () => 0,
      after: (_, run) => {
        timers.add(run);
        return { cancel: () => void timers.delete(run) };
      },
    };
    const stop = new AbortController();
    const first = pause(10, clock, stop.signal);
    for (const run of timers) run();
    await first;
    expect(timers.size).toBe(0);
    const second = pause(10, clock, stop.signal);
    stop.abort();
    await second;
    await pause(10, clock, stop.signal);
    expect(timers.size).toBe(0);
  });
});

it("aborted resolves for a signal that has aborted and for one that does", async () => {
  const stop = new AbortController();
  const waiting = aborted(stop.signal);
  stop.abort();
  await Promise.all([waiting, aborted(stop.signal)]);
});

describe("a wait for what others wait for too", () => {
  const stopped = (): ToolkitError => new ToolkitError("cancelled", "stopped meanwhile");

  it("ends as the work does", async () => {
    await expect(unlessAborted(Promise.resolve(7), never, stopped)).resolves.toBe(7);
    await expect(unlessAborted(Promise.reject(new TypeError("bug")), never, stopped)).rejects.toThrow("bug");
  });

  it("is ended by an abort, before it or meanwhile, and the work goes on for the others", async () => {
    const work = Promise.withResolvers<string>();
    const stop = new AbortController();
    const [mine, theirs] = [unlessAborted(work.promise, stop.signal, stopped), unlessAborted(work.promise, never, stopped)];
    stop.abort();
    await expect(mine).rejects.toThrow("stopped meanwhile");
    await expect(unlessAborted(work.promise, stop.signal, stopped)).rejects.toThrow("stopped meanwhile");
    work.resolve("done");
    await expect(theirs).resolves.toBe("done");
  });
});
