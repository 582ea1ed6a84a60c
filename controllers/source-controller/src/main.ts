import { parentPort, workerData } from "node:worker_threads";
import { collectEarly, runMain, serveJobs } from "@plumb/runtime";
import { runSourceController } from "./compose.ts";
import { parseSourceConfig } from "./config.ts";
import { SOURCE_JOBS } from "./jobs.ts";

const WORKER = "source-controller-worker";

if (parentPort !== null && workerData?.role === WORKER) serveJobs(SOURCE_JOBS, parentPort);
else {
  collectEarly(process.execArgv);
  const surroundings = { entry: new URL(import.meta.url), role: WORKER };
  await runMain({ name: "source-controller", parse: parseSourceConfig, run: (config, signal) => runSourceController(config, surroundings, signal) }, process);
}
