import { COMMON_FLAGS, atLeast, commonConfig, eventsUrlOf, type CommonConfig, type Host } from "@plumb/runtime";
import { parseFlags, ToolkitError } from "@plumb/std";

/** Settings of the kustomize controller, checked and complete. Read once, in `main.ts`; frozen. */
export interface KustomizeConfig extends CommonConfig {
  /** Where events are posted; undefined means nowhere. */
  readonly eventsUrl: URL | undefined;
  /** Dry runs of one reconcile at the same time. */
  readonly concurrentSsa: number;
  /** Times an artifact is asked for before the reconcile fails. */
  readonly httpRetries: number;
  /** Prefixes of managers that may own nothing of ours. */
  readonly overrideManagers: readonly string[];
  /** `group/Kind`, applied in a stage of their own. */
  readonly customStageKinds: ReadonlySet<string>;
  /** `host:port` that artifacts are fetched from instead of the one in their URL; for running outside the cluster. */
  readonly sourceHost: string | undefined;
  /** Where artifacts are kept unpacked. */
  readonly cachePath: string;
  /** Where drift notices wait until they are delivered; undefined keeps them in memory only. */
  readonly spoolPath: string | undefined;
}

const FLAGS = {
  ...COMMON_FLAGS,
  "concurrent-ssa": "int",
  "no-remote-bases": "boolean",
  "http-retry": "int",
  "override-manager": "stringList",
  "custom-apply-stage-kinds": "stringList",
  "cache-path": "string",
  "spool-path": "string",
  // defaults of `decryption` and `kubeConfig`: taken, so that arguments made for upstream start this; who uses the fields is refused
  "sops-age-secret": "string",
  "sops-vault-configmap": "string",
  "default-decryption-service-account": "string",
  "default-kubeconfig-service-account": "string",
  "insecure-kubeconfig-exec": "boolean",
  "insecure-kubeconfig-tls": "boolean",
} as const;

/** What upstream does either way inside, or for fields that are refused here, may be said and changes nothing. */
const FREE = { value: false, isSettable: true } as const;
const GATES = {
  CacheSecretsAndConfigMaps: FREE,
  CancelHealthCheckOnNewRevision: { value: true, isSettable: true }, // nothing holds a worker, so there is nothing to cancel
  DirectSourceFetch: FREE,
  DisableConfigWatchers: FREE,
  DisableStatusPollerCache: { value: true, isSettable: true },
  GroupChangeLog: FREE,
  MigrateAPIVersion: { value: true, isSettable: true }, // done where the API server asks for it
  AdditiveCELDependencyCheck: { value: false, isSettable: false },
  DisableFailFastBehavior: { value: false, isSettable: false },
  ExternalArtifact: { value: false, isSettable: false },
  ObjectLevelWorkloadIdentity: { value: false, isSettable: false },
  StrictPostBuildSubstitutions: { value: true, isSettable: false },
} as const;

/** @throws {ToolkitError} `invalid`, naming the flag, for an unknown flag or a value out of range */
export function parseKustomizeConfig(args: readonly string[], host: Host): KustomizeConfig {
  const { flags, rest } = parseFlags(FLAGS, args);
  if (rest.length > 0) throw new ToolkitError("invalid", `unexpected argument: ${rest.join(" ")}`);
  if (flags["default-service-account"]) throw new ToolkitError("invalid", "--default-service-account is not supported: this version does not impersonate");
  const common = commonConfig(flags, host, { concurrent: 4, gates: GATES });
  const env = (name: string): string | undefined => host.env[name] || undefined; // empty is unset
  return Object.freeze({
    ...common,
    eventsUrl: eventsUrlOf(common),
    concurrentSsa: atLeast(1, "--concurrent-ssa", flags["concurrent-ssa"] ?? 4),
    httpRetries: atLeast(0, "--http-retry", flags["http-retry"] ?? 9),
    overrideManagers: flags["override-manager"] ?? [],
    customStageKinds: new Set(flags["custom-apply-stage-kinds"] ?? []),
    sourceHost: env("SOURCE_CONTROLLER_LOCALHOST"),
    cachePath: flags["cache-path"] ?? env("CACHE_PATH") ?? `${env("TMPDIR") ?? "/tmp"}/plumb-artifacts`,
    spoolPath: (flags["spool-path"] ?? env("SPOOL_PATH")) || undefined,
  });
}
