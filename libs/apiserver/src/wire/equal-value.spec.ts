import { schemaOfObject } from "@plumb/openapi";
import type { JsonObject, JsonValue } from "@plumb/std";
import { describe, expect, it } from "vitest";
import { equalValue } from "./equal-value.ts";

const pod = (container: JsonObject): JsonObject => ({ apiVersion: "v1", kind: "Pod", spec: { containers: [{ name: "c", ...container }] } });
const using = (amount: JsonValue): JsonObject => pod({ resources: { requests: { memory: amount } } });
const env = (value: string): JsonObject => pod({ env: [{ name: "SIZE", value }] });

const cases: readonly (readonly [what: string, a: JsonObject, b: JsonObject, isEqual: boolean])[] = [
  ["an amount in the same words", using("1Gi"), using("1Gi"), true],
  ["an amount in other words", using("1Gi"), using("1073741824"), true],
  ["another amount", using("1Gi"), using("1G"), false],
  ["an amount that is there and one that is not", using("1Gi"), pod({ resources: { requests: {} } }), false],
  ["what is no amount", using("lots"), using("many"), false],
  ["a text that could be an amount", env("1Gi"), env("1073741824"), false],
  ["a list that is longer", pod({ args: ["a"] }), pod({ args: ["a", "b"] }), false],
  ["a field that is not declared", pod({ colour: { red: 1 } }), pod({ colour: { red: 1 } }), true],
];

describe("two values of one type", () => {
  it.each(cases)("are compared: %s", (_, a, b, isEqual) => {
    const schema = schemaOfObject(a);
    expect([equalValue(a, b, schema), equalValue(b, a, schema)]).toEqual([isEqual, isEqual]);
  });
});
