import { hostname } from "node:os";
import { toToolkitError } from "@plumb/std";
import { runNotificationController } from "./compose.ts";
import { parseNotificationConfig } from "./config.ts";

const stop = new AbortController();
for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort(new Error(`received ${signal}`)));
try {
  await runNotificationController(parseNotificationConfig(process.argv.slice(2), { env: process.env, hostname: hostname() }), stop.signal);
} catch (thrown) {
  const { kind, message, cause } = toToolkitError(thrown);
  const stack = kind === "internal" && cause instanceof Error ? `\n${cause.stack ?? ""}` : "";
  process.stderr.write(`notification-controller: ${message}${stack}\n`);
  process.exitCode = 1;
}
