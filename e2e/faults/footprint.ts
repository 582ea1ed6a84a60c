import { readdir, readFile } from "node:fs/promises";

/** What a process has used, from `/proc`. */
export interface Footprint {
  /** Processor seconds since it began. */
  readonly cpuSeconds: number;
  /** Megabytes of memory it holds now. */
  readonly memoryMb: number;
  /** Files and sockets that are open. */
  readonly descriptors: number;
}

const TICKS_PER_SECOND = 100;

export async function footprintOf(pid: number): Promise<Footprint> {
  const [stat, status, open] = await Promise.all([readFile(`/proc/${pid}/stat`, "utf8"), readFile(`/proc/${pid}/status`, "utf8"), readdir(`/proc/${pid}/fd`)]);
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const memoryKb = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
  return { cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND, memoryMb: memoryKb / 1024, descriptors: open.length };
}
