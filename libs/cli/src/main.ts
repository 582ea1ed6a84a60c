#!/usr/bin/env node
import module from "node:module";
import { fileURLToPath } from "node:url";
import { compileCacheFolder } from "./compile-cache-folder.ts";
import { LEAST_NODE, startAgain } from "./right-node.ts";

// Nothing more is imported before it is known what for: a script may run `plumb build` for every folder that it has. And
// nothing here is beyond an older Node, which is told what it lacks.

const file = fileURLToPath(import.meta.url);
const [command, ...args] = process.argv.slice(2);
process.exitCode = await (Number.parseInt(process.versions.node) < LEAST_NODE ? again() : command === "build" ? build() : other());

function again(): Promise<number> {
  const { node: version } = process.versions;
  const on = (signal: NodeJS.Signals, listener: () => void): void => void process.on(signal, listener);
  return startAgain({ version, file, args: process.argv.slice(2), env: process.env, on, writeErr: (text) => void process.stderr.write(text) });
}

function cacheWhatIsCompiled(): void {
  const compiled = compileCacheFolder(process.env);
  if (compiled !== undefined) module.enableCompileCache(compiled);
}

async function build(): Promise<number> {
  cacheWhatIsCompiled();
  const { runBuildProcess } = await import("./build-main.ts");
  return await runBuildProcess(args, process.cwd());
}

async function other(): Promise<number> {
  cacheWhatIsCompiled();
  const { runCommand } = await import("./commands.ts");
  const stop = new AbortController();
  let signals = 0;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => onSignal(++signals, stop));
  let runsLab = false;
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    // Whoever read has had enough, or the terminal is gone; a lab ends its processes first.
    if (runsLab) stop.abort();
    else if (error.code === "EPIPE") process.exit(0);
    else throw error;
  });
  const isTerminal = process.stdout.isTTY === true;
  const canMove = isTerminal && process.env["TERM"] !== "dumb";
  return await runCommand(process.argv.slice(2), {
    main: file,
    output: {
      write: (text) => void process.stdout.write(text),
      isTerminal: canMove && process.env["CI"] !== "true",
      hasColour: canMove && (process.env["NO_COLOR"] ?? "") === "",
      columns: () => (isTerminal ? process.stdout.columns : undefined),
    },
    host: {
      node: process.execPath,
      command: process.env["npm_lifecycle_event"] === undefined ? "plumb" : "npm run plumb --",
      env: process.env,
      canAsk: process.stdin.isTTY === true,
      writeErr: (text) => void process.stderr.write(text),
      kill: (pid, signal) => void process.kill(pid, signal),
    },
    cwd: process.cwd(),
    signal: stop.signal,
    isTerminal,
    onLab: () => {
      runsLab = true;
    },
  });
}

/** The first time everything ends in order, which on somebody's cluster takes a while; the third time it does not. */
function onSignal(time: number, stop: AbortController): void {
  stop.abort();
  if (time === 2) process.stderr.write("\nstopping; once more leaves things as they are, for lab down to end\n");
  if (time > 2) process.exit(130);
}
