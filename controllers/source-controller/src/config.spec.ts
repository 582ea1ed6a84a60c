import { describe, expect, it } from "vitest";
import { advertisedHost, parseSourceConfig } from "./config.ts";

const host = { env: {}, hostname: "machine" };

describe("the configuration of the source controller", () => {
  it("is Flux's where nothing is set", () => {
    expect(parseSourceConfig([], host)).toMatchObject({
      concurrent: 2,
      storagePath: "/data",
      storageAddress: ":9090",
      retentionTtlMs: 60_000,
      retentionRecords: 2,
      digestAlgorithm: "sha256",
      metricsAddress: ":8080",
      healthAddress: ":9440",
      eventsUrl: undefined,
      requeueDependencyMs: 30_000,
      namespace: undefined,
      jitterPercent: 5,
    });
  });

  it("takes flags before the environment", () => {
    const env = { STORAGE_PATH: "/env", STORAGE_ADDRESS: "127.0.0.1:1", STORAGE_ADV_ADDR: "env.example", EVENTS_ADDR: "http://env/", METRICS_ADDR: ":1" };
    expect(parseSourceConfig([], { ...host, env })).toMatchObject({
      storagePath: "/env",
      storageAddress: "127.0.0.1:1",
      advertisedAddress: "env.example",
      eventsUrl: new URL("http://env/"),
      metricsAddress: ":1",
    });
    const args = [
      "--storage-path=/flag",
      "--storage-addr",
      ":2",
      "--storage-adv-addr=flag.example",
      "--artifact-retention-ttl=5m",
      "--artifact-retention-records=7",
      "--artifact-digest-algo=sha512",
    ];
    expect(parseSourceConfig(args, { ...host, env })).toMatchObject({
      storagePath: "/flag",
      storageAddress: ":2",
      advertisedAddress: "flag.example",
      retentionTtlMs: 300_000,
      retentionRecords: 7,
      digestAlgorithm: "sha512",
    });
  });

  it.each([
    "--helm-index-max-size=1",
    "--helm-chart-max-size=1",
    "--helm-chart-file-max-size=1",
    "--helm-cache-max-size=1",
    "--helm-cache-ttl=15m",
    "--helm-cache-purge-interval=1m",
    "--ssh-kex-algos=a,b",
    "--ssh-hostkey-algos=a",
    "--feature-gates=ObjectLevelWorkloadIdentity=false",
  ])("reads %s, which asks for nothing that is not done", (flag) => {
    expect(() => parseSourceConfig([flag], host)).not.toThrow();
  });

  const refused: Readonly<Record<string, string>> = {
    "--nonsense": "unknown flag: --nonsense",
    "--no-cross-namespace-refs": "unknown flag: --no-cross-namespace-refs",
    "--concurrent=0": "--concurrent must be at least 1, got 0",
    "--artifact-retention-records=0": "--artifact-retention-records must be at least 1, got 0",
    "--artifact-retention-ttl=soon": 'invalid argument "soon" for "--artifact-retention-ttl" flag: not of type duration',
    "--artifact-digest-algo=blake3": '--artifact-digest-algo must be one of sha256, sha384, sha512, sha1, got "blake3"',
    "--feature-gates=OptimizedGitClones=true": "--feature-gates: feature-gate OptimizedGitClones not found",
    "--feature-gates=ObjectLevelWorkloadIdentity=true": "--feature-gates: ObjectLevelWorkloadIdentity=true is not supported",
    "--default-service-account=x": "--default-service-account is not supported: no provider of this version signs in with one",
    "--watch-all-namespaces=false": "--watch-all-namespaces=false needs RUNTIME_NAMESPACE",
    "--events-addr=nowhere": '--events-addr "nowhere" is not a URL',
    extra: "unexpected argument: extra",
  };
  it.each(Object.entries(refused))("refuses %s", (flag, message) => {
    expect(() => parseSourceConfig([flag], host)).toThrow(message);
  });

  const addresses: readonly (readonly [readonly string[], string, string])[] = [
    [[], "[::]:9090", "localhost:9090"],
    [["--storage-addr=0.0.0.0:9090"], "0.0.0.0:9090", "machine:9090"],
    [["--storage-addr=[::]:9090"], "[::]:9090", "machine:9090"],
    [["--storage-addr=127.0.0.1:0"], "127.0.0.1:41233", "127.0.0.1:41233"],
    [["--storage-addr=:0"], "[::]:41233", "localhost:41233"],
    [["--storage-adv-addr=source-controller.flux-system.svc.cluster.local."], "[::]:9090", "source-controller.flux-system.svc.cluster.local."],
  ];
  it.each(addresses)("with %j listening on %s advertises %s", (args, bound, expected) => {
    expect(advertisedHost(parseSourceConfig(args, host), bound)).toBe(expected);
  });
});
