// Measures what the project promises about speed and size, and prints it as a table. Names choose rows; none means all.
// With --peer Flux's own controllers are measured beside, in the same run; --applications makes it fewer than 1,000 at once.
import { availableParallelism, cpus, loadavg } from "node:os";
import { parseArgs } from "node:util";
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

const { values, positionals: chosen } = parseArgs({ options: { peer: { type: "boolean" }, applications: { type: "string" } }, allowPositionals: true });
const isBeside = values.peer === true;
const plumb: Subject = { programs: BUNDLES, isPeer: false, rounds: isBeside ? 1 : 3, applications: Number(values.applications ?? 1000) };
const benches = isBeside ? COMPARABLE : BENCHES;
const unknown = chosen.filter((name) => !Object.hasOwn(benches, name));
if (unknown.length > 0 || !(plumb.applications > 0)) {
  console.error(unknown.length > 0 ? `unknown: ${unknown.join(", ")}; there are ${Object.keys(benches).join(", ")}` : "--applications is no number above 0");
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
    for (const { figure, measured, reach, isMet, detail } of await rowsOf(name, plumb, signal))
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
  const flux: Subject = { ...plumb, programs: fluxPrograms(peers.folder), isPeer: true };
  console.log(`${machine()}\n\n| figure | | Plumb | Flux 2.9 | Flux over Plumb | load |\n| --- | --- | --- | --- | --- | --- |`);
  for (const name of names) {
    const own = await rowsOf(name, plumb, signal);
    const theirs = await rowsOf(name, flux, signal);
    for (const [index, { figure, amounts = {}, measured }] of own.entries()) {
      if (measured === "failed") console.log(`| ${figure} | failed | | | | |`);
      for (const [what, amount] of Object.entries(amounts)) {
        const other = theirs[index]?.amounts?.[what] ?? Number.NaN;
        console.log(
          `| ${figure} | ${what} | ${short(amount)} | ${short(other)} | ${amount === 0 ? "" : short(other / amount)} | ${short(loadavg()[0] ?? 0)} |`,
        );
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
