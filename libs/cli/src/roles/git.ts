import { startGitServer, watchRefs } from "@plumb/git/server";
import { aborted, systemClock, type Log } from "@plumb/std";
import { Knocker } from "./knocker.ts";

export interface GitRoleOptions {
  readonly host: string;
  readonly port: number;
  /** Folder with a work tree; served as `/lab.git`. */
  readonly repository: string;
  /** JSON with `url` and `token` of the Receiver to call when a ref moves; read at each call, absent at first. */
  readonly hookFile: string | undefined;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Serves the lab's repository, and calls the Receiver when a commit appears. Resolves when it is stopped. */
export async function runGit({ host, port, repository, hookFile, log, signal }: GitRoleOptions): Promise<void> {
  const server = await startGitServer({ repositories: { "/lab.git": repository }, host, port });
  log.info("listening", { server: "git", address: `${host}:${server.port}` });
  const knocker = hookFile === undefined ? undefined : new Knocker({ hookFile, log, signal });
  await watchRefs({
    folder: repository,
    clock: systemClock,
    everyMs: 100,
    signal,
    onChange: (changes) => {
      for (const { name, to } of changes) void knocker?.knock(name, to);
    },
  });
  await aborted(signal);
  await server.close();
}
