import { parseFlags } from "@plumb/std";
import { describe, expect, it } from "vitest";
import { COMMON_FLAGS, commonConfig, type CommonConfig } from "./common-config.ts";

const GATES = {
  First: { value: false, isSettable: true },
  Second: { value: true, isSettable: true },
  Fixed: { value: true, isSettable: false },
};
const DEFAULTS = { First: false, Second: true, Fixed: true };

function read(line: string, env: Readonly<Record<string, string>> = {}): CommonConfig {
  const { flags } = parseFlags(COMMON_FLAGS, line === "" ? [] : line.split(" "));
  return commonConfig(flags, { env, hostname: "host" }, { concurrent: 4, gates: GATES });
}

describe("commonConfig", () => {
  it("has Flux's defaults", () => {
    expect(read("")).toEqual({
      metricsAddress: ":8080",
      healthAddress: ":9440",
      eventsAddress: undefined,
      concurrent: 4,
      kubeconfigPath: undefined,
      serviceHost: undefined,
      servicePort: undefined,
      logEncoding: "json",
      logLevel: "info",
      leaderElection: { isEnabled: false, leaseDurationMs: 35_000, renewDeadlineMs: 30_000, retryPeriodMs: 5000, releaseOnCancel: true },
      backoff: { minMs: 750, maxMs: 900_000 },
      gates: DEFAULTS,
      namespace: undefined,
      runtimeNamespace: undefined,
      labelSelector: undefined,
      configsLabelSelector: "reconcile.fluxcd.io/watch=Enabled",
      jitterPercent: 5,
      allowCrossNamespace: true,
      requeueDependencyMs: 30_000,
      instance: "host",
    });
  });
  it.each<[string, Record<string, string>, Partial<CommonConfig>]>([
    [
      "",
      { METRICS_ADDR: ":1", EVENTS_ADDR: "http://n/", KUBECONFIG: "/k", HOSTNAME: "pod" },
      { metricsAddress: ":1", eventsAddress: "http://n/", kubeconfigPath: "/k", instance: "pod" },
    ],
    [
      "--metrics-addr=:2 --events-addr=http://m/ --kubeconfig=/l",
      { METRICS_ADDR: ":1", EVENTS_ADDR: "http://n/", KUBECONFIG: "/k" },
      { metricsAddress: ":2", eventsAddress: "http://m/", kubeconfigPath: "/l" },
    ],
    ["--events-addr=", { EVENTS_ADDR: "http://n/" }, { eventsAddress: undefined }],
    ["", { EVENTS_ADDR: "", RUNTIME_NAMESPACE: "", HOSTNAME: "" }, { eventsAddress: undefined, runtimeNamespace: undefined, instance: "host" }],
    ["--watch-all-namespaces=false", { RUNTIME_NAMESPACE: "flux-system" }, { namespace: "flux-system", runtimeNamespace: "flux-system" }],
    ["--watch-all-namespaces", { RUNTIME_NAMESPACE: "flux-system" }, { namespace: undefined }],
    ["--watch-label-selector=", {}, { labelSelector: undefined }],
    ["--no-cross-namespace-refs", {}, { allowCrossNamespace: false }],
    ["--interval-jitter-percentage=0 --concurrent=1", {}, { jitterPercent: 0, concurrent: 1 }],
    ["--feature-gates=First=true,Second=false,Fixed=true", {}, { gates: { First: true, Second: false, Fixed: true } }],
    ["--feature-gates=", {}, { gates: DEFAULTS }],
    ["--min-retry-delay=1s --max-retry-delay=1m", {}, { backoff: { minMs: 1000, maxMs: 60_000 } }],
  ])("reads %o with %o", (line, env, expected) => {
    expect(read(line, env)).toMatchObject(expected);
  });
  it.each([
    ["--concurrent=0", "--concurrent must be at least 1, got 0"],
    ["--interval-jitter-percentage=100", "--interval-jitter-percentage must be from 0 to 99, got 100"],
    ["--interval-jitter-percentage=-1", "--interval-jitter-percentage must be from 0 to 99, got -1"],
    ["--log-level=loud", '--log-level must be one of trace, debug, info, error, got "loud"'],
    ["--log-encoding=xml", '--log-encoding must be one of json, console, got "xml"'],
    ["--watch-all-namespaces=false", "--watch-all-namespaces=false needs RUNTIME_NAMESPACE"],
    ["--feature-gates=Third=true", "--feature-gates: feature-gate Third not found"],
    ["--feature-gates=constructor=true", "--feature-gates: feature-gate constructor not found"],
    ["--feature-gates=Fixed=false", "--feature-gates: Fixed=false is not supported"],
    ["--feature-gates=First", '--feature-gates: First must be true or false, got ""'],
  ])("refuses %s", (line, message) => {
    expect(() => read(line)).toThrow(expect.objectContaining({ kind: "invalid", message }));
  });
});
