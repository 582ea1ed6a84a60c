import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";

/** Replaces objects that live for a while, and says how many bytes of heap that took at most once V8 had settled. */
const PROGRAM = `
  import { collectEarly } from "@plumb/runtime";
  if (process.argv[1] === "early") collectEarly(process.execArgv);
  const kept = [];
  let peak = 0;
  for (let index = 0; index < 4_500_000; index++) {
    kept[index % 50_000] = { text: String(index), list: [index] };
    if (index > 2_000_000 && index % 5_000 === 0) peak = Math.max(peak, process.memoryUsage().heapTotal);
  }
  console.log(peak);
`;

function peakOf(...words: readonly string[]): number {
  // On one thread: V8 else marks garbage beside the program, and how much piles up meanwhile is a matter of free processors.
  const flags = ["--single-threaded-gc", "--conditions=@plumb/source", "--input-type=module", "-e", PROGRAM];
  return Number(execFileSync(process.execPath, [...flags, ...words], { encoding: "utf8" }));
}

describe("collectEarly", () => {
  it("keeps the heap small of a process that was started without a word about size", () => {
    expect(peakOf("early")).toBeLessThan(peakOf() * 0.75);
  });
});
