import { findBinaries } from "./build.ts";
import { simulateNode } from "./node-simulator.ts";
import { startControlPlane, WORKLOAD_CONTROLLERS } from "./start.ts";

const USAGE = `usage: node --conditions=@plumb/source e2e/control-plane/src/main.ts build|up
  build  links the programs where the cache lacks them, and prints their folder
  up     starts a control plane with every controller and simulated nodes, until Ctrl-C
`;

async function main(command: string | undefined, signal: AbortSignal): Promise<number> {
  if (command !== "build" && command !== "up") {
    process.stderr.write(USAGE);
    return 2;
  }
  const onProgress = (line: string): void => void process.stderr.write(`${line}\n`);
  const binaries = await findBinaries({ env: process.env, onProgress }, signal);
  if (binaries.kind === "absent") {
    process.stderr.write(`NOT RUN: ${binaries.reason}\n`);
    return 1;
  }
  if (command === "build") {
    process.stdout.write(`${binaries.folder}\n`);
    return 0;
  }
  const plane = await startControlPlane({ binaries: binaries.folder, env: process.env }, signal);
  try {
    await plane.startControllers(WORKLOAD_CONTROLLERS);
    process.stdout.write(`${plane.kubectl} --kubeconfig ${plane.kubeconfig}\n`);
    await simulateNode(plane, signal);
  } finally {
    await plane.stop();
  }
  return 0;
}

const interrupted = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => interrupted.abort());
process.exitCode = await main(process.argv[2], interrupted.signal);
