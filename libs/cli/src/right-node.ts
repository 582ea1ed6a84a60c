import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

export const LEAST_NODE = 24;

/** Runs on any Node that there is, and says which one this program needs. */
export interface OldNode {
  /** Such as `20.20.2`. */
  readonly version: string;
  /** The program's own file. */
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly on: (signal: NodeJS.Signals, listener: () => void) => void;
  readonly writeErr: (text: string) => void;
}

/** Set for the second start, so that there is no third. */
const MARK = "PLUMB_STARTED_AGAIN";

/** Starts the program again with the Node that came with it. Resolves to its exit code, or to 2 where there is none. */
export async function startAgain({ version, file, args, env, on, writeErr }: OldNode): Promise<number> {
  const node = env[MARK] === undefined ? findNode(dirname(file)) : undefined;
  if (node === undefined) {
    writeErr(
      `plumb: this is Node ${version}, and plumb needs Node ${LEAST_NODE} or newer: install that, or use npm start and npm run plumb in a checkout, which bring it\n`,
    );
    return 2;
  }
  const child = spawn(node, [file, ...args], { stdio: "inherit", env: { ...env, [MARK]: "1" } });
  on("SIGINT", () => undefined); // the terminal has told the child too
  for (const signal of ["SIGTERM", "SIGHUP"] as const) on(signal, () => child.kill(signal));
  return await new Promise((resolve) => {
    child.once("error", (cause) => {
      writeErr(`plumb: ${node} cannot be started: ${cause.message}\n`);
      resolve(2);
    });
    child.once("close", (code) => resolve(code ?? 1));
  });
}

/** In `node_modules` of the folder or of one above it. */
function findNode(folder: string): string | undefined {
  const found = join(folder, "node_modules", ".bin", "node");
  if (existsSync(found)) return found;
  return dirname(folder) === folder ? undefined : findNode(dirname(folder));
}
