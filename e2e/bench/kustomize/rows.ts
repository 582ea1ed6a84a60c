import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { kustomizeBinary } from "@plumb/kustomize/testing";
import { median } from "../measure.ts";
import type { Row } from "../row.ts";
import { bundleEntry, outputOf, peakMbOf, plumbBuild, timesOf, type Command } from "./processes.ts";
import { overlaysTree, pairsTree, scatteredTree, smallTree, writeTree } from "./trees.ts";

/** What all rows are measured with. */
interface Tools {
  readonly kustomize: Command;
  /** What a user would type: `plumb build`, or the bench's own entry. */
  readonly plumb: Command;
  /** The bench's own entry, without a mode. */
  readonly entry: Command;
  readonly folder: string;
}

const OVERLAYS = 100;
/** Overlays that the real kustomize builds; its time for all is reckoned from these. */
const SAMPLED_OVERLAYS = 20;

/** `kustomize build` beside ours, in the same run: medians of 5 whole processes, and builds in a warm one. */
export async function kustomize(signal: AbortSignal): Promise<readonly Row[]> {
  const binary = kustomizeBinary(process.env["XDG_CACHE_HOME"]);
  if (binary === undefined) return [notRun("kustomize", "there is no Go to build kustomize v5.8.1 with")];
  const folder = await mkdtemp(join(tmpdir(), "plumb-bench-kustomize-"));
  try {
    const entry = await bundleEntry(join(folder, "bin"));
    const shipped = plumbBuild();
    const tools: Tools = { kustomize: [binary, "build"], plumb: shipped ?? [...entry, "once"], entry, folder };
    console.error(
      `measured with ${shipped === undefined ? "an entry of the bench's own" : "plumb build"}; load average ${loadavg()
        .map((load) => load.toFixed(1))
        .join(" ")}`,
    );
    const rows: Row[] = [];
    for (const measure of [manyObjects, argo, small, growth, overlays]) {
      signal.throwIfAborted();
      const failed = (thrown: unknown): readonly Row[] => [
        { figure: `kustomize: ${measure.name}`, measured: "failed", reach: "", isMet: false, detail: String(thrown).slice(0, 500) },
      ];
      rows.push(...(await measure(tools).catch(failed)));
    }
    return rows;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function manyObjects(tools: Tools): Promise<readonly Row[]> {
  const folder = writeTree(join(tools.folder, "pairs"), pairsTree(500));
  const { row, theirMs } = await wholeProcess("500 Deployments and 500 Services", folder, 0.25, tools);
  const ms = warmMs(folder, 11, tools);
  return [row, ratioRow("the same in a warm process", ms / theirMs, 0.12, `${ms.toFixed(0)} ms beside a whole process of ${theirMs.toFixed(0)} ms`)];
}

async function argo(tools: Tools): Promise<readonly Row[]> {
  const manifests = process.env["PLUMB_BENCH_ARGOCD"];
  const trees = [
    ["cluster-install", 0.6],
    ["ha/base", 0.8],
  ] as const;
  const rows: Row[] = [];
  for (const [tree, reach] of trees) {
    const figure = `argo-cd \`manifests/${tree}\``;
    if (manifests === undefined || !existsSync(join(manifests, tree)))
      rows.push(notRun(figure, "PLUMB_BENCH_ARGOCD does not name the manifests folder of an argo-cd checkout"));
    else rows.push((await wholeProcess(figure, join(manifests, tree), reach, tools)).row);
  }
  return rows;
}

async function small(tools: Tools): Promise<readonly Row[]> {
  const folder = writeTree(join(tools.folder, "small"), smallTree());
  refuseDifference(folder, tools);
  const { ours, theirs, node } = timesOf({ ours: [...tools.plumb, folder], theirs: [...tools.kustomize, folder], node: [process.execPath, "-e", "0"] }, 11);
  const ms = warmMs(folder, 400, tools);
  return [
    msRow(
      "3 objects from the command line",
      ours.ms,
      90,
      `Node alone ${node.ms.toFixed(0)} ms, kustomize ${theirs.ms.toFixed(0)} ms; processor ${ours.cpuMs.toFixed(0)}, ${node.cpuMs.toFixed(0)}, ${theirs.cpuMs.toFixed(0)} ms`,
    ),
    msRow("the same in a warm process", ms, 2, "median of 400 builds"),
  ];
}

async function growth(tools: Tools): Promise<readonly Row[]> {
  return [growthRow("growth from 1,000 to 4,000 objects", pairsTree, tools), growthRow("the same, a file for each object", scatteredTree, tools)];
}

function growthRow(figure: string, treeOf: typeof pairsTree, tools: Tools): Row {
  const few = writeTree(join(tools.folder, treeOf.name, "few"), treeOf(500));
  const many = writeTree(join(tools.folder, treeOf.name, "many"), treeOf(2000));
  const fewMs = warmMs(few, 5, tools);
  const manyMs = warmMs(many, 5, tools);
  const { small: whole, large } = timesOf({ small: [...tools.plumb, few], large: [...tools.plumb, many] });
  const times = manyMs / fewMs;
  const detail = `${fewMs.toFixed(0)} → ${manyMs.toFixed(0)} ms warm; whole process ${whole.ms.toFixed(0)} → ${large.ms.toFixed(0)} ms (${(large.ms / whole.ms).toFixed(1)} ×)`;
  return { figure, measured: `${times.toFixed(1)} ×`, reach: "≤ 5 ×", isMet: times <= 5, detail };
}

async function overlays(tools: Tools): Promise<readonly Row[]> {
  const folder = writeTree(join(tools.folder, "overlays"), overlaysTree(OVERLAYS, 200));
  const folders = Array.from({ length: OVERLAYS }, (_, i) => join(folder, "overlays", String(i)));
  const last = folders.at(-1) ?? folder;
  const each: Command = [...tools.entry, "each", ...folders];
  if (outputOf(each) !== outputOf([...tools.kustomize, last])) throw new Error("the last overlay is built differently");
  const sampled = Object.fromEntries(
    folders.filter((_, i) => i % (OVERLAYS / SAMPLED_OVERLAYS) === 0).map((path, i) => [String(i), [...tools.kustomize, path] satisfies Command]),
  );
  const theirMs = Object.values(timesOf(sampled, 1)).reduce((sum, { ms }) => sum + ms, 0) * (OVERLAYS / SAMPLED_OVERLAYS);
  const { ours } = timesOf({ ours: each });
  return [
    ratioRow(
      "100 overlays over one base of 200 objects, one process",
      ours.ms / theirMs,
      0.05,
      `${ours.ms.toFixed(0)} ms with Node's start, beside ${theirMs.toFixed(0)} ms (${SAMPLED_OVERLAYS} runs of kustomize, times ${OVERLAYS / SAMPLED_OVERLAYS})`,
    ),
  ];
}

async function wholeProcess(figure: string, folder: string, reach: number, tools: Tools): Promise<{ readonly row: Row; readonly theirMs: number }> {
  refuseDifference(folder, tools);
  const commands = { ours: [...tools.plumb, folder], theirs: [...tools.kustomize, folder] } as const satisfies Record<string, Command>;
  const { ours, theirs } = timesOf<"ours" | "theirs">(commands);
  const [ourMb, theirMb] = [await peakMbOf(commands.ours), await peakMbOf(commands.theirs)];
  const detail = `${ours.ms.toFixed(0)} ms, ${ourMb.toFixed(0)} MB beside ${theirs.ms.toFixed(0)} ms, ${theirMb.toFixed(0)} MB; processor ${ours.cpuMs.toFixed(0)} beside ${theirs.cpuMs.toFixed(0)} ms`;
  return { row: ratioRow(figure, ours.ms / theirs.ms, reach, detail), theirMs: theirs.ms };
}

/** A figure counts only where both print the same. */
function refuseDifference(folder: string, { plumb, kustomize: theirs }: Tools): void {
  if (outputOf([...plumb, folder]) !== outputOf([...theirs, folder])) throw new Error(`${folder} is built differently`);
}

function warmMs(folder: string, runs: number, { entry }: Tools): number {
  // why: the entry prints nothing else
  return median(JSON.parse(outputOf([...entry, "warm", String(runs), folder])) as number[]);
}

function ratioRow(figure: string, ratio: number, reach: number, detail: string): Row {
  return { figure, measured: `${ratio.toFixed(3)} ×`, reach: `≤ ${reach} ×`, isMet: ratio <= reach, detail };
}

function msRow(figure: string, ms: number, reach: number, detail: string): Row {
  return { figure, measured: `${ms.toFixed(1)} ms`, reach: `≤ ${reach} ms`, isMet: ms <= reach, detail };
}

function notRun(figure: string, why: string): Row {
  return { figure, measured: "NOT RUN", reach: "", isMet: false, detail: why };
}
