#!/usr/bin/env node
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { Command, CommanderError } from "commander";
import { toToolkitError } from "@plumb/std";
import { createLog } from "@plumb/telemetry";
import { labDown, labUp } from "./lab/lab-command.ts";
import type { Programs } from "./lab/lab.ts";
import type { Output } from "./lab/terminal.ts";
import { runApiServer } from "./roles/apiserver.ts";
import { runGit } from "./roles/git.ts";
import { startSink } from "./roles/sink.ts";

const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => stop.abort());
}

const output: Output = {
  write: (text) => void process.stdout.write(text),
  isTerminal: process.stdout.isTTY === true && process.env["CI"] !== "true",
  hasColour: process.stdout.isTTY === true && (process.env["NO_COLOR"] ?? "") === "",
};
const log = createLog({ level: "info", encoding: "json" });

const plumb = new Command("plumb").description("GitOps in small controllers").version("0.1.0").exitOverride().configureOutput({ writeErr: (text) => void process.stderr.write(text) });

const lab = plumb.command("lab").description("a disposable cluster with everything in it, on this machine");
lab
  .command("up")
  .description("start the lab and tell the story")
  .option("--once", "end after the story, with exit code 1 if a step failed")
  .option("--dir <folder>", "where the lab keeps everything", "lab")
  .option("--kubeconfig <file>", "tell the story on this cluster instead of an embedded one")
  .action(async (options: { once?: boolean; dir: string; kubeconfig?: string }) => {
    process.exitCode = await labUp({
      folder: resolve(options.dir), programs: programs(), kubeconfig: options.kubeconfig === undefined ? undefined : resolve(options.kubeconfig),
      isOnce: options.once === true || process.stdout.isTTY !== true, output, cwd: process.cwd(), signal: stop.signal,
    });
  });
lab
  .command("down")
  .description("end what a lab left running and remove what it made")
  .option("--dir <folder>", "where the lab keeps everything", "lab")
  .action(async (options: { dir: string }) => {
    process.exitCode = await labDown({ folder: resolve(options.dir), output });
  });

plumb
  .command("apiserver", { hidden: true })
  .requiredOption("--listen <address>")
  .requiredOption("--tls-cert-file <file>")
  .requiredOption("--tls-key-file <file>")
  .requiredOption("--token-file <file>")
  .action(async ({ listen, tlsCertFile, tlsKeyFile, tokenFile }: { listen: string; tlsCertFile: string; tlsKeyFile: string; tokenFile: string }) => {
    await runApiServer({ ...address(listen), certificateFile: tlsCertFile, keyFile: tlsKeyFile, tokenFile, log, signal: stop.signal });
  });
plumb
  .command("git", { hidden: true })
  .requiredOption("--listen <address>")
  .requiredOption("--repository <folder>")
  .option("--hook-file <file>")
  .action(async ({ listen, repository, hookFile }: { listen: string; repository: string; hookFile?: string }) => {
    await runGit({ ...address(listen), repository, hookFile, log, signal: stop.signal });
  });
plumb
  .command("sink", { hidden: true })
  .requiredOption("--listen <address>")
  .action(async ({ listen }: { listen: string }) => {
    const { host, port } = address(listen);
    const sink = await startSink(host, port, ({ path, text }) => log.info("message", { path, text }));
    log.info("listening", { server: "sink", address: sink.address });
    stop.signal.addEventListener("abort", () => sink.close(), { once: true });
  });

/** The files that ship: beside this one when installed, in their own folders in the repository. */
function programs(): Programs {
  const here = fileURLToPath(import.meta.url);
  const controller = (name: string): string => join(dirname(here), "../../../controllers", name, "dist/main.mjs");
  return { plumb: here, source: controller("source-controller"), kustomize: controller("kustomize-controller"), notification: controller("notification-controller") };
}

function address(text: string): { readonly host: string; readonly port: number } {
  const colon = text.lastIndexOf(":");
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
}

try {
  await plumb.parseAsync();
} catch (thrown) {
  if (thrown instanceof CommanderError) process.exitCode = thrown.exitCode === 0 ? 0 : 2;
  else if (!stop.signal.aborted) {
    process.stderr.write(`plumb: ${toToolkitError(thrown).message}\n`);
    process.exitCode = 2;
  }
}
