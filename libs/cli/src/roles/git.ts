import { readFileSync } from "node:fs";
import { startGitServer, watchRefs } from "@plumb/git/server";
import { aborted, systemClock, type Log } from "@plumb/std";
import { hookSignature } from "../lab/lab.ts";

export interface GitRoleOptions {
  readonly host: string;
  readonly port: number;
  /** Folder with a work tree; served as `/lab.git`. */
  readonly repository: string;
  /** JSON with `url` and `token` of the Receiver to call when a ref moves; read at each change, absent at first. */
  readonly hookFile: string | undefined;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Serves the lab's repository, and calls the Receiver when a commit appears. Resolves when it is stopped. */
export async function runGit({ host, port, repository, hookFile, log, signal }: GitRoleOptions): Promise<void> {
  const server = await startGitServer({ repositories: { "/lab.git": repository }, host, port });
  log.info("listening", { server: "git", address: `${host}:${server.port}` });
  await watchRefs({
    folder: repository,
    clock: systemClock,
    everyMs: 100,
    signal,
    onChange: (changes) => {
      for (const { name, to } of changes) void knock(hookFile, name, to, log);
    },
  });
  await aborted(signal);
  await server.close();
}

async function knock(hookFile: string | undefined, ref: string, to: string | undefined, log: Log): Promise<void> {
  if (hookFile === undefined) return;
  try {
    const { url, token }: { url: string; token: string } = JSON.parse(readFileSync(hookFile, "utf8"));
    const body = JSON.stringify({ ref, after: to ?? null });
    const { status } = await fetch(url, {
      method: "POST",
      body,
      headers: { "x-signature": hookSignature(token, body), "content-type": "application/json" },
      signal: AbortSignal.timeout(5000),
    });
    log.info("receiver called", { ref, status });
  } catch (thrown) {
    log.error("receiver could not be called", { ref, error: String(thrown) });
  }
}
