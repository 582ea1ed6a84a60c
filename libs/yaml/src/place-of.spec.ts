import { describe, expect, it } from "vitest";
import { placeOf } from "./place-of.ts";

const TEXT = `# a comment
name: x
list:
- {a: 1, b: [2,
    3]}
-   c: 5
empty:
anchored: &x {deep: 1}
alias: *x
`;

describe("the place of", () => {
  it.each<[string, (string | number)[], number, number]>([
    ["the whole", [], 2, 1],
    ["a scalar", ["name"], 2, 7],
    ["a list", ["list"], 4, 1],
    ["a value in flow style", ["list", 0, "b", 1], 5, 5],
    ["an item's value", ["list", 1, "c"], 6, 8],
    ["what is behind an alias", ["alias", "deep"], 8, 21],
    ["an empty value", ["empty"], 7, 6],
    ["what is not there: the nearest", ["list", 1, "none", "x"], 6, 5],
    ["what is not there in a scalar: the scalar", ["name", 0], 2, 7],
  ])("%s", (_, way, line, column) => {
    expect(placeOf(TEXT, way)).toEqual({ line, column });
    expect(placeOf(Buffer.from(TEXT), way)).toEqual({ line, column });
    expect(placeOf(Buffer.from(`\ufeff${TEXT}`, "utf16le"), way)).toEqual({ line, column });
  });

  it("nothing is nowhere", () => {
    expect(placeOf("# empty\n", ["a"])).toBeUndefined();
  });
});
