import { hostname } from "node:os";
import { toToolkitError } from "@plumb/std";
import { runNotificationController } from "./compose.ts";
import { parseNotificationConfig, type NotificationConfig } from "./config.ts";

/** A wrong command line ends with 2, as a Go program's does, anything else with 1. */
async function main(): Promise<void> {
  const stop = new AbortController();
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => stop.abort(new Error(`received ${signal}`)));
  let config: NotificationConfig;
  try {
    config = parseNotificationConfig(process.argv.slice(2), { env: process.env, hostname: hostname() });
  } catch (thrown) {
    return fail(thrown, 2);
  }
  try {
    await runNotificationController(config, stop.signal);
  } catch (thrown) {
    fail(thrown, 1);
  }
}

function fail(thrown: unknown, code: 1 | 2): void {
  const { kind, message, cause } = toToolkitError(thrown);
  const stack = kind === "internal" && cause instanceof Error ? `\n${cause.stack ?? ""}` : "";
  process.stderr.write(`notification-controller: ${message}${stack}\n`);
  process.exitCode = code;
}

await main();
