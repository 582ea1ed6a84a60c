import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ToolkitError } from "@plumb/std";

/** A process of the lab. The start time tells it from a later one with the same number. */
export interface LabProcess {
  readonly name: string;
  readonly pid: number;
  /** Clock ticks since boot; undefined where the system does not tell. */
  readonly startTicks: string | undefined;
}

/** What a lab has made, so that `down` can end that and nothing else. */
export interface LabState {
  readonly processes: readonly LabProcess[];
  /** Where the story's cluster is real: its kubeconfig, and what was created there. */
  readonly cluster?: { readonly kubeconfig: string; readonly definitions: readonly string[] };
}

export function readState(folder: string): LabState | undefined {
  const path = join(folder, "state.json");
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    throw new ToolkitError("invalid", `${path} is no lab state; remove the folder by hand`, { cause });
  }
}

export function writeState(folder: string, state: LabState): void {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, "state.json");
  writeFileSync(`${path}.new`, JSON.stringify(state, undefined, 2), { mode: 0o600 });
  renameSync(`${path}.new`, path);
}

export function removeState(folder: string): void {
  rmSync(join(folder, "state.json"), { force: true });
}

/** Clock ticks since boot at which a process started; undefined when there is none, or the system has no /proc. */
export function startTicks(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    return undefined;
  }
}

/** True while the very process that the lab started is there. */
export function isRunning({ pid, startTicks: started }: LabProcess): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  return startTicks(pid) === started;
}
