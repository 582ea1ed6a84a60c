import type { Host } from "../host.ts";

/** The host of a test: this very process, in which nobody answers questions. */
export function testHost(changes: Partial<Host> = {}): Host {
  return {
    node: process.execPath,
    command: "plumb",
    get env() {
      return process.env;
    },
    canAsk: false,
    writeErr: () => undefined,
    kill: (pid, signal) => void process.kill(pid, signal),
    ...changes,
  };
}
