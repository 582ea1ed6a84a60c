import { hostname } from "node:os";
import { toToolkitError } from "@plumb/std";
import type { Host } from "./common-config.ts";

/** What a controller's main uses of Node's `process`. */
export interface MainProcess {
  /** Node, the file, then what the person wrote. */
  readonly argv: readonly string[];
  readonly env: Host["env"];
  readonly stderr: { readonly write: (text: string) => unknown };
  readonly once: (signal: "SIGINT" | "SIGTERM", listener: () => void) => unknown;
  exitCode?: number | string | null | undefined;
}

export interface Main<Config> {
  /** Such as `kustomize-controller`. */
  readonly name: string;
  /** @throws {ToolkitError} naming the flag */
  readonly parse: (args: readonly string[], host: Host) => Config;
  /** Runs until the signal aborts. */
  readonly run: (config: Config, signal: AbortSignal) => Promise<void>;
}

/**
 * A controller's process from its command line to its exit code: 2 for a wrong command line, as a Go program's, 1 for what
 * fails later, 0 when it was told to end. Either failure is one line on standard error; a bug brings its stack.
 */
export async function runMain<Config>({ name, parse, run }: Main<Config>, process: MainProcess): Promise<void> {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort(new Error(`received ${signal}`)));
  const fail = (thrown: unknown, code: 1 | 2): void => {
    const { kind, message, cause } = toToolkitError(thrown);
    const stack = kind === "internal" && cause instanceof Error ? `\n${cause.stack ?? ""}` : "";
    process.stderr.write(`${name}: ${message}${stack}\n`);
    process.exitCode = code;
  };
  let config: Config;
  try {
    config = parse(process.argv.slice(2), { env: process.env, hostname: hostname() });
  } catch (thrown) {
    return fail(thrown, 2);
  }
  try {
    await run(config, stop.signal);
  } catch (thrown) {
    fail(thrown, 1);
  }
}
