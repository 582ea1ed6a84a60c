import { collectEarly, runMain, serveJobs, workerPort } from "@plumb/runtime";
import { runSourceController } from "./compose.ts";
import { parseSourceConfig } from "./config.ts";
import { SOURCE_JOBS } from "./jobs.ts";

const port = workerPort();
if (port !== undefined) serveJobs(SOURCE_JOBS, port);
else {
  collectEarly(process.execArgv);
  const surroundings = { entry: new URL(import.meta.url) };
  await runMain({ name: "source-controller", parse: parseSourceConfig, run: (config, signal) => runSourceController(config, surroundings, signal) }, process);
}
