import { describe, expect, it } from "vitest";
import { parseNotificationConfig } from "./config.ts";

const parse = (args: readonly string[] = [], env: Record<string, string> = {}): ReturnType<typeof parseNotificationConfig> =>
  parseNotificationConfig(args, { env, hostname: "machine" });

describe("the flags", () => {
  it("have upstream's defaults", () => {
    expect(parse()).toMatchObject({
      eventsListenAddress: ":9090",
      receiverAddress: ":9292",
      metricsAddress: ":8080",
      healthAddress: ":9440",
      concurrent: 4,
      rateLimitIntervalMs: 300_000,
      exportsHttpPaths: false,
      allowCrossNamespace: true,
      namespace: undefined,
      jitterPercent: 0,
      watchesSecrets: true,
      configsLabelSelector: "reconcile.fluxcd.io/watch=Enabled",
    });
  });

  it("are read in Go's manner", () => {
    expect(
      parse([
        "-events-addr",
        ":1",
        "--receiverAddr=127.0.0.1:0",
        "--rate-limit-interval=1m",
        "--export-http-path-metrics",
        "--no-cross-namespace-refs=true",
        "--feature-gates=DisableConfigWatchers=true",
      ]),
    ).toMatchObject({
      eventsListenAddress: ":1",
      receiverAddress: "127.0.0.1:0",
      rateLimitIntervalMs: 60_000,
      exportsHttpPaths: true,
      allowCrossNamespace: false,
      watchesSecrets: false,
    });
  });

  it("put the outbox where they say, or where temporary files go", () => {
    expect([
      parse(["--spool-path=/a"], { SPOOL_PATH: "/b" }).spoolPath,
      parse([], { SPOOL_PATH: "/b" }).spoolPath,
      parse([], { TMPDIR: "/t" }).spoolPath,
      parse().spoolPath,
    ]).toEqual(["/a", "/b", "/t/plumb-outbox", "/tmp/plumb-outbox"]);
  });

  it.each([
    ["unknown flag: --watch-label-selector", ["--watch-label-selector=a"]],
    ["unknown flag: --interval-jitter-percentage", ["--interval-jitter-percentage=1"]],
    ["unknown flag: --bogus", ["--bogus"]],
    ["unexpected argument: serve", ["serve"]],
    ["--rate-limit-interval must be longer than 0s", ["--rate-limit-interval=0s"]],
    ["--concurrent must be at least 1, got 0", ["--concurrent=0"]],
    ["--default-service-account is not supported", ["--default-service-account=x"]],
    ["--feature-gates: ObjectLevelWorkloadIdentity=true is not supported", ["--feature-gates=ObjectLevelWorkloadIdentity=true"]],
    ["feature-gate Bogus not found", ["--feature-gates=Bogus=true"]],
    ["--watch-all-namespaces=false needs RUNTIME_NAMESPACE", ["--watch-all-namespaces=false"]],
  ])("are refused by name: %s", (message, args) => {
    expect(() => parse(args)).toThrow(message);
  });
});
