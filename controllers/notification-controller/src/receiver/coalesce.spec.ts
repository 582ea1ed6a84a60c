import { expect, it } from "vitest";
import { Coalesce } from "./coalesce.ts";

it("runs once more, and once only, for all who asked during a run", async () => {
  const coalesce = new Coalesce<number>();
  const gates = [Promise.withResolvers<number>(), Promise.withResolvers<number>(), Promise.withResolvers<number>()];
  let runs = 0;
  const work = (): Promise<number> => gates[runs++]?.promise ?? Promise.reject(new Error("too many"));
  const first = coalesce.run("a", work);
  const others = Array.from({ length: 100 }, () => coalesce.run("a", work));
  expect(runs).toBe(1);
  gates[0]?.resolve(0);
  expect(await first).toBe(0);
  await Promise.resolve();
  gates[1]?.resolve(1);
  expect(new Set(await Promise.all(others))).toEqual(new Set([1]));
  expect(runs).toBe(2);
});

it("does not share between keys, nor a failure with those who ask after it", async () => {
  const coalesce = new Coalesce<number>();
  const failed = coalesce.run("a", () => Promise.reject(new Error("no")));
  const next = coalesce.run("a", () => Promise.resolve(1));
  expect(await coalesce.run("b", () => Promise.resolve(2))).toBe(2);
  await expect(failed).rejects.toThrow("no");
  expect(await next).toBe(1);
});
