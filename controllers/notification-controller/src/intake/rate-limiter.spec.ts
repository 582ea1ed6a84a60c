import fc from "fast-check";
import { expect, it } from "vitest";
import { RateLimiter } from "./rate-limiter.ts";

it("lets a key through once in an interval, and says when the next time is", () => {
  const limiter = new RateLimiter(1000);
  expect(limiter.take("a", 0)).toEqual({ isGranted: true, resetMs: 1000 });
  expect(limiter.take("a", 999)).toEqual({ isGranted: false, resetMs: 1000 });
  expect(limiter.take("b", 999)).toEqual({ isGranted: true, resetMs: 1999 });
  expect(limiter.take("a", 1000)).toEqual({ isGranted: true, resetMs: 2000 });
});

it("lets a key through again whose event could not be taken in, so that it is not lost as a duplicate", () => {
  const limiter = new RateLimiter(1000);
  limiter.take("a", 0);
  limiter.giveBack("a");
  expect(limiter.take("a", 1).isGranted).toBe(true);
});

it("forgets keys whose time is over, and under a storm the oldest", () => {
  const limiter = new RateLimiter(1000);
  for (let index = 0; index < 250_000; index++) limiter.take(`key-${index}`, 0);
  expect(limiter.size).toBeLessThanOrEqual(100_000);
  expect(limiter.take("key-249999", 1).isGranted).toBe(false);
  limiter.take("later", 1000);
  limiter.take("last", 2000);
  expect(limiter.size).toBe(2);
});

it("never lets a key through twice in an interval, whenever it is asked", () => {
  const times = fc.array(fc.nat(500), { maxLength: 50 }).map((steps) => steps.reduce<number[]>((all, step) => [...all, (all.at(-1) ?? 0) + step], []));
  fc.assert(
    fc.property(times, (asked) => {
      const limiter = new RateLimiter(1000);
      const granted = asked.filter((nowMs) => limiter.take("key", nowMs).isGranted);
      for (const [index, nowMs] of granted.entries()) expect(nowMs - (granted[index - 1] ?? -Infinity)).toBeGreaterThanOrEqual(1000);
      expect(granted[0]).toBe(asked[0]);
    }),
  );
});
