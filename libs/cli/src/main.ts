#!/usr/bin/env node
import { enableCompileCache } from "node:module";
import { join } from "node:path";
import { compileCacheFolder } from "./compile-cache-folder.ts";
import { writeFully } from "./write-fully.ts";

// Nothing more is imported before it is known what for: a script may run `plumb build` for every folder that it has.

const compiled = compileCacheFolder(process.env);
if (compiled !== undefined) enableCompileCache(compiled);
const [command, ...args] = process.argv.slice(2);
process.exitCode = await (command === "build" ? build() : other());

/** Signals end it as they end any program, and so does a reader that has had enough, as head has. */
async function build(): Promise<number> {
  const { runBuild } = await import("./build-command.ts");
  return await runBuild(args, {
    cwd: process.cwd(),
    writeOut: (text) => writeFully(1, text),
    writeErr: (text) => writeFully(2, text),
    signal: new AbortController().signal,
  });
}

async function other(): Promise<number> {
  const { runCommand } = await import("./commands.ts");
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => stop.abort());
  let runsLab = false;
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    // Whoever read has had enough, or the terminal is gone; a lab ends its processes first.
    if (runsLab) stop.abort();
    else if (error.code === "EPIPE") process.exit(0);
    else throw error;
  });
  const isTerminal = process.stdout.isTTY === true;
  return await runCommand(process.argv.slice(2), {
    programs: programs(),
    output: {
      write: (text) => void process.stdout.write(text),
      isTerminal: isTerminal && process.env["CI"] !== "true",
      hasColour: isTerminal && (process.env["NO_COLOR"] ?? "") === "",
    },
    host: {
      node: process.execPath,
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

/** The files that ship: beside this one when installed, in their own folders in the repository. */
function programs(): { readonly plumb: string; readonly source: string; readonly kustomize: string; readonly notification: string } {
  const controller = (name: string): string => join(import.meta.dirname, "../../../controllers", name, "dist/main.mjs");
  return {
    plumb: import.meta.filename,
    source: controller("source-controller"),
    kustomize: controller("kustomize-controller"),
    notification: controller("notification-controller"),
  };
}
