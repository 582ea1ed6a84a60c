import { hostname } from "node:os";
import { parentPort, workerData } from "node:worker_threads";
import { serveJobs } from "@plumb/runtime";
import { toToolkitError } from "@plumb/std";
import { runSourceController } from "./compose.ts";
import { parseSourceConfig, type SourceConfig } from "./config.ts";
import { SOURCE_JOBS } from "./jobs.ts";

const WORKER = "source-controller-worker";

/** A wrong command line ends with 2, as a Go program's does, anything else with 1. */
async function main(): Promise<void> {
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort(new Error(`received ${signal}`)));
  let config: SourceConfig;
  try {
    config = parseSourceConfig(process.argv.slice(2), { env: process.env, hostname: hostname() });
  } catch (thrown) {
    return fail(thrown, 2);
  }
  try {
    await runSourceController(config, { entry: new URL(import.meta.url), role: WORKER }, stop.signal);
  } catch (thrown) {
    fail(thrown, 1);
  }
}

function fail(thrown: unknown, code: 1 | 2): void {
  const { kind, message, cause } = toToolkitError(thrown);
  const stack = kind === "internal" && cause instanceof Error ? `\n${cause.stack ?? ""}` : "";
  process.stderr.write(`source-controller: ${message}${stack}\n`);
  process.exitCode = code;
}

if (parentPort !== null && workerData?.role === WORKER) serveJobs(SOURCE_JOBS, parentPort);
else await main();
