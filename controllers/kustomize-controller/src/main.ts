import { collectEarly, runMain, serveJobs, workerPort } from "@plumb/runtime";
import { createBuildJob } from "./build-job.ts";
import { runKustomizeController } from "./compose.ts";
import { parseKustomizeConfig } from "./config.ts";

const port = workerPort();
if (port !== undefined) serveJobs({ build: createBuildJob() }, port);
else {
  collectEarly(process.execArgv);
  const surroundings = { entry: new URL(import.meta.url) };
  await runMain(
    { name: "kustomize-controller", parse: parseKustomizeConfig, run: (config, signal) => runKustomizeController(config, surroundings, signal) },
    process,
  );
}
