import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { ToolkitError } from "@plumb/std";
import type { Host, Kill } from "../host.ts";
import { isRunning, startTicks, type LabProcess } from "./state.ts";

export interface FleetOptions {
  readonly host: Host;
  /** Where each process's output goes, one file a process. */
  readonly logFolder: string;
  /** Called whenever the processes that run have changed. */
  readonly onChange: (processes: readonly LabProcess[]) => void;
  /** Told each line that the process `name` writes. */
  readonly onLine?: (name: string, line: string) => void;
  /** Told when a process that had started ends although nobody ended it; `how` is such as `exit code 1`. */
  readonly onEnd?: (name: string, how: string) => void;
  /** Ends the wait for a process that starts; the processes themselves are ended by `stop`. */
  readonly signal: AbortSignal;
}

export interface Launch {
  readonly name: string;
  /** The file that Node runs. */
  readonly file: string;
  readonly nodeFlags?: readonly string[];
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Names that must be reported as listening before the process counts as started. */
  readonly listensAs: readonly string[];
}

/** Milliseconds for a process to listen; it gives up long before that by itself. */
const START_WITHIN_MS = 30_000;
const STOP_WITHIN_MS = 10_000;
/** Of what a process said before it ended. */
const LAST_LINES = 3;
/** Says nothing to a user, and would push out what does; the log has it. */
const STACK_FRAME = /^ +at /;

/** The processes of a lab: started one by one, ended in reverse order. */
export class Fleet {
  readonly #options: FleetOptions;
  #isStopping = false;
  readonly #running: { readonly record: LabProcess; readonly child: ChildProcess }[] = [];
  readonly #allEnded = Promise.withResolvers<void>();

  constructor(options: FleetOptions) {
    this.#options = options;
    mkdirSync(options.logFolder, { recursive: true });
  }

  /** Resolves when every process that was started has ended. */
  get allEnded(): Promise<void> {
    return this.#allEnded.promise;
  }

  /**
   * Starts a process and resolves, by name, to the addresses it listens on.
   *
   * @throws {ToolkitError} `unavailable` with its last words when it ends before it listens, `cancelled` by the signal
   */
  async start({ name, file, nodeFlags = [], args, env = {}, listensAs }: Launch): Promise<Readonly<Record<string, string>>> {
    const { host, logFolder, onLine, signal } = this.#options;
    if (signal.aborted) throw stopped(name);
    // In a process group of its own: Ctrl-C on the terminal is for the lab, which then ends its processes in order.
    const child = spawn(host.node, [...nodeFlags, file, ...args], { env: { ...host.env, ...env }, stdio: ["ignore", "pipe", "pipe"], detached: true });
    const addresses: Record<string, string> = {};
    const lastLines: string[] = [];
    let hasStarted = false;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const isRead = readOutput(child, join(logFolder, `${name}.log`), (line) => {
      if (!STACK_FRAME.test(line)) lastLines.push(line);
      if (lastLines.length > LAST_LINES) lastLines.shift();
      onLine?.(name, line);
      Object.assign(addresses, listeningLine(line));
      if (listensAs.every((expected) => expected in addresses)) resolve();
    });
    const limit = setTimeout(() => reject(new ToolkitError("unavailable", `${name} does not listen after ${START_WITHIN_MS / 1000} s`)), START_WITHIN_MS);
    const onAbort = (): void => reject(stopped(name));
    signal.addEventListener("abort", onAbort, { once: true });
    child.once("error", (cause) => reject(new ToolkitError("unavailable", `${name} cannot be started: ${cause.message}`, { cause })));
    child.once("exit", () => this.#forget(child));
    child.once("close", async (code, killedBy) => {
      await isRead;
      const how = killedBy ?? `exit code ${code}`;
      reject(new ToolkitError("unavailable", `${name} ended with ${how}: ${lastLines.join(" | ")}`));
      if (hasStarted && !this.#isStopping) this.#options.onEnd?.(name, how);
    });
    this.#note(name, child);
    try {
      await promise;
      hasStarted = true;
    } finally {
      clearTimeout(limit);
      signal.removeEventListener("abort", onAbort);
    }
    return addresses;
  }

  /** Ends every process, the last one started first. Never rejects. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const { record } of [...this.#running].reverse()) await endProcess(record, this.#options.host.kill);
    this.#running.length = 0;
    this.#report();
  }

  /** One that could not be started has no number. */
  #note(name: string, child: ChildProcess): void {
    const { pid } = child;
    if (pid === undefined) return;
    this.#running.push({ record: { name, pid, startTicks: startTicks(pid) }, child });
    this.#report();
  }

  #forget(child: ChildProcess): void {
    const index = this.#running.findIndex((entry) => entry.child === child);
    if (index === -1) return; // it was ended by `stop`, which has said so
    this.#running.splice(index, 1);
    this.#report();
    if (this.#running.length === 0) this.#allEnded.resolve();
  }

  #report(): void {
    this.#options.onChange(this.#running.map(({ record }) => record));
  }
}

interface Output {
  readonly stdout: Readable;
  readonly stderr: Readable;
}

/** Copies what a process writes into its log, and hands on each line. Resolves when there is no more to come. */
async function readOutput({ stdout, stderr }: Output, logFile: string, onLine: (line: string) => void): Promise<void> {
  const log = createWriteStream(logFile, { flags: "a" });
  log.on("error", () => {}); // a full disk must not end the lab
  const readers = [stdout, stderr].map((input) => createInterface({ input }));
  for (const reader of readers) {
    reader.on("line", (line) => {
      log.write(`${line}\n`);
      onLine(line);
    });
  }
  await Promise.allSettled(readers.map((reader) => once(reader, "close")));
  log.end();
}

/** Asks a process to end, and makes it when it does not. Never rejects. */
export async function endProcess(record: LabProcess, kill: Kill, withinMs: number = STOP_WITHIN_MS): Promise<void> {
  for (const [signal, limitMs] of [
    ["SIGTERM", withinMs],
    ["SIGKILL", STOP_WITHIN_MS],
  ] as const) {
    const deadline = performance.now() + limitMs;
    send(record, signal, kill);
    while (isRunning(record, kill) && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function send(record: LabProcess, signal: NodeJS.Signals, kill: Kill): void {
  if (!isRunning(record, kill)) return;
  try {
    kill(record.pid, signal);
  } catch {
    // it ended meanwhile
  }
}

function stopped(name: string): ToolkitError {
  return new ToolkitError("cancelled", `the lab was stopped before ${name} listened`);
}

/** Reads a log line that says who listens where; nothing for any other line. */
function listeningLine(line: string): Readonly<Record<string, string>> {
  if (!line.includes('"listening"')) return {};
  try {
    const { msg, name, server, address } = JSON.parse(line);
    return msg === "listening" ? { [String(server ?? name)]: String(address) } : {};
  } catch {
    return {};
  }
}
