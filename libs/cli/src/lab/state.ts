import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { ToolkitError } from "@plumb/std";
import type { Kill } from "../host.ts";
import { systemReason } from "../system-reason.ts";

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
  const state = readJson(path);
  if (!isState(state)) throw new ToolkitError("invalid", `${path} is no lab state; remove the folder by hand`);
  return state;
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

/** A number that is no process's, such as -1, would be a signal to many. */
function isState(value: unknown): value is LabState {
  if (typeof value !== "object" || value === null || !("processes" in value) || !Array.isArray(value.processes)) return false;
  return value.processes.every(
    (entry: unknown) => typeof entry === "object" && entry !== null && "pid" in entry && Number.isSafeInteger(entry.pid) && Number(entry.pid) > 1,
  );
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

/** Beside the state, which the lab itself writes anew with each process that ends. */
function endFile(folder: string): string {
  return join(folder, "data", "ending");
}

/** Tells the lab of a folder, which may run elsewhere, that its processes are about to be ended on purpose. */
export function announceEnd(folder: string): void {
  if (existsSync(dirname(endFile(folder)))) writeFileSync(endFile(folder), "");
}

/** True when somebody has begun to end the lab, or has removed it already. */
export function isEndAnnounced(folder: string): boolean {
  return existsSync(endFile(folder)) || !isLabFolder(folder);
}

/** The file that says that a folder is a lab's, so that nobody else's is ever emptied. */
const MARKER = ".plumb-lab";

export function isLabFolder(folder: string): boolean {
  return existsSync(join(folder, MARKER)) || existsSync(join(folder, "state.json"));
}

/**
 * Makes a folder a lab's.
 *
 * @throws {ToolkitError} `invalid` when something else is in it, `denied` when it cannot be written
 */
export function claimFolder(folder: string): void {
  try {
    makeFolders(folder);
    if (!isLabFolder(folder) && readdirSync(folder).length > 0)
      throw new ToolkitError("invalid", `${folder} is not empty and no lab's; name another folder with --dir`);
    writeFileSync(join(folder, MARKER), "This folder is a lab's: plumb lab down empties it.\n");
  } catch (thrown) {
    if (thrown instanceof ToolkitError) throw thrown;
    throw new ToolkitError("denied", `the lab cannot write to ${folder}: ${systemReason(thrown)}; name another folder with --dir`, { cause: thrown });
  }
}

/** As `mkdirSync` with `recursive`, which never ends where a folder cannot be made though its parent is there, as in /proc. */
function makeFolders(folder: string): void {
  if (existsSync(folder)) return;
  makeFolders(dirname(folder));
  mkdirSync(folder);
}

/** Clock ticks since boot at which a process started; undefined when there is none, it has ended, or the system has no /proc. */
export function startTicks(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return state === "Z" ? undefined : fields[18];
  } catch {
    return undefined;
  }
}

/** True while the very process that the lab started is there. */
export function isRunning({ pid, startTicks: started }: LabProcess, kill: Kill): boolean {
  try {
    kill(pid, 0);
  } catch {
    return false;
  }
  return startTicks(pid) === started;
}
