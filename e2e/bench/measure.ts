import { readFile } from "node:fs/promises";

/** Clock ticks of /proc in a second, the same on every Linux that Node runs on. */
const TICKS_PER_SECOND = 100;

/** Processor seconds that a process has used, its threads included. */
export async function cpuSeconds(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}

/** Resident memory of a process in MB: what it holds now, and the most that it ever held. */
export async function memoryMb(pid: number): Promise<{ readonly now: number; readonly peak: number }> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const of = (name: string): number => (Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1]) / 1000) * 1.024;
  return { now: of("VmRSS"), peak: of("VmHWM") };
}

/** The value below which the given part of the values lies; values need not be sorted. */
export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** Runs `work` on every item, `concurrency` of them at a time, and resolves to the seconds it took. */
export async function secondsFor<Item>(items: readonly Item[], concurrency: number, work: (item: Item) => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  const queue = items.values();
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      for (const item of queue) await work(item);
    }),
  );
  return (performance.now() - startedMs) / 1000;
}
