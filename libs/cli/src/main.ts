#!/usr/bin/env node
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Command, CommanderError } from "commander";
import { ToolkitError, toToolkitError, type Log } from "@plumb/std";
import type { Host } from "./host.ts";
import type { Programs } from "./lab/lab.ts";
import type { Output } from "./lab/terminal.ts";

// What a command needs is imported when it runs, so that the others start without it.

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => stop.abort());
}

/** True while there are processes that must be ended first. */
let runsLab = false;
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // Whoever read has had enough, as head has, or the terminal is gone.
  if (runsLab) stop.abort();
  else if (error.code === "EPIPE") process.exit(0);
  else throw error;
});

const output: Output = {
  write: (text) => void process.stdout.write(text),
  isTerminal: process.stdout.isTTY === true && process.env["CI"] !== "true",
  hasColour: process.stdout.isTTY === true && (process.env["NO_COLOR"] ?? "") === "",
};

const host: Host = {
  node: process.execPath,
  env: process.env,
  canAsk: process.stdin.isTTY === true,
  writeErr: (text) => void process.stderr.write(text),
  kill: (pid, signal) => void process.kill(pid, signal),
};

async function openLog(): Promise<Log> {
  const { createLog } = await import("@plumb/telemetry");
  return createLog({ level: "info", encoding: "json" });
}

const plumb = new Command("plumb")
  .description("GitOps in small controllers")
  .version("0.1.0")
  .exitOverride()
  .configureOutput({ writeErr: (text) => void process.stderr.write(text) });

const lab = plumb.command("lab").description("a disposable cluster with everything in it, on this machine");
lab
  .command("up")
  .description("start the lab and tell the story")
  .option("--once", "end after the story, with exit code 1 if a step failed")
  .option("--dir <folder>", "where the lab keeps everything", "lab")
  .option("--kubeconfig <file>", "tell the story on this cluster instead of an embedded one")
  .action(async (options: { once?: boolean; dir: string; kubeconfig?: string }) => {
    const { labUp } = await import("./lab/lab-command.ts");
    runsLab = true;
    process.exitCode = await labUp({
      folder: resolve(options.dir),
      programs: programs(),
      kubeconfig: options.kubeconfig === undefined ? undefined : resolve(options.kubeconfig),
      isOnce: options.once === true || process.stdout.isTTY !== true,
      output,
      host,
      cwd: process.cwd(),
      signal: stop.signal,
    });
  });
lab
  .command("down")
  .description("end what a lab left running and remove what it made")
  .option("--dir <folder>", "where the lab keeps everything", "lab")
  .action(async (options: { dir: string }) => {
    const { labDown } = await import("./lab/lab-command.ts");
    process.exitCode = await labDown({ folder: resolve(options.dir), output, host });
  });

plumb
  .command("apiserver", { hidden: true })
  .requiredOption("--listen <address>")
  .requiredOption("--tls-cert-file <file>")
  .requiredOption("--tls-key-file <file>")
  .requiredOption("--token-file <file>")
  .action(async ({ listen, tlsCertFile, tlsKeyFile, tokenFile }: { listen: string; tlsCertFile: string; tlsKeyFile: string; tokenFile: string }) => {
    const { runApiServer } = await import("./roles/apiserver.ts");
    await runApiServer({ ...address(listen), certificateFile: tlsCertFile, keyFile: tlsKeyFile, tokenFile, log: await openLog(), signal: stop.signal });
  });
plumb
  .command("git", { hidden: true })
  .requiredOption("--listen <address>")
  .requiredOption("--repository <folder>")
  .option("--hook-file <file>")
  .action(async ({ listen, repository, hookFile }: { listen: string; repository: string; hookFile?: string }) => {
    const { runGit } = await import("./roles/git.ts");
    await runGit({ ...address(listen), repository, hookFile, log: await openLog(), signal: stop.signal });
  });
plumb
  .command("sink", { hidden: true })
  .requiredOption("--listen <address>")
  .action(async ({ listen }: { listen: string }) => {
    const { startSink } = await import("./roles/sink.ts");
    const { host, port } = address(listen);
    const log = await openLog();
    const sink = await startSink(host, port, ({ path, text }) => log.info("message", { path, text }));
    log.info("listening", { server: "sink", address: sink.address });
    stop.signal.addEventListener("abort", () => sink.close(), { once: true });
  });

plumb
  .command("build")
  .description("print what kustomize build prints of a folder")
  .argument("[dir]", "folder with a kustomization file", ".")
  .option("-o, --output <file>", "write to this file instead of standard output")
  .option("--load-restrictor <restriction>", "LoadRestrictionsRootOnly or LoadRestrictionsNone", "LoadRestrictionsRootOnly")
  .option("--reorder <order>", "legacy, the default, sorts by kind where the kustomization names no order; none keeps the order in which objects come")
  .action(async (folder: string, { output: outputFile, loadRestrictor, reorder }: { output?: string; loadRestrictor: string; reorder?: string }) => {
    const { runBuild } = await import("./build-command.ts");
    process.exitCode = await runBuild({
      folder,
      outputFile,
      loadRestrictor,
      reorder,
      cwd: process.cwd(),
      signal: stop.signal,
      writeOut: (text) => void process.stdout.write(text),
      writeErr: (text) => void process.stderr.write(text),
    });
  });

/** The files that ship: beside this one when installed, in their own folders in the repository. */
function programs(): Programs {
  const here = fileURLToPath(import.meta.url);
  const controller = (name: string): string => join(dirname(here), "../../../controllers", name, "dist/main.mjs");
  return {
    plumb: here,
    source: controller("source-controller"),
    kustomize: controller("kustomize-controller"),
    notification: controller("notification-controller"),
  };
}

function address(text: string): { readonly host: string; readonly port: number } {
  const colon = text.lastIndexOf(":");
  if (!/:\d{1,5}$/.test(text)) throw new ToolkitError("invalid", `--listen needs an address such as 127.0.0.1:0, got "${text}"`);
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
}

/** The exit code of work that was stopped before it was done: 128 and the number of SIGINT, as shells have it. */
const INTERRUPTED = 130;

try {
  await plumb.parseAsync();
} catch (thrown) {
  if (thrown instanceof CommanderError) process.exitCode = thrown.exitCode === 0 ? 0 : 2;
  else if (stop.signal.aborted) process.exitCode = INTERRUPTED;
  else {
    process.stderr.write(`plumb: ${toToolkitError(thrown).message}\n`);
    process.exitCode = 2;
  }
}
