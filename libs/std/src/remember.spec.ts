import { expect, it } from "vitest";
import { remember } from "./remember.ts";

it("the latest are remembered, and the one that was named longest ago goes", () => {
  const map = new Map<string, number>();
  expect([remember(map, "a", 1, 2), remember(map, "b", 2, 2), remember(map, "a", 3, 2), remember(map, "c", 4, 2)]).toEqual([
    undefined,
    undefined,
    undefined,
    2,
  ]);
  expect([...map]).toEqual([
    ["a", 3],
    ["c", 4],
  ]);
});
