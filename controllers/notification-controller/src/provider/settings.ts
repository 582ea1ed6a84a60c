import type { Provider } from "@plumb/api";
import { parseProxy, type Proxy, type TlsOptions } from "@plumb/http";
import type { SecretData } from "@plumb/kube";
import { isObject, parseDurationMs, reworded, ToolkitError } from "@plumb/std";
import { parseOne } from "@plumb/yaml";
import type { ProviderSettings } from "./types/provider-type.ts";
import { readSecret, type CanGet } from "./secret-data.ts";

const DEFAULT_TIMEOUT_MS = 15_000;
const MAX_ADDRESS_BYTES = 2048;
const HEADER_LIMITS = { maxBytes: 64 * 1024, maxDepth: 4, maxAliases: 0, maxNodes: 1000 };

/** The Secrets that a Provider names; undefined where it names none. */
export interface ProviderSecrets {
  readonly auth: SecretData | undefined;
  readonly certificate: SecretData | undefined;
  readonly proxy: SecretData | undefined;
}

/** Reads the Secrets of a Provider live. @throws {ToolkitError} naming the Secret that cannot be read */
export async function readProviderSecrets(client: CanGet, { metadata, spec }: Provider, signal: AbortSignal): Promise<ProviderSecrets> {
  const { namespace = "" } = metadata;
  const read = async (ref: { readonly name: string } | undefined): Promise<SecretData | undefined> => {
    if (ref === undefined) return undefined;
    try {
      return await readSecret(client, namespace, ref.name, signal);
    } catch (thrown) {
      throw reworded(thrown, (message) => `failed to get secret '${namespace}/${ref.name}': ${message}`);
    }
  };
  return { auth: await read(spec.secretRef), certificate: await read(spec.certSecretRef), proxy: await read(spec.proxySecretRef) };
}

/**
 * What a Provider and its Secrets say together (spec/flux-core 3.2). Pure.
 *
 * @throws {ToolkitError} `invalid`, naming the field or key that is wrong and never its value
 */
export function providerSettings({ spec }: Pick<Provider, "spec">, { auth = {}, certificate, proxy }: ProviderSecrets): ProviderSettings {
  if (spec.serviceAccountName !== undefined) throw new ToolkitError("invalid", "spec.serviceAccountName is not supported");
  const address = (auth["address"] ?? spec.address ?? "").trim();
  if (Buffer.byteLength(address) > MAX_ADDRESS_BYTES) {
    throw new ToolkitError("invalid", `invalid address in secret: address exceeds maximum length of ${MAX_ADDRESS_BYTES} bytes`);
  }
  const isBasic = auth["username"] !== undefined && auth["password"] !== undefined;
  return {
    address,
    channel: spec.channel ?? "",
    username: (isBasic ? auth["username"] : spec.username) ?? "",
    password: (isBasic ? auth["password"] : undefined) ?? "",
    token: (auth["token"] ?? "").trim(),
    headers: headersOf(auth["headers"]),
    timeoutMs: spec.timeout === undefined ? DEFAULT_TIMEOUT_MS : parseDurationMs(spec.timeout),
    tls: certificate === undefined ? undefined : tlsOf(certificate),
    proxy: proxyOf(spec.proxy, auth["proxy"], proxy),
  };
}

/** `spec.proxySecretRef` before the Secret's `proxy` before `spec.proxy`, the latter two given up upstream. */
function proxyOf(inSpec: string | undefined, inSecret: string | undefined, ref: SecretData | undefined): Proxy | undefined {
  if (ref !== undefined) {
    const { address, username, password } = ref;
    if (address === undefined || address.trim() === "") throw new ToolkitError("invalid", "failed to get proxy URL: the secret has no address");
    return parseProxy(address.trim(), username === undefined || password === undefined ? undefined : { username, password });
  }
  const address = (inSecret ?? inSpec ?? "").trim();
  return address === "" ? undefined : parseProxy(address);
}

/** The keys of spec/flux-core 0.9; a custom CA counts alone (C-031). */
function tlsOf(secret: SecretData): TlsOptions {
  const ca = secret["ca.crt"] ?? secret["caFile"];
  const certificate = secret["tls.crt"] ?? secret["certFile"];
  const key = secret["tls.key"] ?? secret["keyFile"];
  if ((certificate === undefined) !== (key === undefined))
    throw new ToolkitError("invalid", "failed to get TLS config: tls.crt and tls.key must be given together");
  if (ca === undefined && certificate === undefined)
    throw new ToolkitError("invalid", "failed to get TLS config: the secret has neither ca.crt nor tls.crt and tls.key");
  return {
    ...(ca !== undefined && { ca, caMode: "alone" as const }),
    ...(certificate !== undefined && key !== undefined && { certificate, key }),
  };
}

function headersOf(yaml: string | undefined): Readonly<Record<string, string>> {
  if (yaml === undefined) return {};
  const value = parsedHeaders(yaml);
  if (value === null) return {};
  if (!isObject(value)) throw new ToolkitError("invalid", "failed to read headers from secret: not a map");
  return Object.fromEntries(Object.entries(value).map(([name, text]) => [headerName(name), headerValue(name, text)]));
}

function parsedHeaders(yaml: string): unknown {
  try {
    return parseOne(yaml, { limits: HEADER_LIMITS });
  } catch {
    // why: the parser's own words would quote a credential
    throw new ToolkitError("invalid", "failed to read headers from secret: not YAML");
  }
}

function headerName(name: string): string {
  if (/^[!#$%&'*+\-.^_`|~\w]+$/.test(name)) return name; // RFC 9110 5.6.2
  throw new ToolkitError("invalid", "failed to read headers from secret: a name is not that of a header");
}

function headerValue(name: string, value: unknown): string {
  if (typeof value === "string" && /^[\t\x20-\x7e\x80-\xff]*$/.test(value)) return value; // RFC 9110 5.5
  throw new ToolkitError("invalid", `failed to read headers from secret: the value of ${name} is no header text`);
}
