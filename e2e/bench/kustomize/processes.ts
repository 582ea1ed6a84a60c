import { spawn, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { median, memoryMb } from "../measure.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

/** A program and its first arguments. */
export type Command = readonly [program: string, ...args: string[]];

/** What a whole process took; medians over all runs of it. */
export interface Taken {
  readonly ms: number;
  /** Processor time of all its threads; from the kernel's ticks, so steps of 10 ms. */
  readonly cpuMs: number;
}

/** Bundles the bench's own entry into `folder`, as what ships is bundled; resolves to the command. */
export async function bundleEntry(folder: string): Promise<Command> {
  await mkdir(folder, { recursive: true });
  const outfile = join(folder, "build-entry.mjs");
  await build({
    entryPoints: [fileURLToPath(new URL("build-entry.ts", import.meta.url))],
    outfile,
    bundle: true,
    minifyWhitespace: true,
    minifySyntax: true,
    platform: "node",
    format: "esm",
    target: "node24",
    conditions: ["@plumb/source"],
    logLevel: "warning",
  });
  return [process.execPath, outfile];
}

/** `plumb build` where the bundle has it; undefined where it does not. */
export function plumbBuild(): Command | undefined {
  const command: Command = [process.execPath, `${ROOT}libs/cli/dist/main.mjs`, "build"];
  const { status, stdout } = spawnSync(command[0], [...command.slice(1), "--help"], { encoding: "utf8" });
  return status === 0 && stdout.includes("plumb build") ? command : undefined;
}

/** What the process prints. @throws {Error} with its words when it fails */
export function outputOf([program, ...args]: Command): string {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8", maxBuffer: 2 ** 28 });
  if (status !== 0) throw new Error(`${program} ended with ${status}: ${stderr.slice(0, 400)}`);
  return stdout;
}

/** Runs the commands in turn, so that a busy moment meets them all, `runs` times each, with nowhere to print to. */
export function timesOf<Name extends string>(commands: Readonly<Record<Name, Command>>, runs = 5): Readonly<Record<Name, Taken>> {
  // why: Object.keys and fromEntries forget the type of the keys
  const names = Object.keys(commands) as Name[];
  const taken = new Map<Name, Taken[]>(names.map((name) => [name, []]));
  for (let run = 0; run < runs; run++) for (const name of names) taken.get(name)?.push(timeOf(commands[name]));
  const medians = names.map((name) => [
    name,
    { ms: median((taken.get(name) ?? []).map(({ ms }) => ms)), cpuMs: median((taken.get(name) ?? []).map(({ cpuMs }) => cpuMs)) },
  ]);
  // why: as above
  return Object.fromEntries(medians) as Record<Name, Taken>;
}

function timeOf([program, ...args]: Command): Taken {
  const cpuBefore = childrenCpuMs();
  const startedMs = performance.now();
  const { status, signal } = spawnSync(program, args, { stdio: "ignore" });
  const ms = performance.now() - startedMs;
  if (status !== 0) throw new Error(`${program} ended with ${status ?? signal}`);
  return { ms, cpuMs: childrenCpuMs() - cpuBefore };
}

/** Processor time of all children that have ended. */
function childrenCpuMs(): number {
  const stat = readFileSync("/proc/self/stat", "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[13]) + Number(fields[14])) * 10;
}

/** The most memory that one run of the command holds, in MB, looked at every few milliseconds. */
export async function peakMbOf([program, ...args]: Command): Promise<number> {
  const child = spawn(program, args, { stdio: "ignore" });
  const ended = new Promise<void>((resolve, reject) => child.once("error", reject).once("exit", () => resolve()));
  let peak = 0;
  const look = setInterval(() => {
    if (child.pid !== undefined)
      memoryMb(child.pid).then(
        (memory) => (peak = Math.max(peak, Number.isNaN(memory.peak) ? 0 : memory.peak)),
        () => undefined,
      );
  }, 3);
  await ended.finally(() => clearInterval(look));
  return peak;
}
