import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { compareQuantities, formatQuantity, parseQuantity } from "./quantity.ts";

const cases: readonly (readonly [written: string, stored: string | undefined])[] = [
  ["1000m", "1"],
  ["0.5", "500m"],
  ["1024Mi", "1Gi"],
  ["1.5Gi", "1536Mi"],
  ["100", "100"],
  ["1e3", "1e3"],
  ["1000", "1k"],
  ["0", "0"],
  ["-1", "-1"],
  ["1M", "1M"],
  ["lots", undefined],
  ["", undefined],
  ["1KiB", undefined],
  ["1 Gi", undefined],
];

describe("a quantity", () => {
  it.each(cases)("%j is stored as %j", (written, stored) => {
    const quantity = parseQuantity(written);
    expect(quantity === undefined ? undefined : formatQuantity(quantity)).toBe(stored);
  });

  it("is the same amount after it was written and read again, and is written no other way then", () => {
    fc.assert(
      fc.property(fc.bigInt(-(10n ** 24n), 10n ** 24n), fc.constantFrom("binary", "decimal", "exponent"), (nano, format) => {
        const text = formatQuantity({ nano, format });
        const again = parseQuantity(text);
        expect(again?.nano).toBe(nano);
        expect(again === undefined ? "" : formatQuantity(again)).toBe(text);
        expect(compareQuantities({ nano, format }, again ?? { nano: nano + 1n, format })).toBe(0);
      }),
    );
  });
});
