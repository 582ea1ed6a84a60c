import { describe, expect, it } from "vitest";
import { checkRules } from "./check-rules.ts";
import { ruleProblem } from "./compile-rule.ts";

const schema = {
  type: "object",
  properties: { provider: { type: "string" }, sts: { type: "object" }, a: { type: "integer" }, list: { type: "array", items: { type: "string" } } },
};
const holds = (rule: string, value: Record<string, never> | object): boolean =>
  checkRules({ ...value }, undefined, { ...schema, "x-kubernetes-validations": [{ rule }] }).length === 0;

describe("a rule of a definition", () => {
  it.each([
    ["self.provider == 'aws' || !has(self.sts)", { provider: "gcp" }, true],
    ["self.provider == 'aws' || !has(self.sts)", { provider: "gcp", sts: {} }, false],
    ["self.list.all(x, x.startsWith('a')) && size(self.list) > 1", { list: ["ab", "ac"] }, true],
    ["self.list.exists(x, x in ['b', 'c'])", { list: ["a"] }, false],
    ["self.a > 1 ? self.provider.matches('^x+$') : true", { a: 2, provider: "xy" }, false],
    ["self.a % 2 == 0", { a: 3 }, false],
    ["self.missing == 1 || true", {}, true],
    ["self.missing == 1", {}, false],
  ])("%s of %j: %s", (rule, value, expected) => {
    expect(holds(rule, value)).toBe(expected);
  });

  it("is not held against a writer where the evaluator does not know what it asks", () => {
    expect(holds("ip('127.0.0.1').isLoopback()", {})).toBe(true);
  });

  it.each(["self.b > 1", "self.a >", "", "self.a # 1"])("that does not compile is refused: %j", (rule) => {
    expect(ruleProblem(rule, schema)).toBeDefined();
  });

  it("ends a rule that nests too deeply, with a refusal", () => {
    expect(ruleProblem(`${"(".repeat(5000)}1${")".repeat(5000)}`, schema)).toContain("limit");
  });
});
