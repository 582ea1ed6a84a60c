import { describe, expect, it } from "vitest";
import { parseKustomizeConfig } from "./config.ts";

const host = { env: {}, hostname: "machine" };

describe("the settings", () => {
  it("have upstream's defaults", () => {
    expect(parseKustomizeConfig([], host)).toMatchObject({
      concurrent: 4,
      concurrentSsa: 4,
      httpRetries: 9,
      overrideManagers: [],
      customStageKinds: new Set(),
      requeueDependencyMs: 30_000,
      allowCrossNamespace: true,
      sourceHost: undefined,
      spoolPath: undefined,
      cachePath: "/tmp/plumb-artifacts",
      eventsUrl: undefined,
    });
  });

  it("are read from flags before the environment", () => {
    const env = { SOURCE_CONTROLLER_LOCALHOST: "localhost:8080", SPOOL_PATH: "/env/spool", CACHE_PATH: "/env/cache", TMPDIR: "/scratch" };
    const args = [
      "--concurrent-ssa=8",
      "--http-retry",
      "0",
      "--override-manager=argo,flux",
      "--custom-apply-stage-kinds=example.com/Widget",
      "--spool-path=/flag/spool",
      "--no-cross-namespace-refs",
      "--events-addr=http://notification",
    ];
    expect(parseKustomizeConfig(args, { ...host, env })).toMatchObject({
      concurrentSsa: 8,
      httpRetries: 0,
      overrideManagers: ["argo", "flux"],
      customStageKinds: new Set(["example.com/Widget"]),
      allowCrossNamespace: false,
      sourceHost: "localhost:8080",
      spoolPath: "/flag/spool",
      cachePath: "/env/cache",
      eventsUrl: new URL("http://notification/"),
    });
    expect(parseKustomizeConfig([], { ...host, env: { TMPDIR: "/scratch", SPOOL_PATH: "" } })).toMatchObject({
      cachePath: "/scratch/plumb-artifacts",
      spoolPath: undefined,
    });
  });

  it("may be upstream's of what is not built, for it is refused where an object asks for it", () => {
    const args = [
      "--sops-age-secret=age",
      "--sops-vault-configmap=vaults",
      "--default-decryption-service-account=a",
      "--default-kubeconfig-service-account=a",
      "--insecure-kubeconfig-exec=true",
      "--insecure-kubeconfig-tls",
    ];
    expect(parseKustomizeConfig(args, host)).toEqual(parseKustomizeConfig([], host));
  });

  it("can not be changed", () => {
    expect(Object.isFrozen(parseKustomizeConfig([], host))).toBe(true);
  });

  it.each([
    ["unknown flag: --bogus", ["--bogus"]],
    ["unexpected argument: apply", ["apply"]],
    ["--concurrent-ssa must be at least 1, got 0", ["--concurrent-ssa=0"]],
    ['--events-addr "notification:9090" is not a URL', ["--events-addr=notification:9090"]],
    ["--http-retry must be at least 0, got -1", ["--http-retry=-1"]],
    ["--default-service-account is not supported: this version does not impersonate", ["--default-service-account=tenant"]],
    ["--feature-gates: StrictPostBuildSubstitutions=false is not supported", ["--feature-gates=StrictPostBuildSubstitutions=false"]],
    ["--feature-gates: ExternalArtifact=true is not supported", ["--feature-gates=ExternalArtifact=true"]],
  ])("are refused: %s", (message, args) => {
    expect(() => parseKustomizeConfig(args, host)).toThrow(expect.objectContaining({ kind: "invalid", message }));
  });

  it("may name a gate with the value that this controller behaves by", () => {
    expect(parseKustomizeConfig(["--feature-gates=StrictPostBuildSubstitutions=true"], host).gates).toMatchObject({ StrictPostBuildSubstitutions: true });
  });

  it("may name a gate that changes what upstream does inside, with either value", () => {
    const gates = ["CacheSecretsAndConfigMaps", "CancelHealthCheckOnNewRevision", "DisableStatusPollerCache", "MigrateAPIVersion"];
    for (const value of [true, false])
      expect(parseKustomizeConfig([`--feature-gates=${gates.map((gate) => `${gate}=${value}`).join(",")}`], host).gates).toMatchObject({
        [gates[0] ?? ""]: value,
      });
  });
});
