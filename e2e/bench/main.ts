// Measures what the project promises about speed and size, and prints it as a table. Names choose rows; none means all.
// With --peer Flux's own controllers are measured beside, in the same run.
import { availableParallelism, cpus, loadavg } from "node:os";
import { findPeers, fluxPrograms } from "@plumb/e2e/peers";
import { BUNDLES, writeBundles } from "@plumb/e2e/toolkit";
import { kustomize } from "./kustomize/rows.ts";
import type { Bench, Row, Subject } from "./row.ts";
import { drift } from "./rows/drift.ts";
import { idle } from "./rows/idle.ts";
import { push } from "./rows/push.ts";
import { runCost } from "./rows/run-cost.ts";
import { story } from "./rows/story.ts";
import { thousand } from "./rows/thousand.ts";

const COMPARABLE: Readonly<Record<string, Bench>> = { thousand, cost: runCost, drift, idle, push };
const BENCHES: Readonly<Record<string, Bench>> = { ...COMPARABLE, story, kustomize };
const PLUMB: Subject = { programs: BUNDLES, isPeer: false, rounds: 3 };

const isBeside = process.argv.includes("--peer");
const benches = isBeside ? COMPARABLE : BENCHES;
const chosen = process.argv.slice(2).filter((word) => word !== "--peer");
const unknown = chosen.filter((name) => !Object.hasOwn(benches, name));
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(", ")}; there are ${Object.keys(benches).join(", ")}`);
  process.exitCode = 2;
} else {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  const names = chosen.length === 0 ? Object.keys(benches) : chosen;
  await (isBeside ? compare(names, stop.signal) : measure(names, stop.signal));
}

async function measure(names: readonly string[], signal: AbortSignal): Promise<void> {
  await writeBundles();
  console.log(`${machine()}\n\n| figure | measured | reach | | of which |\n| --- | --- | --- | --- | --- |`);
  for (const name of names) {
    for (const { figure, measured, reach, isMet, detail } of await rowsOf(name, PLUMB, signal))
      console.log(`| ${figure} | ${measured} | ${reach} | ${isMet ? "met" : "not met"} | ${detail} |`);
  }
}

/** One round each, one after the other, so that neither has more of the machine. */
async function compare(names: readonly string[], signal: AbortSignal): Promise<void> {
  const peers = await findPeers({ env: process.env, onProgress: (line) => console.error(line) }, signal);
  if (peers.kind === "absent") {
    console.error(`NOT RUN: ${peers.reason}`);
    return;
  }
  await writeBundles();
  const flux: Subject = { programs: fluxPrograms(peers.folder), isPeer: true, rounds: 1 };
  console.log(`${machine()}\n\n| figure | | Plumb | Flux 2.9 | Flux over Plumb | load |\n| --- | --- | --- | --- | --- | --- |`);
  for (const name of names) {
    const own = await rowsOf(name, { ...PLUMB, rounds: 1 }, signal);
    const theirs = await rowsOf(name, flux, signal);
    for (const [index, { figure, amounts = {}, measured }] of own.entries()) {
      if (measured === "failed") console.log(`| ${figure} | failed | | | | |`);
      for (const [what, amount] of Object.entries(amounts)) {
        const other = theirs[index]?.amounts?.[what] ?? Number.NaN;
        console.log(`| ${figure} | ${what} | ${short(amount)} | ${short(other)} | ${short(other / amount)} | ${short(loadavg()[0] ?? 0)} |`);
      }
    }
  }
}

async function rowsOf(name: string, subject: Subject, signal: AbortSignal): Promise<readonly Row[]> {
  const rows = await BENCHES[name]?.(signal, subject).catch((thrown: unknown): readonly Row[] => [
    { figure: name, measured: "failed", reach: "", isMet: false, detail: String(thrown).slice(0, 500) },
  ]);
  for (const { measured, detail } of rows ?? []) {
    if (measured !== "failed") continue;
    console.error(`${name} of ${subject.isPeer ? "Flux" : "Plumb"}: ${detail}`);
    process.exitCode = 1;
  }
  return rows ?? [];
}

function machine(): string {
  return `${new Date().toISOString().slice(0, 10)}, ${availableParallelism()} processors of ${cpus()[0]?.model ?? "an unknown make"}, Node ${process.version}`;
}

function short(value: number): string {
  return Number(value.toPrecision(3)).toString();
}
