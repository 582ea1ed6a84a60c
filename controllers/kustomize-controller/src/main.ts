import { hostname } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { serveJobs } from "@plumb/runtime";
import { toToolkitError } from "@plumb/std";
import { createBuildJob } from "./build-job.ts";
import { runKustomizeController } from "./compose.ts";
import { parseKustomizeConfig } from "./config.ts";

if (parentPort !== null && workerData?.role === "worker") serveJobs({ build: createBuildJob() }, parentPort);
else await main();

async function main(): Promise<void> {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  try {
    const config = parseKustomizeConfig(process.argv.slice(2), { env: process.env, hostname: hostname() });
    await runKustomizeController(config, { entry: new URL(import.meta.url), signal: stop.signal });
  } catch (thrown) {
    const error = toToolkitError(thrown);
    process.stderr.write(`kustomize-controller: ${error.message}\n`);
    process.exitCode = error.kind === "invalid" ? 2 : 1;
  }
}
