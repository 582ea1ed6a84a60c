import { ManualClock } from "@plumb/events/testing";
import { systemClock } from "@plumb/std";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { WorkerPoolOptions } from "./worker-pool.ts";
import { WorkerPool } from "./worker-pool.ts";

const never = new AbortController().signal;
const WAIT = { timeout: 60_000, interval: 10 };

let pools: WorkerPool[];

beforeEach(() => {
  pools = [];
});
afterEach(async () => {
  await Promise.all(pools.map((pool) => pool.close()));
  await vi.waitFor(() => expect(process.getActiveResourcesInfo().filter((name) => name === "MessagePort" || name === "Worker").length).toBe(before), WAIT);
});
const before = process.getActiveResourcesInfo().filter((name) => name === "MessagePort" || name === "Worker").length;

function pool(options: Partial<WorkerPoolOptions> = {}): WorkerPool {
  const made = new WorkerPool({
    entry: new URL("testing/jobs-worker.ts", import.meta.url),
    threads: 2,
    memoryLimitMb: 64,
    clock: systemClock,
    execArgv: ["--conditions=@plumb/source"],
    ...options,
  });
  pools.push(made);
  return made;
}

let keys = 0;
const options = (
  change: { readonly key?: string; readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
): { key: string; timeoutMs: number; signal: AbortSignal } => ({ key: `key ${(keys += 1)}`, timeoutMs: 60_000, signal: never, ...change });

describe("a job", () => {
  it("is given its input and gives back its value", async () => {
    expect(await pool().run("echo", { list: [1, "two"] }, options())).toEqual({ list: [1, "two"] });
  });
  it("fails as it failed in its thread: kind, message, the time to wait, and where", async () => {
    await expect(pool().run("fail", "throttled", options())).rejects.toMatchObject({ kind: "throttled", message: "failed as told", retryAfterMs: 1234 });
    await expect(pool().run("bug", undefined, options())).rejects.toMatchObject({
      kind: "internal",
      cause: { stack: expect.stringContaining("jobs-worker.ts") },
    });
    await expect(pool().run("absent", undefined, options())).rejects.toMatchObject({ kind: "internal", message: "no job is called absent" });
    await expect(pool().run("constructor", undefined, options())).rejects.toMatchObject({ kind: "internal" });
  });
  it("that needs too much memory ends alone", async () => {
    const subject = pool();
    const [hungry, modest] = await Promise.allSettled([subject.run("eat", undefined, options()), subject.run("echo", 1, options())]);
    expect(hungry).toMatchObject({ status: "rejected", reason: { kind: "invalid", message: "eat needed more than 64 MiB of memory" } });
    expect(modest).toEqual({ status: "fulfilled", value: 1 });
    expect(await subject.run("echo", 2, options())).toBe(2);
  });
  it("that never ends is ended at its limit, though it never yields", async () => {
    await expect(pool().run("spin", undefined, options({ timeoutMs: 100 }))).rejects.toMatchObject({
      kind: "invalid",
      message: "spin took longer than 100 ms",
    });
  });
  it("is ended by its signal, while it runs and while it waits", async () => {
    const subject = pool({ threads: 1 });
    const [first, second] = [new AbortController(), new AbortController()];
    const running = subject.run("spin", undefined, options({ signal: first.signal }));
    const waiting = subject.run("echo", 1, options({ signal: second.signal }));
    second.abort();
    await expect(waiting).rejects.toMatchObject({ kind: "cancelled" });
    first.abort();
    await expect(running).rejects.toMatchObject({ kind: "cancelled" });
    await expect(subject.run("echo", 1, options({ signal: first.signal }))).rejects.toMatchObject({ kind: "cancelled" });
    expect(await subject.run("echo", 1, options())).toBe(1);
  });
  it.each([
    ["exit", "the worker ended"],
    ["crash", "crashed"],
  ])("whose thread dies of %s takes nothing with it", async (name, words) => {
    const subject = pool();
    const [dead, alive] = await Promise.allSettled([subject.run(name, undefined, options()), subject.run("echo", 1, options())]);
    expect(dead).toMatchObject({ status: "rejected", reason: { kind: "internal", message: expect.stringContaining(words) } });
    expect(alive).toEqual({ status: "fulfilled", value: 1 });
  });
  it("whose input or answer cannot go between threads fails alone, also from the queue", async () => {
    const subject = pool({ threads: 1 });
    const settled = await Promise.allSettled([
      subject.run("echo", 1, options()),
      subject.run("echo", () => 1, options()),
      subject.run("unclonable", undefined, options()),
      subject.run("echo", 2, options()),
    ]);
    expect(settled).toMatchObject([{ value: 1 }, { reason: { kind: "internal" } }, { reason: { kind: "internal" } }, { value: 2 }]);
  });
});

/** Until the job that lingers has been started so often. */
function started(shared: SharedArrayBuffer, times: number): Promise<void> {
  return vi.waitFor(() => expect(new Int32Array(shared)[0]).toBe(times), WAIT);
}

describe("the slow lane", () => {
  it("keeps ten jobs that never end from holding up a quick one, and ends each in its time", async () => {
    const clock = new ManualClock();
    const subject = pool({ clock, threads: 2 });
    const stop = new AbortController();
    const poison = Array.from({ length: 10 }, (_, index) => subject.run("spin", undefined, options({ key: `poison ${index}`, signal: stop.signal })));
    const settled = Promise.allSettled(poison);
    const quick = subject.run("echo", "quick", options());
    // Ten jobs on two threads are out of the quick lane after ten seconds; behind jobs of a minute each it would take five minutes.
    clock.advance(11_000);
    expect(await quick).toBe("quick");
    const again = subject.run("spin", undefined, options({ key: "poison 3", signal: stop.signal }));
    expect(await subject.run("echo", "next", options())).toBe("next");
    stop.abort();
    await expect(again).rejects.toMatchObject({ kind: "cancelled" });
    expect((await settled).every(({ status }) => status === "rejected")).toBe(true);
  });

  it("lets a slow job end in its place where there is room", async () => {
    const clock = new ManualClock();
    const shared = new SharedArrayBuffer(8);
    const slow = pool({ clock }).run("linger", { shared }, options());
    await started(shared, 1);
    clock.advance(2500);
    new Int32Array(shared)[1] = 1;
    expect(await slow).toBe("lingered");
    expect(new Int32Array(shared)[0]).toBe(1);
  });

  it("starts a slow job again where there is none, with its whole time", async () => {
    const clock = new ManualClock();
    const subject = pool({ clock, threads: 2 });
    const stop = new AbortController();
    const holder = subject.run("spin", undefined, options({ signal: stop.signal })).catch(() => "held");
    clock.advance(2000);
    const shared = new SharedArrayBuffer(8);
    const slow = subject.run("linger", { shared }, options({ timeoutMs: 4000 }));
    await started(shared, 1);
    clock.advance(2600);
    stop.abort();
    await started(shared, 2);
    clock.advance(3999);
    new Int32Array(shared)[1] = 1;
    expect(await slow).toBe("lingered");
    await holder;
  });
});

it("starts another thread only for jobs that have waited for a tenth of a second", async () => {
  const clock = new ManualClock();
  const subject = pool({ clock, threads: 2 });
  const first = await subject.run("thread", undefined, options());
  const together = Array.from({ length: 5 }, () => subject.run("thread", undefined, options()));
  expect(await Promise.all(together)).toEqual([first, first, first, first, first]);
  const stop = new AbortController();
  const holder = subject.run("spin", undefined, options({ signal: stop.signal }));
  const waiting = subject.run("thread", undefined, options());
  clock.advance(100);
  expect(await waiting).not.toBe(first);
  stop.abort();
  await expect(holder).rejects.toMatchObject({ kind: "cancelled" });
});

it("keeps one thread at rest, and uses it again", async () => {
  const subject = pool({ threads: 3 });
  await Promise.all([1, 2, 3].map((value) => subject.run("echo", value, options())));
  const first = await subject.run("thread", undefined, options());
  expect(await subject.run("thread", undefined, options())).toBe(first);
});

it("keeps no thread at rest that holds much memory", async () => {
  const subject = pool({ threads: 1 });
  const modest = await subject.run("hoard", 8, options());
  expect(await subject.run("hoard", 128, options())).toBe(modest);
  expect(await subject.run("thread", undefined, options())).not.toBe(modest);
});

it("closes with everything that waits, runs or rests, and takes nothing more", async () => {
  const subject = pool({ threads: 1 });
  await subject.run("echo", 1, options());
  const running = subject.run("spin", undefined, options());
  const waiting = subject.run("echo", 1, options());
  const settled = Promise.allSettled([running, waiting]);
  await subject.close();
  expect(await settled).toMatchObject([{ reason: { kind: "cancelled" } }, { reason: { kind: "cancelled" } }]);
  await expect(subject.run("echo", 1, options())).rejects.toMatchObject({ kind: "cancelled" });
});
