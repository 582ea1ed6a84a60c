import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { ProcessGroup, type RunningProcess } from "../control-plane/src/index.ts";
import type { ControllerName } from "./bundles.ts";
import { until } from "./until.ts";

export interface ControllerLaunch {
  readonly controller: ControllerName;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Its servers, which answer before it counts as started, and where they were told to listen. */
  readonly addresses: Readonly<Record<string, string>>;
  /** Whether its log names the addresses. */
  readonly saysWhereItListens: boolean;
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
  static async start(group: ProcessGroup, launch: ControllerLaunch, run: number): Promise<ControllerProcess> {
    const { controller, args, env, processors } = launch;
    const name = `${controller}-${run}`;
    const logFile = `${group.folder}/${name}.log`;
    const command = [...launch.command, ...args];
    const [program = "", ...rest] = processors === undefined ? command : ["taskset", "-c", processors, ...command];
    const running = await group.start(name, program, rest, { PATH: process.env["PATH"], TMPDIR: tmpdir(), ...env });
    const addresses = await until(`${controller} listens`, async () => {
      const found = launch.saysWhereItListens ? listening(await readFile(logFile, "utf8")) : await answering(launch.addresses);
      if (Object.keys(launch.addresses).every((server) => server in found)) return { found };
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

/** Those that accept a connection. */
async function answering(addresses: Readonly<Record<string, string>>): Promise<Readonly<Record<string, string>>> {
  const open = await Promise.all(Object.entries(addresses).map(async (entry) => ((await accepts(entry[1])) ? [entry] : [])));
  return Object.fromEntries(open.flat());
}

function accepts(address: string): Promise<boolean> {
  const { hostname: host, port } = new URL(`tcp://${address}`);
  return new Promise((resolve) => {
    const socket = connect({ host, port: Number(port) });
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}
