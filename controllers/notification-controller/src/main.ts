import { collectEarly, runMain } from "@plumb/runtime";
import { runNotificationController } from "./compose.ts";
import { parseNotificationConfig } from "./config.ts";

collectEarly(process.execArgv);
await runMain(
  { name: "notification-controller", parse: parseNotificationConfig, run: (config, signal) => runNotificationController(config, {}, signal) },
  process,
);
