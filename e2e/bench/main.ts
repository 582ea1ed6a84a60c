// Measures what the project promises about speed and size, and prints it as a table. Names choose rows; none means all.
import { availableParallelism, cpus } from "node:os";
import { writeBundles } from "@plumb/e2e/toolkit";
import { kustomize } from "./kustomize/rows.ts";
import type { Bench, Row } from "./row.ts";
import { drift } from "./rows/drift.ts";
import { idle } from "./rows/idle.ts";
import { push } from "./rows/push.ts";
import { runCost } from "./rows/run-cost.ts";
import { story } from "./rows/story.ts";
import { thousand } from "./rows/thousand.ts";

const BENCHES: Readonly<Record<string, Bench>> = { thousand, cost: runCost, drift, idle, push, story, kustomize };

const chosen = process.argv.slice(2);
const unknown = chosen.filter((name) => !Object.hasOwn(BENCHES, name));
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(", ")}; there are ${Object.keys(BENCHES).join(", ")}`);
  process.exitCode = 2;
} else await measure(chosen.length === 0 ? Object.keys(BENCHES) : chosen);

async function measure(names: readonly string[]): Promise<void> {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  await writeBundles();
  console.log(
    `${new Date().toISOString().slice(0, 10)}, ${availableParallelism()} processors of ${cpus()[0]?.model ?? "an unknown make"}, Node ${process.version}\n`,
  );
  console.log("| figure | measured | reach | | of which |\n| --- | --- | --- | --- | --- |");
  for (const name of names) {
    const rows = await BENCHES[name]?.(stop.signal).catch((thrown: unknown): readonly Row[] => [
      { figure: name, measured: "failed", reach: "", isMet: false, detail: String(thrown).slice(0, 500) },
    ]);
    for (const { figure, measured, reach, isMet, detail } of rows ?? [])
      console.log(`| ${figure} | ${measured} | ${reach} | ${isMet ? "met" : "not met"} | ${detail} |`);
    if (rows?.some(({ measured }) => measured === "failed")) process.exitCode = 1;
  }
}
