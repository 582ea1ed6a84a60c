import { dirname, join, resolve } from "node:path";
import { Command, CommanderError, Option } from "commander";
import { ToolkitError, toToolkitError, type Log } from "@plumb/std";
import type { Host } from "./host.ts";
import type { Programs } from "./lab/lab.ts";
import type { Output } from "./lab/terminal.ts";

// What a command needs is imported when it runs, so that the others start without it.

/** What commands are given by `main.ts`. */
export interface Surroundings {
  /** The file that is started as the command. */
  readonly main: string;
  readonly output: Output;
  readonly host: Host;
  readonly cwd: string;
  /** Ends whatever runs. */
  readonly signal: AbortSignal;
  /** Whether standard output is a terminal: a lab stays up on one without being told. */
  readonly isTerminal: boolean;
  /** Is told when processes are about to be started that must be ended first. */
  readonly onLab: () => void;
}

/** The exit code of work that was stopped before it was done: 128 and the number of SIGINT, as shells have it. */
const INTERRUPTED = 130;

/** Runs the command that `args` name. Resolves to the exit code: its own, or 2 for arguments that make no sense and for what failed. */
export async function runCommand(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { host, signal } = surroundings;
  const plumb = new Command("plumb")
    .description("GitOps in small controllers")
    .version("0.1.0")
    .exitOverride()
    .configureOutput({ writeErr: host.writeErr })
    .showHelpAfterError("--help behind a command tells what it takes");
  let code = 0;
  const ended = (exitCode: number): void => {
    code = exitCode;
  };
  addLab(plumb, surroundings, ended);
  addRoles(plumb, signal);
  // Its arguments are kustomize's to read and are never read here; it stands here to be listed.
  plumb.command("build").description("print what kustomize build prints of a folder").usage("[DIR] [flags], of which build --help has the list");
  try {
    await plumb.parseAsync(args, { from: "user" });
    return code;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2;
    if (signal.aborted) return INTERRUPTED;
    host.writeErr(`plumb: ${toToolkitError(thrown).message}\n`);
    return 2;
  }
}

function addLab(plumb: Command, { main, output, host, cwd, signal, isTerminal, onLab }: Surroundings, ended: (code: number) => void): void {
  const lab = plumb.command("lab").description("a disposable cluster with everything in it, on this machine");
  lab
    .command("up")
    .description("start the lab and tell the story")
    .option("--once", "end after the story, with exit code 1 if a step failed; so it does where standard output is no terminal")
    .addOption(new Option("--stay", "stay up after the story wherever standard output goes, until Ctrl-C or lab down").conflicts("once"))
    .option("--dir <folder>", "where the lab keeps everything", "lab")
    .option("--kubeconfig <file>", "tell the story on this cluster instead of an embedded one")
    .action(async (options: { once?: boolean; stay?: boolean; dir: string; kubeconfig?: string }) => {
      const { labUp } = await import("./lab/lab-command.ts");
      onLab();
      const isOnce = options.once === true || (!isTerminal && options.stay !== true);
      const code = await labUp({
        folder: resolve(cwd, options.dir),
        programs: programs(main),
        kubeconfig: options.kubeconfig === undefined ? undefined : resolve(cwd, options.kubeconfig),
        isOnce,
        output,
        host,
        cwd,
        signal,
      });
      if (isOnce && options.once !== true) output.write("It stays up on a terminal, or with --stay.\n");
      ended(code);
    });
  lab
    .command("down")
    .description("end what a lab left running and remove what it made")
    .option("--dir <folder>", "where the lab keeps everything", "lab")
    .action(async (options: { dir: string }) => {
      const { labDown } = await import("./lab/lab-command.ts");
      ended(await labDown({ folder: resolve(cwd, options.dir), output, host }));
    });
}

/** The files that ship: beside this one when installed, in their own folders in the repository. */
function programs(main: string): Programs {
  const controller = (name: string): string => join(dirname(main), "../../../controllers", name, "dist/main.mjs");
  return {
    plumb: main,
    source: controller("source-controller"),
    kustomize: controller("kustomize-controller"),
    notification: controller("notification-controller"),
  };
}

/** What a lab starts as processes of their own. */
function addRoles(plumb: Command, signal: AbortSignal): void {
  plumb
    .command("apiserver", { hidden: true })
    .requiredOption("--listen <address>")
    .requiredOption("--tls-cert-file <file>")
    .requiredOption("--tls-key-file <file>")
    .requiredOption("--token-file <file>")
    .action(async ({ listen, tlsCertFile, tlsKeyFile, tokenFile }: { listen: string; tlsCertFile: string; tlsKeyFile: string; tokenFile: string }) => {
      const { runApiServer } = await import("./roles/apiserver.ts");
      await runApiServer({ ...address(listen), certificateFile: tlsCertFile, keyFile: tlsKeyFile, tokenFile, log: await openLog(), signal });
    });
  plumb
    .command("git", { hidden: true })
    .requiredOption("--listen <address>")
    .requiredOption("--repository <folder>")
    .option("--hook-file <file>")
    .action(async ({ listen, repository, hookFile }: { listen: string; repository: string; hookFile?: string }) => {
      const { runGit } = await import("./roles/git.ts");
      await runGit({ ...address(listen), repository, hookFile, log: await openLog(), signal });
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
      signal.addEventListener("abort", () => sink.close(), { once: true });
    });
}

async function openLog(): Promise<Log> {
  const { createLog } = await import("@plumb/telemetry");
  return createLog({ level: "info", encoding: "json" });
}

function address(text: string): { readonly host: string; readonly port: number } {
  const colon = text.lastIndexOf(":");
  if (!/:\d{1,5}$/.test(text)) throw new ToolkitError("invalid", `--listen needs an address such as 127.0.0.1:0, got "${text}"`);
  return { host: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
}
