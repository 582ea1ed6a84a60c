import { describe, expect, it } from "vitest";
import { KeyQueue } from "./key-queue.ts";

const never = new AbortController().signal;

describe("KeyQueue", () => {
  it("gives each key once however often it was added", async () => {
    const queue = new KeyQueue();
    queue.add("a");
    queue.add("b");
    queue.add("a");
    expect(queue.depth).toBe(2);
    expect([await queue.take(never), await queue.take(never)]).toEqual(["a", "b"]);
  });
  it("runs a key once more when it was added while active", async () => {
    const queue = new KeyQueue();
    queue.add("a");
    await queue.take(never);
    queue.add("a");
    queue.add("a");
    expect(queue.depth).toBe(0);
    queue.finish("a");
    expect(queue.depth).toBe(1);
    expect(await queue.take(never)).toBe("a");
    queue.finish("a");
    expect(queue.depth).toBe(0);
  });
  it("does not run a key again for a reason that the run itself has settled, and does for any other", async () => {
    const queue = new KeyQueue();
    for (const [reasons, depth] of [
      [[false], 0],
      [[false, true], 1],
      [[false, undefined, false], 1],
    ] as const) {
      queue.add("a");
      await queue.take(never);
      for (const reason of reasons) queue.add("a", reason === undefined ? undefined : () => reason);
      queue.finish("a");
      expect(queue.depth).toBe(depth);
      if (depth > 0) queue.finish(await queue.take(never));
    }
  });
  it("hands a key to the worker that waits longest", async () => {
    const queue = new KeyQueue();
    const first = queue.take(never),
      second = queue.take(never);
    queue.add("a");
    queue.add("b");
    expect(await Promise.all([first, second])).toEqual(["a", "b"]);
  });
  it("loses no key to a worker that was stopped", async () => {
    const queue = new KeyQueue();
    const stop = new AbortController();
    const stopped = queue.take(stop.signal);
    stop.abort(new Error("shutdown"));
    await expect(stopped).rejects.toThrow("shutdown");
    queue.add("a");
    expect(await queue.take(never)).toBe("a");
    await expect(queue.take(stop.signal)).rejects.toThrow("shutdown");
  });
  it("never gives one key to two workers at once, whatever the order of calls", async () => {
    for (let seed = 1; seed <= 300; seed++) {
      let state = seed;
      const random = (n: number): number => (state = (state * 1103515245 + 12345) % 2147483648) % n;
      const queue = new KeyQueue();
      const active = new Set<string>();
      const pending = new Set<string>();
      for (let step = 0; step < 60; step++) {
        const key = "abc".charAt(random(3));
        const move = random(3);
        if (move === 0) {
          queue.add(key);
          pending.add(key);
        }
        if (move === 1 && queue.depth > 0) {
          const taken = await queue.take(never);
          expect(active.has(taken)).toBe(false);
          expect(pending.delete(taken)).toBe(true);
          active.add(taken);
        }
        if (move === 2 && active.delete(key)) queue.finish(key);
      }
      for (const key of active) queue.finish(key);
      const left = new Set<string>();
      while (queue.depth > 0) left.add(await queue.take(never));
      expect(left).toEqual(pending);
    }
  });
});
