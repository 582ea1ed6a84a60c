import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backoffMs } from "./backoff.ts";

describe("backoffMs", () => {
  it.each([
    [0, 750],
    [1, 1500],
    [2, 3000],
    [10, 768_000],
    [11, 900_000],
    [100_000, 900_000],
  ])("waits after %d failures for %d ms, as Flux does", (failures, ms) => {
    expect(backoffMs(failures, { minMs: 750, maxMs: 900_000 })).toBe(ms);
  });
  it("never shrinks, never passes its limit and is always a number, however long it fails", () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 1e6 }), fc.nat(1e9), (failures, minMs, extraMs) => {
        const limits = { minMs, maxMs: minMs + extraMs };
        const ms = backoffMs(failures, limits);
        expect(ms).toBeGreaterThanOrEqual(minMs);
        expect(ms).toBeLessThanOrEqual(limits.maxMs);
        expect(backoffMs(failures + 1, limits)).toBeGreaterThanOrEqual(ms);
      }),
    );
  });
});
