import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, open, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface RunningProcess {
  readonly name: string;
  readonly pid: number;
  /** Set once it has ended: its exit code, or the signal that ended it. */
  readonly end: string | undefined;
  /** Resolves when it has ended. */
  readonly ended: Promise<void>;
}

/**
 * Holds the pids of the group and waits for the end of its input, which the death of its parent brings about, however it
 * died. Then it kills them and removes the folder. `-PID` takes a pid back.
 */
const WATCHDOG = `
trap "" INT TERM HUP
pids=" "
while read -r word; do
  case $word in
    -*) pids=$(printf %s "$pids" | sed "s/ \${word#-} / /") ;;
    *) pids="$pids$word " ;;
  esac
done
for pid in $pids; do kill -9 "$pid" 2>/dev/null; done
rm -rf -- "$1"
`;

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
}

/**
 * Processes with one temporary folder. They and the folder are gone after `stop`, and also when this process ends without
 * having called it, be it by SIGKILL. They do not keep this process alive, and a Ctrl-C at the terminal does not reach them.
 */
export class ProcessGroup implements AsyncDisposable {
  readonly folder: string;
  readonly #watchdog: ChildProcess;
  readonly #running = new Map<number, Running>();

  private constructor(folder: string, watchdog: ChildProcess) {
    this.folder = folder;
    this.#watchdog = watchdog;
  }

  static async open(): Promise<ProcessGroup> {
    const folder = await mkdtemp(join(tmpdir(), "plumb-control-plane-"));
    const watchdog = spawn("sh", ["-c", WATCHDOG, "sh", folder], { stdio: ["pipe", "ignore", "ignore"], detached: true });
    watchdog.on("error", () => undefined);
    watchdog.stdin.on("error", () => undefined);
    watchdog.unref();
    if ("unref" in watchdog.stdin && typeof watchdog.stdin.unref === "function") watchdog.stdin.unref();
    return new ProcessGroup(folder, watchdog);
  }

  get pids(): readonly number[] {
    return [...this.#running.keys()];
  }

  /** What it says goes to `NAME.log` in the folder. @throws when the program cannot be started */
  async start(name: string, program: string, args: readonly string[], env: Readonly<Record<string, string | undefined>>): Promise<RunningProcess> {
    const log = await open(join(this.folder, `${name}.log`), "a");
    try {
      const child = spawn(program, args, { stdio: ["ignore", log.fd, log.fd], detached: true, cwd: this.folder, env });
      await new Promise<void>((resolve, reject) => child.once("spawn", resolve).once("error", reject));
      return this.#watch(name, child);
    } finally {
      await log.close();
    }
  }

  /** Kills one process with SIGKILL and returns when it is gone. */
  async kill({ pid }: RunningProcess): Promise<void> {
    const running = this.#running.get(pid);
    if (running !== undefined) await end(running);
  }

  /** The last lines that a process has written. */
  async logTail(name: string, lines: number): Promise<string> {
    const text = await readFile(join(this.folder, `${name}.log`), "utf8").catch(() => "");
    return text.trimEnd().split("\n").slice(-lines).join("\n");
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#running.values()].map(end));
    await rm(this.folder, { recursive: true, force: true });
    this.#watchdog.stdin?.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #watch(name: string, child: ChildProcess): RunningProcess {
    const pid = child.pid ?? 0;
    let end: string | undefined;
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    child.once("exit", (code, signal) => {
      end = signal ?? `exit code ${code}`;
      this.#running.delete(pid);
      this.#watchdog.stdin?.write(`-${pid}\n`);
      resolve();
    });
    this.#running.set(pid, { child, ended });
    this.#watchdog.stdin?.write(`${pid}\n`);
    child.unref();
    return {
      name,
      pid,
      ended,
      get end() {
        return end;
      },
    };
  }
}

/** Whoever waits for the end of a process must be kept alive by it. */
async function end({ child, ended }: Running): Promise<void> {
  child.ref();
  child.kill("SIGKILL");
  await ended;
}
