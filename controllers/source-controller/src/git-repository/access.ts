import type { GitRepository } from "@plumb/api";
import type { GitCredentials } from "@plumb/git";
import type { TlsOptions } from "@plumb/http";
import { readSecretData, type KubeClient, type SecretData } from "@plumb/kube";
import { redactAddress, reworded, ToolkitError } from "@plumb/std";
import { inStep } from "./step-error.ts";

/** How a repository is reached. Plain data, for it also goes to a worker thread. Holds secrets. */
export interface GitAccess {
  readonly credentials?: GitCredentials;
  readonly tls?: TlsOptions;
  /** Instead of what the environment says. */
  readonly proxy?: { readonly address: string; readonly username: string; readonly password: string };
}

const MAX_PROXY_ADDRESS = 2048;
/** Those of spec/flux-core 0.9; what is not built of them is refused where the proxy is used. */
const PROXY_SCHEMES = ["http", "https", "socks5"];

/**
 * Reads the secrets that a GitRepository names (spec/flux-core 0.9, S-034).
 *
 * @throws {StepError} with the reason AuthenticationFailed or InvalidProviderConfiguration
 */
export async function readAccess(client: Pick<KubeClient, "get">, obj: GitRepository, signal: AbortSignal): Promise<GitAccess> {
  const { secretRef, proxySecretRef, url } = obj.spec;
  const proxy = proxySecretRef === undefined ? undefined : await inStep("AuthenticationFailed", () => readProxy(client, obj, proxySecretRef.name, signal));
  if (secretRef === undefined) return proxy === undefined ? {} : { proxy };
  const data = await inStep("AuthenticationFailed", () => readSecret(client, obj, secretRef.name, signal));
  if ((data["githubAppID"] ?? "") !== "") {
    const subject = `${obj.metadata.namespace}/${secretRef.name}`;
    await inStep("InvalidProviderConfiguration", () => {
      throw new ToolkitError("invalid", `secretRef '${subject}' has github app data but provider is not set to github`);
    });
  }
  const isHttps = url.startsWith("https:");
  const options = await inStep("AuthenticationFailed", () => configured(() => ({ ...credentialsOf(data, isHttps), ...(isHttps ? tlsOf(data) : {}) })));
  return { ...options, ...(proxy !== undefined && { proxy }) };
}

function configured<Value>(make: () => Value): Value {
  try {
    return make();
  } catch (thrown) {
    throw reworded(thrown, (message) => `failed to configure authentication options: ${message}`);
  }
}

function credentialsOf({ username = "", password = "", bearerToken = "" }: SecretData, isHttps: boolean): { readonly credentials?: GitCredentials } {
  // Upstream does not look at a user where there is a token.
  if (bearerToken !== "") return { credentials: { kind: "bearer", token: bearerToken } };
  const scheme = isHttps ? "https" : "http";
  if (username === "" && password !== "") throw new ToolkitError("invalid", `invalid '${scheme}' auth option: 'password' requires 'username' to be set`);
  return username === "" ? {} : { credentials: { kind: "basic", username, password } };
}

/** The keys of Kubernetes before the older ones (spec/flux-core 0.9); a CA counts beside the well-known ones (C-031). */
function tlsOf(data: SecretData): { readonly tls?: TlsOptions } {
  const of = (name: string, old: string): string | undefined => data[name] || data[old] || undefined;
  const [ca, certificate, key] = [of("ca.crt", "caFile"), of("tls.crt", "certFile"), of("tls.key", "keyFile")];
  if ((certificate === undefined) !== (key === undefined)) {
    throw new ToolkitError("invalid", "invalid 'https' auth option: 'tls.crt' and 'tls.key' must be set together");
  }
  const tls: TlsOptions = { ...(ca !== undefined && { ca }), ...(certificate !== undefined && key !== undefined && { certificate, key }) };
  return Object.keys(tls).length === 0 ? {} : { tls };
}

async function readProxy(client: Pick<KubeClient, "get">, obj: GitRepository, name: string, signal: AbortSignal): Promise<NonNullable<GitAccess["proxy"]>> {
  const subject = `${obj.metadata.namespace}/${name}`;
  const words = "failed to configure proxy options";
  const data = await readSecretData(client, obj.metadata.namespace ?? "", name, signal).catch((thrown: unknown) => {
    throw reworded(thrown, (message) => `${words}: failed to get secret '${subject}': ${message}`);
  });
  if (data === undefined) throw new ToolkitError("missing", `${words}: secret '${subject}' not found`);
  const { address = "", username = "", password = "" } = data;
  if (address === "") throw new ToolkitError("invalid", `${words}: secret '${subject}': key 'address' not found`);
  if (address.length > MAX_PROXY_ADDRESS)
    throw new ToolkitError("invalid", `${words}: secret '${subject}': proxy URL is too long: ${address.length} characters, max ${MAX_PROXY_ADDRESS}`);
  refuseProxy(address, `${words}: secret '${subject}'`);
  return { address, username, password };
}

/** @throws {ToolkitError} `invalid`, without a password that the address may hold */
function refuseProxy(address: string, words: string): void {
  const url = URL.parse(address);
  if (url === null) throw new ToolkitError("invalid", `${words}: failed to parse proxy address '${redactAddress(address)}'`);
  const scheme = url.protocol.slice(0, -1);
  if (PROXY_SCHEMES.includes(scheme)) return;
  throw new ToolkitError("invalid", `${words}: proxy URL must use one of the supported schemes (${PROXY_SCHEMES.join(", ")}), got '${scheme}'`);
}

async function readSecret(client: Pick<KubeClient, "get">, obj: GitRepository, name: string, signal: AbortSignal): Promise<SecretData> {
  const words = `failed to get secret '${obj.metadata.namespace}/${name}'`;
  const data = await readSecretData(client, obj.metadata.namespace ?? "", name, signal).catch((thrown: unknown) => {
    throw reworded(thrown, (message) => `${words}: ${words}: ${message}`);
  });
  if (data === undefined) throw new ToolkitError("missing", `${words}: ${words}: secrets "${name}" not found`);
  return data;
}
