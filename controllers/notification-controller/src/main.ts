import { runMain } from "@plumb/runtime";
import { runNotificationController } from "./compose.ts";
import { parseNotificationConfig } from "./config.ts";

await runMain({ name: "notification-controller", parse: parseNotificationConfig, run: runNotificationController }, process);
