import { spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";

interface Ran {
  /** The exit code; undefined for a program that was killed, as one is that takes longer than a minute. */
  readonly code: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** Both, first what went to stdout. */
  readonly output: string;
}

const GIVE_UP_MS = 60_000;

/** A command line as a person has it: `kubectl` or `flux` with a kubeconfig and a namespace. */
export class CommandLine {
  readonly #program: string;
  readonly #args: readonly string[];
  readonly #env: Readonly<Record<string, string | undefined>>;

  constructor(
    program: string,
    { kubeconfig, namespace, env = {} }: { readonly kubeconfig: string; readonly namespace: string; readonly env?: Readonly<Record<string, string>> },
  ) {
    this.#program = program;
    this.#args = ["--namespace", namespace];
    this.#env = { PATH: process.env["PATH"], HOME: process.env["HOME"], KUBECONFIG: kubeconfig, ...cacheBeside(kubeconfig), ...env };
  }

  /** Runs it to its end, whatever the end is. */
  async run(args: readonly string[], input = ""): Promise<Ran> {
    const child = spawn(this.#program, [...this.#args, ...args], { env: this.#env, timeout: GIVE_UP_MS, killSignal: "SIGKILL" });
    const texts = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) child[name].setEncoding("utf8").on("data", (text: string) => (texts[name] += text));
    child.stdin.on("error", () => undefined); // one that reads no input
    child.stdin.end(input);
    const code = await new Promise<number | undefined>((resolve, reject) => child.once("error", reject).once("close", (ended) => resolve(ended ?? undefined)));
    return { code, ...texts, output: texts.stdout + texts.stderr };
  }

  /** Runs it to an end that must be good. Resolves to what it said. @throws {Error} with its words */
  async ok(...args: readonly string[]): Promise<string> {
    const { code, output } = await this.run(args);
    if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code ?? "SIGKILL"}:\n${output}`);
    return output;
  }
}

/** A program of that name on the PATH. */
export async function onPath(name: string): Promise<string | undefined> {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    const file = join(folder, name);
    if (
      folder !== "" &&
      (await access(file, constants.X_OK).then(
        () => true,
        () => false,
      ))
    )
      return file;
  }
  return undefined;
}

/** Of this suite alone. */
const CACHE = `kube-cache-${randomUUID()}`;

/**
 * Where it remembers for hours which kinds a server has: another suite may have removed some, and another server may have had
 * the same port. It goes with the temporary folder of a cluster of ours; somebody's own cluster keeps somebody's own cache.
 */
function cacheBeside(kubeconfig: string): Readonly<Record<string, string>> {
  return kubeconfig.startsWith(tmpdir()) ? { KUBECACHEDIR: join(dirname(kubeconfig), CACHE) } : {};
}
