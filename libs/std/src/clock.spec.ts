import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { systemClock } from "./clock.ts";

describe("systemClock", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const DAY_MS = 86_400_000;

  it.each([0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 + 5, 60 * DAY_MS])("calls once after %d ms, and not a millisecond sooner", (delayMs) => {
    let calls = 0;
    systemClock.after(delayMs, () => {
      calls += 1;
    });
    vi.advanceTimersByTime(Math.max(0, delayMs - 1));
    expect(calls).toBe(delayMs === 0 ? calls : 0);
    vi.advanceTimersByTime(1);
    expect([calls, vi.getTimerCount()]).toEqual([1, 0]);
    vi.advanceTimersByTime(DAY_MS);
    expect(calls).toBe(1);
  });
  it("calls soon for a time that has passed", () => {
    let calls = 0;
    systemClock.after(-5, () => {
      calls += 1;
    });
    vi.advanceTimersByTime(1);
    expect(calls).toBe(1);
  });
  it("leaves no timer of one that is cancelled, in its first step or a later one", () => {
    for (const passedMs of [0, 2 ** 31 + 10]) {
      const timer = systemClock.after(60 * DAY_MS, () => {
        throw new Error("it was cancelled");
      });
      vi.advanceTimersByTime(passedMs);
      timer.cancel();
      timer.cancel();
      expect(vi.getTimerCount()).toBe(0);
    }
  });
});

it("never measures backwards", () => {
  const first = systemClock.monotonicMs();
  expect(systemClock.monotonicMs()).toBeGreaterThanOrEqual(first);
  expect(Math.abs(systemClock.nowMs() - Date.now())).toBeLessThan(10_000);
});
