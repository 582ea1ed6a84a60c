import { spawn, type ChildProcess } from "node:child_process";
import { ToolkitError, toToolkitError } from "@plumb/std";
import type { Host } from "../host.ts";
import { execInfo, parseExecCredential, type ExecCredential } from "./exec-credential.ts";
import type { ExecStanza } from "./exec-stanza.ts";

/** No credential comes near this. */
const MAX_PRINTED_BYTES = 1024 * 1024;
/** What the program has written when it ends is there within this, unless a process of its own holds on to its output. */
const FLUSH_MS = 500;

export interface RunExecOptions {
  readonly host: Host;
  /** Milliseconds for a program that nobody answers, and for one that somebody may have to. */
  readonly limits?: { readonly aloneMs: number; readonly askingMs: number };
  readonly signal: AbortSignal;
}

/** A person may have to find a telephone first. */
const LIMITS = { aloneMs: 60_000, askingMs: 5 * 60_000 };

/**
 * Signs in by running the program of a kubeconfig's user. What it says on standard error is shown as it comes; what it
 * prints is a secret and shown nowhere.
 *
 * @throws {ToolkitError} naming the user, the program, what went wrong and what to do; `cancelled` by the signal
 */
export async function runExec(stanza: ExecStanza, { host, limits = LIMITS, signal }: RunExecOptions): Promise<ExecCredential> {
  const { subject, command, interactiveMode } = stanza;
  const isInteractive = interactiveMode !== "Never" && host.canAsk;
  const failed = (kind: "invalid" | "missing" | "denied" | "unavailable", what: string, cause?: unknown): ToolkitError =>
    new ToolkitError(kind, `${subject} signs in by ${command}, which ${what}`, { cause });
  if (interactiveMode === "Always" && !isInteractive)
    throw failed("denied", "asks questions (interactiveMode: Always), and there is no terminal to answer them");
  const limitMs = isInteractive ? limits.askingMs : limits.aloneMs;
  const program = start(stanza, host, isInteractive);
  const ended: Ended = program instanceof Error ? { kind: "not-started", cause: program } : await outcomeOf(program, { host, isInteractive, limitMs, signal });
  switch (ended.kind) {
    case "not-started":
      throw notStarted(stanza, ended.cause, failed);
    case "stopped":
      throw new ToolkitError("cancelled", `${subject}: signing in was stopped`);
    case "late":
      throw failed("unavailable", `did not end within ${limitMs / 1000} s and was stopped; run it by hand to see what it waits for`);
    case "too-large":
      throw failed("invalid", `printed more than ${MAX_PRINTED_BYTES} bytes, which is no credential`);
    case "ended":
      if (ended.status !== "exit code 0")
        throw failed("denied", `ended with ${ended.status}; ${ended.hasSpoken ? "what it said stands above" : "it said nothing: run it by hand"}`);
      try {
        return parseExecCredential(ended.printed, stanza, Date.now());
      } catch (thrown) {
        throw failed("invalid", toToolkitError(thrown).message, thrown);
      }
    default:
      return ended satisfies never;
  }
}

type Ended =
  | { readonly kind: "not-started"; readonly cause: Error }
  | { readonly kind: "stopped" | "late" | "too-large" }
  | { readonly kind: "ended"; readonly status: string; readonly printed: string; readonly hasSpoken: boolean };

interface Running {
  readonly host: Host;
  readonly isInteractive: boolean;
  readonly limitMs: number;
  readonly signal: AbortSignal;
}

/** Some errors of the system arrive later, by an event; the others are returned. */
function start(stanza: ExecStanza, host: Host, isInteractive: boolean): ChildProcess | Error {
  try {
    return spawn(stanza.command, stanza.args, {
      env: { ...host.env, ...stanza.env, KUBERNETES_EXEC_INFO: execInfo(stanza, isInteractive) },
      stdio: [isInteractive ? "inherit" : "ignore", "pipe", "pipe"],
      // Only who is in the terminal's own group may read from it; any other is ended with all that it starts.
      detached: !isInteractive,
    });
  } catch (thrown) {
    return thrown instanceof Error ? thrown : new Error(String(thrown));
  }
}

function outcomeOf(child: ChildProcess, { host, isInteractive, limitMs, signal }: Running): Promise<Ended> {
  return new Promise((resolve) => {
    const printed: Buffer[] = [];
    let size = 0;
    let hasSpoken = false;
    let flush: NodeJS.Timeout | undefined;
    const end = (how: Ended): void => {
      clearTimeout(timer);
      clearTimeout(flush);
      signal.removeEventListener("abort", stop);
      child.stdout?.destroy();
      child.stderr?.destroy();
      resolve(how);
    };
    const kill = (kind: "stopped" | "late" | "too-large"): void => {
      endAll(child.pid, isInteractive, host);
      end({ kind });
    };
    const stop = (): void => kill("stopped");
    const timer = setTimeout(() => kill("late"), limitMs);
    signal.addEventListener("abort", stop, { once: true });
    child.once("error", (cause) => end({ kind: "not-started", cause }));
    child.stdout?.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_PRINTED_BYTES) kill("too-large");
      else printed.push(chunk);
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      hasSpoken = true;
      host.writeErr(text);
    });
    const ended = (code: number | null, killedBy: NodeJS.Signals | null): void =>
      end({ kind: "ended", status: killedBy ?? `exit code ${code}`, printed: Buffer.concat(printed).toString("utf8"), hasSpoken });
    child.once("close", ended);
    child.once("exit", (code, killedBy) => {
      flush = setTimeout(() => ended(code, killedBy), FLUSH_MS);
    });
    if (signal.aborted) stop();
  });
}

function endAll(pid: number | undefined, isInteractive: boolean, { kill }: Host): void {
  if (pid === undefined) return;
  try {
    kill(isInteractive ? pid : -pid, "SIGKILL");
  } catch {
    // it ended meanwhile
  }
}

function notStarted(
  { command, installHint }: ExecStanza,
  cause: Error,
  failed: (kind: "missing" | "denied" | "unavailable", what: string, cause: unknown) => ToolkitError,
): ToolkitError {
  const code = "code" in cause ? String(cause.code) : cause.message;
  if (code === "ENOENT") {
    const where = command.includes("/") ? "is not there, or what it is run by is not" : "is not installed: there is no such program on the PATH";
    return failed("missing", `${where}${installHint === undefined ? "; install it, or name a kubeconfig with a token" : `\n\n${installHint}`}`, cause);
  }
  return failed(code === "EACCES" ? "denied" : "unavailable", code === "EACCES" ? "may not be run: permission denied" : `cannot be started: ${code}`, cause);
}
