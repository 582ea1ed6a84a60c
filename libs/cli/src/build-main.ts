import { runBuild } from "./build-command.ts";
import { writeFully } from "./write-fully.ts";

/** `plumb build` as a process of its own. Signals end it as they end any program, and so does a reader that has had enough, as head has. */
export async function runBuildProcess(args: readonly string[], cwd: string): Promise<number> {
  return await runBuild(args, {
    cwd,
    writeOut: (text) => writeFully(1, text),
    writeErr: (text) => writeFully(2, text),
    signal: new AbortController().signal,
  });
}
