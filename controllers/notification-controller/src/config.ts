import { COMMON_FLAGS, commonConfig, type CommonConfig, type Host } from "@plumb/runtime";
import { parseFlags, ToolkitError } from "@plumb/std";

/** Settings of the notification controller, checked and complete. Read once, in `main.ts`; frozen. */
export interface NotificationConfig extends CommonConfig {
  /** Host and port that controllers post events to; no host means every address. */
  readonly eventsListenAddress: string;
  /** Host and port that web-hooks come to. */
  readonly receiverAddress: string;
  /** Milliseconds within which an equal event is told once (N-009). */
  readonly rateLimitIntervalMs: number;
  /** Label metrics of HTTP requests with the path instead of one word for all. */
  readonly exportsHttpPaths: boolean;
  /** Directory of the outbox; made when it is missing. */
  readonly spoolPath: string;
  /** Reconcile what a labelled Secret is referred to by when it changes (N-005). */
  readonly watchesSecrets: boolean;
}

// why: upstream's notification controller has no label selector, no jitter and no dependencies, so their flags are unknown here too
const { "watch-label-selector": _, "interval-jitter-percentage": __, "requeue-dependency": ___, ...SHARED_FLAGS } = COMMON_FLAGS;

const FLAGS = {
  ...SHARED_FLAGS,
  receiverAddr: "string",
  "rate-limit-interval": "duration",
  "export-http-path-metrics": "boolean",
  "spool-path": "string",
} as const;

const GATES = {
  CacheSecretsAndConfigMaps: { value: false, isSettable: true }, // what is kept in memory is ours to choose
  DisableConfigWatchers: { value: false, isSettable: true },
  ObjectLevelWorkloadIdentity: { value: false, isSettable: false },
} as const;

/** @throws {ToolkitError} `invalid`, naming the flag, for an unknown flag or a value out of range */
export function parseNotificationConfig(args: readonly string[], host: Host): NotificationConfig {
  const { flags, rest } = parseFlags(FLAGS, args);
  if (rest.length > 0) throw new ToolkitError("invalid", `unexpected argument: ${rest.join(" ")}`);
  if (flags["default-service-account"])
    throw new ToolkitError("invalid", "--default-service-account is not supported: no provider of this version signs in with one");
  const common = commonConfig(flags, host, { concurrent: 4, gates: GATES });
  const env = (name: string): string | undefined => host.env[name] || undefined; // empty is unset
  const rateLimitIntervalMs = flags["rate-limit-interval"] ?? 5 * 60_000;
  if (rateLimitIntervalMs <= 0) throw new ToolkitError("invalid", "--rate-limit-interval must be longer than 0s");
  return Object.freeze({
    ...common,
    jitterPercent: 0,
    eventsListenAddress: common.eventsAddress ?? ":9090",
    receiverAddress: flags.receiverAddr ?? ":9292",
    rateLimitIntervalMs,
    exportsHttpPaths: flags["export-http-path-metrics"] ?? false,
    spoolPath: flags["spool-path"] ?? env("SPOOL_PATH") ?? `${env("TMPDIR") ?? "/tmp"}/plumb-outbox`,
    watchesSecrets: common.gates["DisableConfigWatchers"] !== true,
  });
}
