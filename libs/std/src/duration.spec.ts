import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatDuration, parseDurationMs } from "./duration.ts";

describe("parseDurationMs", () => {
  it.each([
    ["1h30m", 5_400_000],
    ["500ms", 500],
    ["5m", 300_000],
    ["1.5s", 1500],
    ["0s", 0],
    ["1h1m1s1ms", 3_661_001],
    ["1m1m", 120_000],
    ["0.5h", 1_800_000],
    ["9999h", 35_996_400_000],
  ])("reads %s", (text, ms) => {
    expect(parseDurationMs(text)).toBe(ms);
  });
  it.each(["", "5", "m", "5 m", " 5m", "5m ", "-5m", "5d", "5M", "1h,2m", "1..5s", ".5s", "5.s", "NaN", "5mm", "5m\n"])("refuses %o", (text) => {
    expect(() => parseDurationMs(text)).toThrow(expect.objectContaining({ kind: "invalid", message: `"${text}" is not a duration such as 5m or 1h30m` }));
  });
});

describe("formatDuration", () => {
  it.each([
    [0, "0s"],
    [1, "1ms"],
    [320, "320ms"],
    [999, "999ms"],
    [1000, "1s"],
    [2500, "2.5s"],
    [59_999, "59.999s"],
    [60_000, "1m0s"],
    [90_000, "1m30s"],
    [3_600_000, "1h0m0s"],
    [3_661_001, "1h1m1.001s"],
    [86_400_000, "24h0m0s"],
    [600_000, "10m0s"],
    [20_000, "20s"],
    [100, "100ms"],
    [0.5, "500µs"],
    [0.0005, "500ns"],
    [-1500, "-1.5s"],
    [1.5, "1.5ms"],
    [1000.5, "1.0005s"],
  ])("writes %d ms as Go does: %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
  it("writes what parseDurationMs reads as the same", () => {
    fc.assert(
      fc.property(fc.nat(2 ** 40), (ms) => {
        expect(parseDurationMs(formatDuration(ms))).toBe(ms);
      }),
    );
  });
  it("says the same of what was read from what it wrote, whatever a user wrote", () => {
    const anyPart = fc.tuple(fc.nat(9999), fc.constantFrom("h", "m", "s", "ms")).map(([amount, unit]) => `${amount}${unit}`);
    fc.assert(
      fc.property(fc.array(anyPart, { minLength: 1, maxLength: 4 }), (parts) => {
        const once = formatDuration(parseDurationMs(parts.join("")));
        expect(formatDuration(parseDurationMs(once))).toBe(once);
      }),
    );
  });
});
