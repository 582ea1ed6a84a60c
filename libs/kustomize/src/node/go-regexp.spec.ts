import fc from "fast-check";
import { RE2JS } from "re2js";
import { describe, expect, it } from "vitest";
import { wholeRegexp } from "./go-regexp.ts";

/** Undefined for a pattern that is refused. */
function attempt(work: () => boolean): boolean | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}

describe("a pattern of a whole text", () => {
  const pattern = fc.string({
    unit: fc.constantFrom("a", "b", "-", ".", ".*", ".+", "|", "(", ")", "*", "?", "[", "]", "\\", "^", "$", " ", "é"),
    maxLength: 7,
  });
  const text = fc.string({ unit: fc.constantFrom("a", "b", "-", ".", "|", "\n", "\r", "\u2028", "😀", "\ud83d", "é"), maxLength: 6 });

  it("matches what Go's engine matches, also where it is not asked", () => {
    fc.assert(
      fc.property(pattern, text, (given, tried) => {
        const expected = given === "" ? true : attempt(() => RE2JS.compile(`^(?:${given})$`).matcher(tried).find());
        expect(attempt(() => wholeRegexp(given)(tried))).toBe(expected);
      }),
      { numRuns: 20_000 },
    );
  });

  it.each(["a.*b", "x|.*|y", ".*-suffix"])("takes linear time for %s", (given) => {
    const isMatch = wholeRegexp(given);
    expect(isMatch(`${"a".repeat(1_000_000)}\n`)).toBe(false);
  });
});

describe("a pattern that is none", () => {
  it.each([
    ["((", "error parsing regexp: missing closing ): `^(?:(()$`"],
    ["a**", "error parsing regexp: invalid nested repetition operator: `**`"],
  ])("%j is refused in the real binary's words", (given, message) => {
    expect(() => wholeRegexp(given)).toThrow(expect.objectContaining({ message }));
  });
});
