import { DIGEST_ALGORITHMS, type DigestAlgorithm } from "@plumb/archive";
import { atLeast, COMMON_FLAGS, commonConfig, eventsUrlOf, oneOf, type CommonConfig, type Host } from "@plumb/runtime";
import { parseFlags, ToolkitError } from "@plumb/std";

/** Settings of the source controller, checked and complete. Read once, in `main.ts`; frozen. */
export interface SourceConfig extends CommonConfig {
  /** Where events are posted; undefined means nowhere. */
  readonly eventsUrl: URL | undefined;
  /** Directory that holds the artifacts; made when it is missing. */
  readonly storagePath: string;
  /** Host and port to serve artifacts on; no host means every address, port 0 any that is free. */
  readonly storageAddress: string;
  /** Host, with its port unless that is 80, that others fetch artifacts from; undefined derives it from what is listened on. */
  readonly advertisedAddress: string | undefined;
  /** Name of this machine, which others reach a server under that listens on every address. */
  readonly hostname: string;
  /** Milliseconds for which an artifact that is no longer current is kept. */
  readonly retentionTtlMs: number;
  /** Artifacts of one object that are kept, the current one counted. */
  readonly retentionRecords: number;
  readonly digestAlgorithm: DigestAlgorithm;
  /** Where events wait until they are delivered; undefined keeps them in memory only. */
  readonly spoolPath: string | undefined;
  /** `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, as they are set. */
  readonly proxyEnvironment: Readonly<Record<string, string | undefined>>;
}

// why: upstream's source controller has no references to other namespaces and watches no configuration, so their flags are unknown here too
const { "no-cross-namespace-refs": _, "watch-configs-label-selector": __, ...SHARED_FLAGS } = COMMON_FLAGS;

/** Those of Helm and SSH are read and have no effect: what they bound is refused where it is asked for. */
const FLAGS = {
  ...SHARED_FLAGS,
  "storage-path": "string",
  "storage-addr": "string",
  "storage-adv-addr": "string",
  "artifact-retention-ttl": "duration",
  "artifact-retention-records": "int",
  "artifact-digest-algo": "string",
  "helm-index-max-size": "int",
  "helm-chart-max-size": "int",
  "helm-chart-file-max-size": "int",
  "helm-cache-max-size": "int",
  "helm-cache-ttl": "string",
  "helm-cache-purge-interval": "string",
  "ssh-kex-algos": "stringList",
  "ssh-hostkey-algos": "stringList",
  "spool-path": "string",
} as const;

const GATES = {
  CacheSecretsAndConfigMaps: { value: false, isSettable: true }, // what is kept in memory is ours to choose
  ObjectLevelWorkloadIdentity: { value: false, isSettable: false },
} as const;
const PROXY_VARIABLES = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"] as const;

/** @throws {ToolkitError} `invalid`, naming the flag, for an unknown flag or a value out of range */
export function parseSourceConfig(args: readonly string[], host: Host): SourceConfig {
  const { flags, rest } = parseFlags(FLAGS, args);
  if (rest.length > 0) throw new ToolkitError("invalid", `unexpected argument: ${rest.join(" ")}`);
  if (flags["default-service-account"])
    throw new ToolkitError("invalid", "--default-service-account is not supported: no provider of this version signs in with one");
  const common = commonConfig(flags, host, { concurrent: 2, gates: GATES });
  const env = (name: string): string | undefined => host.env[name] || undefined; // empty is unset
  return Object.freeze({
    ...common,
    eventsUrl: eventsUrlOf(common),
    storagePath: flags["storage-path"] ?? env("STORAGE_PATH") ?? "/data",
    storageAddress: flags["storage-addr"] ?? env("STORAGE_ADDRESS") ?? ":9090",
    advertisedAddress: (flags["storage-adv-addr"] ?? env("STORAGE_ADV_ADDR")) || undefined,
    hostname: env("HOSTNAME") ?? host.hostname,
    retentionTtlMs: flags["artifact-retention-ttl"] ?? 60_000,
    retentionRecords: atLeast(1, "--artifact-retention-records", flags["artifact-retention-records"] ?? 2),
    digestAlgorithm: oneOf(DIGEST_ALGORITHMS, "--artifact-digest-algo", flags["artifact-digest-algo"] ?? "sha256"),
    spoolPath: (flags["spool-path"] ?? env("SPOOL_PATH")) || undefined,
    proxyEnvironment: Object.fromEntries(PROXY_VARIABLES.map((name) => [name, env(name) ?? env(name.toLowerCase())])),
  });
}

/**
 * What others reach the file server under: as configured, else as Flux derives it, where no host means this machine only.
 *
 * @param bound host and port that were taken
 */
export function advertisedHost({ advertisedAddress, storageAddress, hostname }: SourceConfig, bound: string): string {
  if (advertisedAddress !== undefined) return advertisedAddress;
  const host = storageAddress.replace(/:\d*$/, "");
  const port = bound.replace(/^.*:/, "");
  const isEvery = host === "0.0.0.0" || host === "[::]";
  return `${host === "" ? "localhost" : isEvery ? hostname : host}:${port}`;
}
