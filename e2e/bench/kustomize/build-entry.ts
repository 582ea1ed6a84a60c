// Builds folders in one process, for the bench. `once FOLDER` prints what kustomize prints; `each FOLDER...` builds many with one cache and prints the last;
// `warm RUNS FOLDER` prints the milliseconds of RUNS builds after the first few.
import { realpathSync, writeSync } from "node:fs";
import { RootedFileSystem } from "@plumb/files";
import { BuildCache, build } from "@plumb/kustomize";

const { signal } = new AbortController();

async function textOf(folder: string, cache: BuildCache | undefined): Promise<string> {
  const root = realpathSync(folder).slice(1);
  const fileSystem = new RootedFileSystem("/", { isUnchanging: true });
  return (await build(root, { fileSystem, order: "legacy", signal, ...(cache === undefined ? {} : { cache }) })).text();
}

async function each(folders: readonly string[]): Promise<string> {
  const cache = new BuildCache();
  let text = "";
  for (const folder of folders) text = await textOf(folder, cache);
  return text;
}

async function warm(runs: number, folder: string): Promise<string> {
  const times: number[] = [];
  for (let run = -Math.max(3, runs / 2); run < runs; run++) {
    const startedMs = performance.now();
    await textOf(folder, undefined);
    if (run >= 0) times.push(performance.now() - startedMs);
  }
  return JSON.stringify(times);
}

function print(text: string): void {
  const bytes = Buffer.from(text);
  for (let offset = 0; offset < bytes.length;) offset += writeSync(1, bytes, offset);
}

const [mode, ...rest] = process.argv.slice(2);
if (mode === "warm") print(await warm(Number(rest[0]), rest[1] ?? "."));
else if (mode === "each") print(await each(rest));
else print(await textOf(rest[0] ?? ".", undefined));
