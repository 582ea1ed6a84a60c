import { parentPort, workerData } from "node:worker_threads";
import { collectEarly, runMain, serveJobs } from "@plumb/runtime";
import { createBuildJob } from "./build-job.ts";
import { runKustomizeController } from "./compose.ts";
import { parseKustomizeConfig } from "./config.ts";

if (parentPort !== null && workerData?.role === "worker") serveJobs({ build: createBuildJob() }, parentPort);
else {
  const entry = new URL(import.meta.url);
  collectEarly(process.execArgv);
  await runMain(
    { name: "kustomize-controller", parse: parseKustomizeConfig, run: (config, signal) => runKustomizeController(config, { entry, signal }) },
    process,
  );
}
