import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HostPlaces, Places } from "./places.ts";

const never = new AbortController().signal;
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("Places", () => {
  it("gives places in the order they are asked for", async () => {
    const places = new Places(1);
    const release = await places.take(never);
    const order: string[] = [];
    const waiting = ["a", "b", "c"].map((name) =>
      places.take(never).then((free) => {
        order.push(name);
        free();
      }),
    );
    release();
    await Promise.all(waiting);
    expect([order, places.isIdle]).toEqual([["a", "b", "c"], true]);
  });
  it("does not free a place twice", async () => {
    const places = new Places(1);
    const release = await places.take(never);
    release();
    release();
    await places.take(never);
    const second = new AbortController();
    const waiting = places.take(second.signal);
    second.abort(new Error("stop"));
    await expect(waiting).rejects.toThrow("stop");
  });
  it("rejects, and never throws, for a signal that has aborted already", async () => {
    await expect(new Places(1).take(AbortSignal.abort(new Error("stop")))).rejects.toThrow("stop");
  });
  it("has never more holders than places and loses none, whoever takes, gives back and gives up in whatever order", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.array(fc.tuple(fc.constantFrom("take", "release", "abort"), fc.nat(20)), { maxLength: 40 }),
        async (count, steps) => {
          const places = new Places(count);
          const held: (() => void)[] = [];
          const asked: AbortController[] = [];
          let gaveUp = 0;
          for (const [what, pick] of steps) {
            if (what === "take") {
              const stop = new AbortController();
              asked.push(stop);
              void places.take(stop.signal).then(
                (release) => held.push(release),
                () => (gaveUp += 1),
              );
            } else if (what === "release") held.splice(pick % Math.max(1, held.length), 1)[0]?.();
            else asked[pick]?.abort();
            await turn();
            expect(held.length).toBeLessThanOrEqual(count);
          }
          while (held.length > 0) {
            held.pop()?.();
            await turn();
          }
          expect([places.isIdle, gaveUp <= asked.length]).toEqual([true, true]);
          await Promise.all(Array.from({ length: count }, () => places.take(never)));
        },
      ),
      { numRuns: 50 },
    );
  });
});

describe("HostPlaces", () => {
  it("lets four wait for one host, and any number of other hosts go on", async () => {
    const hosts = new HostPlaces();
    const stuck = Promise.withResolvers<void>();
    let begun = 0;
    const runs = Array.from({ length: 6 }, () =>
      hosts.run("slow", never, async () => {
        begun += 1;
        await stuck.promise;
      }),
    );
    await expect(hosts.run("quick", never, async () => "done")).resolves.toBe("done");
    expect(begun).toBe(4);
    stuck.resolve();
    await Promise.all(runs);
    expect([begun, hosts.size]).toEqual([6, 0]);
  });
  it("forgets a host after a failure, after one that gave up waiting, and after one that never began", async () => {
    const hosts = new HostPlaces();
    await expect(hosts.run("a", never, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    await expect(hosts.run("b", AbortSignal.abort(new Error("stop")), async () => {})).rejects.toThrow("stop");
    const stuck = Promise.withResolvers<void>();
    const holders = Array.from({ length: 4 }, () => hosts.run("c", never, () => stuck.promise));
    const stop = new AbortController();
    const waiting = hosts.run("c", stop.signal, async () => {});
    stop.abort(new Error("stop"));
    await expect(waiting).rejects.toThrow("stop");
    stuck.resolve();
    await Promise.all(holders);
    expect(hosts.size).toBe(0);
  });
});
