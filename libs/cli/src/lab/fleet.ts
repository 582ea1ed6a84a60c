import { spawn, type ChildProcess } from "node:child_process";
import { createWriteStream, mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { ToolkitError } from "@plumb/std";
import { isRunning, startTicks, type LabProcess } from "./state.ts";

export interface FleetOptions {
  /** Where each process's output goes, one file a process. */
  readonly logFolder: string;
  /** Called whenever the processes that run have changed. */
  readonly onChange: (processes: readonly LabProcess[]) => void;
  /** Told each line that the process `name` writes. */
  readonly onLine?: (name: string, line: string) => void;
}

export interface Launch {
  readonly name: string;
  /** The file that Node runs. */
  readonly file: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Names that must be reported as listening before the process counts as started. */
  readonly listensAs: readonly string[];
}

/** Milliseconds for a process to listen; it gives up long before that by itself. */
const START_WITHIN_MS = 30_000;
const STOP_WITHIN_MS = 10_000;

/** The processes of a lab: started one by one, ended in reverse order. */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #running: { readonly record: LabProcess; readonly child: ChildProcess }[] = [];

  constructor(options: FleetOptions) {
    this.#options = options;
    mkdirSync(options.logFolder, { recursive: true });
  }

  /**
   * Starts a process and resolves, by name, to the addresses it listens on.
   *
   * @throws {ToolkitError} `unavailable` with its last words when it ends before it listens
   */
  async start({ name, file, args, env = {}, listensAs }: Launch): Promise<Readonly<Record<string, string>>> {
    const child = spawn(process.execPath, [file, ...args], { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    const log = createWriteStream(join(this.#options.logFolder, `${name}.log`), { flags: "a" });
    const addresses: Record<string, string> = {};
    const lastLines: string[] = [];
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        log.write(`${line}\n`);
        lastLines.splice(0, Math.max(0, lastLines.length - 4), ...lastLines.slice(-4));
        lastLines.push(line);
        this.#options.onLine?.(name, line);
        Object.assign(addresses, listeningLine(line));
        if (listensAs.every((expected) => expected in addresses)) resolve();
      });
    }
    const limit = setTimeout(() => reject(new ToolkitError("unavailable", `${name} does not listen after ${START_WITHIN_MS / 1000} s`)), START_WITHIN_MS);
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      this.#forget(child);
      reject(new ToolkitError("unavailable", `${name} ended with ${signal ?? `exit code ${code}`}: ${lastLines.slice(-3).join(" | ")}`));
    });
    if (child.pid !== undefined) {
      this.#running.push({ record: { name, pid: child.pid, startTicks: startTicks(child.pid) }, child });
      this.#report();
    }
    try {
      await promise;
    } finally {
      clearTimeout(limit);
    }
    return addresses;
  }

  /** Ends every process, the last one started first. Never rejects. */
  async stop(): Promise<void> {
    for (const { record } of [...this.#running].reverse()) await endProcess(record);
    this.#running.length = 0;
    this.#report();
  }

  #forget(child: ChildProcess): void {
    const index = this.#running.findIndex((entry) => entry.child === child);
    if (index !== -1) this.#running.splice(index, 1);
    this.#report();
  }

  #report(): void {
    this.#options.onChange(this.#running.map(({ record }) => record));
  }
}

/** Asks a process to end, and makes it when it does not. */
export async function endProcess(record: LabProcess): Promise<void> {
  const deadline = performance.now() + STOP_WITHIN_MS;
  if (isRunning(record)) process.kill(record.pid, "SIGTERM");
  while (isRunning(record) && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
  if (isRunning(record)) process.kill(record.pid, "SIGKILL");
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
