import { WATCH_LABEL } from "@plumb/api";
import { ToolkitError, type BackoffLimits, type FlagValues } from "@plumb/std";

/** The process's surroundings, handed in so that reading a configuration stays pure. */
export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly hostname: string;
}

/** Flags that every controller has (spec/flux-core 0.6). */
export const COMMON_FLAGS = {
  "metrics-addr": "string",
  "health-addr": "string",
  "events-addr": "string",
  concurrent: "int",
  "kube-api-qps": "int",
  "kube-api-burst": "int",
  kubeconfig: "string",
  "log-encoding": "string",
  "log-level": "string",
  "enable-leader-election": "boolean",
  "leader-election-lease-duration": "duration",
  "leader-election-renew-deadline": "duration",
  "leader-election-retry-period": "duration",
  "leader-election-release-on-cancel": "boolean",
  "min-retry-delay": "duration",
  "max-retry-delay": "duration",
  "feature-gates": "string",
  "watch-all-namespaces": "boolean",
  "watch-label-selector": "string",
  "watch-configs-label-selector": "string",
  "interval-jitter-percentage": "int",
  "token-cache-max-size": "int",
  "token-cache-max-duration": "duration",
  "default-service-account": "string",
  "no-cross-namespace-refs": "boolean",
  "requeue-dependency": "duration",
} as const;

/** A feature gate of upstream, and what it is unless `--feature-gates` says otherwise. */
export interface FeatureGate {
  readonly value: boolean;
  /** False where this controller behaves by that value alone: another one is refused rather than ignored. */
  readonly isSettable: boolean;
}

export interface LeaderElectionConfig {
  readonly isEnabled: boolean;
  readonly leaseDurationMs: number;
  readonly renewDeadlineMs: number;
  readonly retryPeriodMs: number;
  readonly releaseOnCancel: boolean;
}

/** What every controller's configuration holds. Times are in milliseconds. */
export interface CommonConfig {
  readonly metricsAddress: string;
  readonly healthAddress: string;
  /** Where events are posted, or listened for; undefined means nowhere. */
  readonly eventsAddress: string | undefined;
  /** Reconciles at the same time, of all kinds together; 1 or more. */
  readonly concurrent: number;
  /** Undefined means the one in the pod. */
  readonly kubeconfigPath: string | undefined;
  /** Where a pod finds its own API server. */
  readonly serviceHost: string | undefined;
  readonly servicePort: string | undefined;
  readonly logEncoding: "json" | "console";
  readonly logLevel: "trace" | "debug" | "info" | "error";
  readonly leaderElection: LeaderElectionConfig;
  readonly backoff: BackoffLimits;
  readonly gates: Readonly<Record<string, boolean>>;
  /** Only objects in this namespace are looked at; undefined means all. */
  readonly namespace: string | undefined;
  /** The namespace the controller itself runs in. */
  readonly runtimeNamespace: string | undefined;
  readonly labelSelector: string | undefined;
  readonly configsLabelSelector: string;
  /** 0 to 99. */
  readonly jitterPercent: number;
  readonly allowCrossNamespace: boolean;
  readonly requeueDependencyMs: number;
  /** Says who reports in events: the pod's name. */
  readonly instance: string;
}

/**
 * Reads what the flags and the environment say for every controller.
 *
 * @param gates the feature gates the controller knows
 * @throws {ToolkitError} `invalid`, naming the flag
 */
export function commonConfig(
  flags: FlagValues<typeof COMMON_FLAGS>,
  host: Host,
  { concurrent, gates }: { readonly concurrent: number; readonly gates: Readonly<Record<string, FeatureGate>> },
): CommonConfig {
  const env = (name: string): string | undefined => host.env[name] || undefined; // empty is unset
  const jitterPercent = flags["interval-jitter-percentage"] ?? 5;
  if (jitterPercent < 0 || jitterPercent > 99) throw new ToolkitError("invalid", `--interval-jitter-percentage must be from 0 to 99, got ${jitterPercent}`);
  const runtimeNamespace = env("RUNTIME_NAMESPACE");
  return {
    metricsAddress: flags["metrics-addr"] ?? env("METRICS_ADDR") ?? ":8080",
    healthAddress: flags["health-addr"] ?? ":9440",
    eventsAddress: (flags["events-addr"] ?? env("EVENTS_ADDR")) || undefined,
    concurrent: atLeast(1, "--concurrent", flags.concurrent ?? concurrent),
    kubeconfigPath: (flags.kubeconfig ?? env("KUBECONFIG")) || undefined,
    serviceHost: env("KUBERNETES_SERVICE_HOST"),
    servicePort: env("KUBERNETES_SERVICE_PORT"),
    logEncoding: oneOf(["json", "console"], "--log-encoding", flags["log-encoding"] ?? "json"),
    logLevel: oneOf(["trace", "debug", "info", "error"], "--log-level", flags["log-level"] ?? "info"),
    leaderElection: {
      isEnabled: flags["enable-leader-election"] ?? false,
      leaseDurationMs: flags["leader-election-lease-duration"] ?? 35_000,
      renewDeadlineMs: flags["leader-election-renew-deadline"] ?? 30_000,
      retryPeriodMs: flags["leader-election-retry-period"] ?? 5000,
      releaseOnCancel: flags["leader-election-release-on-cancel"] ?? true,
    },
    backoff: { minMs: flags["min-retry-delay"] ?? 750, maxMs: flags["max-retry-delay"] ?? 15 * 60_000 },
    gates: parseGates(flags["feature-gates"] ?? "", gates),
    namespace: (flags["watch-all-namespaces"] ?? true) ? undefined : ownNamespace(runtimeNamespace),
    runtimeNamespace,
    labelSelector: flags["watch-label-selector"] || undefined,
    configsLabelSelector: flags["watch-configs-label-selector"] ?? `${WATCH_LABEL}=Enabled`,
    jitterPercent,
    allowCrossNamespace: !(flags["no-cross-namespace-refs"] ?? false),
    requeueDependencyMs: flags["requeue-dependency"] ?? 30_000,
    instance: env("HOSTNAME") ?? host.hostname,
  };
}

/** Where a controller posts its events. @throws {ToolkitError} `invalid` where that is no address of the web */
export function eventsUrlOf({ eventsAddress }: Pick<CommonConfig, "eventsAddress">): URL | undefined {
  if (eventsAddress === undefined) return undefined;
  const url = URL.parse(eventsAddress);
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  throw new ToolkitError("invalid", `--events-addr "${eventsAddress}" is not a URL`);
}

export function atLeast(least: number, flag: string, value: number): number {
  if (value >= least) return value;
  throw new ToolkitError("invalid", `${flag} must be at least ${least}, got ${value}`);
}

export function oneOf<const Value extends string>(values: readonly Value[], flag: string, text: string): Value {
  const found = values.find((value) => value === text);
  if (found !== undefined) return found;
  throw new ToolkitError("invalid", `${flag} must be one of ${values.join(", ")}, got "${text}"`);
}

/** Fails closed: without a name the controller would watch more than it was told to. */
function ownNamespace(name: string | undefined): string {
  if (name !== undefined) return name;
  throw new ToolkitError("invalid", "--watch-all-namespaces=false needs RUNTIME_NAMESPACE");
}

function parseGates(text: string, known: Readonly<Record<string, FeatureGate>>): Readonly<Record<string, boolean>> {
  const gates = Object.fromEntries(Object.entries(known).map(([name, { value }]) => [name, value]));
  for (const part of text.split(",").filter((each) => each.trim() !== "")) {
    const [name = "", value = ""] = part.trim().split("=");
    const gate = Object.hasOwn(known, name) ? known[name] : undefined;
    if (gate === undefined) throw new ToolkitError("invalid", `--feature-gates: feature-gate ${name} not found`);
    if (value !== "true" && value !== "false") throw new ToolkitError("invalid", `--feature-gates: ${name} must be true or false, got "${value}"`);
    if (!gate.isSettable && value !== String(gate.value)) throw new ToolkitError("invalid", `--feature-gates: ${name}=${value} is not supported`);
    gates[name] = value === "true";
  }
  return gates;
}
