import { readFile } from "node:fs/promises";
import { ProcessGroup, type RunningProcess } from "../control-plane/src/index.ts";
import { bundleOf, type ControllerName } from "./bundles.ts";
import { until } from "./until.ts";

export interface ControllerLaunch {
  readonly controller: ControllerName;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Names of the servers it says to listen as before it counts as started. */
  readonly listensAs: readonly string[];
  /** Processors, as `taskset` takes them; any unless set. */
  readonly processors?: string | undefined;
}

/** One run of a controller's bundle, started by path as a container starts it. */
export class ControllerProcess {
  readonly pid: number;
  /** Where each of its servers listens, by name. */
  readonly addresses: Readonly<Record<string, string>>;
  readonly #running: RunningProcess;
  readonly #logFile: string;

  private constructor(running: RunningProcess, addresses: Readonly<Record<string, string>>, logFile: string) {
    this.pid = running.pid;
    this.addresses = addresses;
    this.#running = running;
    this.#logFile = logFile;
  }

  /** @param run tells its log from those of other runs @throws {Error} with its last words when it ends before it listens */
  static async start(group: ProcessGroup, { controller, args, env, listensAs, processors }: ControllerLaunch, run: number): Promise<ControllerProcess> {
    const name = `${controller}-${run}`;
    const logFile = `${group.folder}/${name}.log`;
    const command = [process.execPath, bundleOf(controller), ...args];
    const [program = "", ...rest] = processors === undefined ? command : ["taskset", "-c", processors, ...command];
    const running = await group.start(name, program, rest, { PATH: process.env["PATH"], ...env });
    const addresses = await until(`${controller} listens`, async () => {
      const found = listening(await readFile(logFile, "utf8"));
      if (listensAs.every((server) => server in found)) return { found };
      return running.end === undefined ? undefined : { found: undefined };
    });
    if (addresses.found === undefined) throw new Error(`${controller} ended (${running.end}) before it listened:\n${await group.logTail(name, 20)}`);
    return new ControllerProcess(running, addresses.found, logFile);
  }

  /** Everything it has logged. */
  log(): Promise<string> {
    return readFile(this.#logFile, "utf8");
  }

  get end(): string | undefined {
    return this.#running.end;
  }

  /** Ends it without warning, and returns when it is gone. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.#running.ended;
  }

  /** Asks it to end, and returns how it did: an exit code or a signal. */
  async stop(): Promise<string | undefined> {
    this.signal("SIGTERM");
    await until("a controller that was asked to end has ended", () => this.#running.end);
    return this.#running.end;
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#running.end === undefined) process.kill(this.pid, signal);
  }
}

/** Reads who listens where from a log. */
function listening(log: string): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const line of log.split("\n")) {
    if (!line.includes('"listening"')) continue;
    try {
      const { msg, server, address } = JSON.parse(line);
      if (msg === "listening") found[String(server)] = String(address);
    } catch {
      // why: the last line may be half written
    }
  }
  return found;
}
