import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatSelector, matchesLabels, parseLabelSelector } from "./label-selector.ts";

const labels = new Map([
  ["env", "prod"],
  ["tier", "front"],
  ["n", "5"],
]);

describe("a label selector", () => {
  it.each([
    ["", true],
    ["env=prod", true],
    ["env==prod,tier!=back", true],
    ["env in (prod, test)", true],
    ["env notin (prod)", false],
    ["absent notin (x)", true],
    ["env", true],
    ["!env", false],
    ["!absent", true],
    ["n>4", true],
    ["n<5", false],
    ["tier>4", false],
    ["env=", false],
    ["env in ()", false],
  ])("%j selects it: %s", (text, expected) => {
    expect(matchesLabels(parseLabelSelector(text), labels)).toBe(expected);
  });

  it.each(["a in (b", "a in b", "=x", "a,,b", "a=b,", "n>x", "bad key=x", "a=-"])("%j is refused", (text) => {
    expect(() => parseLabelSelector(text)).toThrow(SyntaxError);
  });

  it("selects the same after it was written and read again", () => {
    const key = fc.constantFrom("env", "tier", "absent");
    const requirement = fc.oneof(
      fc.tuple(key, fc.constantFrom("prod", "front", "x")).map(([name, value]) => `${name}=${value}`),
      fc
        .tuple(key, fc.constantFrom("in", "notin"), fc.uniqueArray(fc.constantFrom("prod", "front"), { minLength: 1 }))
        .map(([name, sign, values]) => `${name} ${sign} (${values.join(",")})`),
      key,
      key.map((name) => `!${name}`),
    );
    fc.assert(
      fc.property(fc.array(requirement, { maxLength: 4 }), (parts) => {
        const selector = parseLabelSelector(parts.join(","));
        expect(matchesLabels(parseLabelSelector(formatSelector(selector)), labels)).toBe(matchesLabels(selector, labels));
      }),
    );
  });
});
