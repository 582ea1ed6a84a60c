import { dirname, resolve } from "node:path";
import type { KubeConfig } from "@kubernetes/client-node";
import { parseProxy, type Proxy } from "@plumb/http";
import { isObject, ToolkitError, toToolkitError, type JsonObject, type JsonValue } from "@plumb/std";
import { parseOne } from "@plumb/yaml";
import type { ClientCertificate, Credential, KubeAccess } from "./kube-access.ts";
import { readLocalFile } from "./local-file.ts";

export interface KubeconfigOptions {
  /** Keep `insecure-skip-tls-verify`; without it the certificate is checked all the same. */
  readonly allowsInsecureTls: boolean;
}

/** What a kubeconfig says, beside how to reach the server. */
export interface KubeconfigAccess {
  readonly access: KubeAccess;
  /** Namespace of the context, if it names one. */
  readonly namespace: string | undefined;
}

type User = NonNullable<ReturnType<KubeConfig["getCurrentUser"]>>;
type Cluster = NonNullable<ReturnType<KubeConfig["getCurrentCluster"]>>;

/**
 * Reads a kubeconfig of the operator's: files that it names are read, relative ones from its folder. Programs it names are
 * never run.
 *
 * @throws {ToolkitError} `missing` or `invalid`, naming the path
 */
export async function readKubeconfig(path: string, options: KubeconfigOptions): Promise<KubeconfigAccess> {
  const document = await readKubeconfigDocument(path);
  return await read(document, { ...options, subject: `kubeconfig ${path}`, folder: dirname(resolve(path)) });
}

/** A kubeconfig as it is written, for who runs programs that it names. @throws {ToolkitError} `missing` or `invalid`, naming the path */
export async function readKubeconfigDocument(path: string): Promise<JsonObject> {
  return parseDocument(await readLocalFile("kubeconfig", path), `kubeconfig ${path}`);
}

/**
 * Reads the text of a kubeconfig that a tenant wrote: no file that it names is read, no program run, and its credentials
 * must be in the text.
 *
 * @param subject how messages name it
 * @throws {ToolkitError} `invalid`
 */
export async function parseKubeconfig(text: string, subject: string, options: KubeconfigOptions): Promise<KubeconfigAccess> {
  return await read(parseDocument(text, subject), { ...options, subject, folder: undefined });
}

interface Reading extends KubeconfigOptions {
  readonly subject: string;
  /** Where relative files are looked for; undefined when none may be read. */
  readonly folder: string | undefined;
}

async function read(document: JsonObject, reading: Reading): Promise<KubeconfigAccess> {
  const { subject } = reading;
  const config = await loadConfig(withoutPrograms(document), subject);
  const name = config.getCurrentContext();
  if (typeof name !== "string" || name === "") throw new ToolkitError("invalid", `${subject}: no current context`);
  const chosen = config.getContextObject(name);
  if (chosen === null) throw new ToolkitError("invalid", `${subject}: context "${name}" does not exist`);
  const cluster = config.getCluster(chosen.cluster);
  if (cluster === null) throw new ToolkitError("invalid", `${subject}: cluster "${chosen.cluster}" does not exist`);
  const user = config.getUser(chosen.user);
  if (user === null && chosen.user !== undefined && chosen.user !== "") throw new ToolkitError("invalid", `${subject}: user "${chosen.user}" does not exist`);
  return { access: await accessOf(cluster, user, rawUser(document, chosen.user), reading), namespace: chosen.namespace };
}

async function accessOf(cluster: Cluster, user: User | null, raw: JsonObject, reading: Reading): Promise<KubeAccess> {
  const { subject, allowsInsecureTls } = reading;
  if (!URL.canParse(cluster.server)) throw new ToolkitError("invalid", `${subject}: server "${cluster.server}" is not a URL`);
  const server = new URL(cluster.server);
  const clientCertificate = await clientCertificateOf(user, reading);
  const credential = credentialOf(user, raw, reading);
  const program = raw["exec"] !== undefined ? "exec" : raw["auth-provider"] !== undefined ? "auth-provider" : undefined;
  if (program !== undefined && credential.kind === "none" && clientCertificate === undefined) {
    throw new ToolkitError("invalid", `${subject}: user "${user?.name ?? ""}" gets credentials by ${program}, which is not allowed`);
  }
  return {
    server,
    ca: await pem(cluster.caData, cluster.caFile, "certificate-authority", reading),
    serverName: cluster.tlsServerName ?? undefined,
    isTlsUnverified: cluster.skipTLSVerify && allowsInsecureTls,
    proxy: proxyOf(cluster, server, reading),
    clientCertificate,
    credential,
    impersonate: impersonation(raw),
  };
}

/** A tenant names no proxy: it could be any address that the controller reaches. */
function proxyOf({ proxyUrl }: Cluster, server: URL, { subject, folder }: Reading): Proxy | undefined {
  if (typeof proxyUrl !== "string" || proxyUrl === "") return undefined;
  if (folder === undefined) throw new ToolkitError("invalid", `${subject}: proxy-url is not allowed`);
  if (server.protocol !== "https:") throw new ToolkitError("invalid", `${subject}: proxy-url needs a server with https`);
  try {
    return parseProxy(proxyUrl);
  } catch (cause) {
    throw new ToolkitError("invalid", `${subject}: proxy-url: ${toToolkitError(cause).message}`, { cause });
  }
}

async function clientCertificateOf(user: User | null, reading: Reading): Promise<ClientCertificate | undefined> {
  const { subject, folder } = reading;
  const certificate = await pem(user?.certData, user?.certFile, "client-certificate", reading);
  const key = await pem(user?.keyData, user?.keyFile, "client-key", reading);
  if ((certificate === undefined) !== (key === undefined)) throw new ToolkitError("invalid", `${subject}: client-certificate and client-key go together`);
  if (certificate === undefined || key === undefined) return undefined;
  // data goes before a file, as kubectl has it
  const certificateFile = user?.certData ? undefined : user?.certFile;
  const keyFile = user?.keyData ? undefined : user?.keyFile;
  if (folder === undefined || certificateFile === undefined || keyFile === undefined) return { certificate, key };
  return { certificate, key, files: { certificate: resolve(folder, certificateFile), key: resolve(folder, keyFile) } };
}

function credentialOf(user: User | null, raw: JsonObject, { subject, folder }: Reading): Credential {
  const tokenFile = raw["tokenFile"];
  // a token in the text goes first, as kubectl has it
  if (typeof user?.token === "string" && user.token !== "") return { kind: "token", token: user.token };
  if (typeof tokenFile === "string" && tokenFile !== "") {
    if (folder === undefined) throw new ToolkitError("invalid", `${subject}: tokenFile is not allowed`);
    return { kind: "token-file", path: resolve(folder, tokenFile) };
  }
  if (typeof user?.username === "string" && user.username !== "") return { kind: "basic", username: user.username, password: user.password ?? "" };
  return { kind: "none" };
}

async function pem(data: string | null | undefined, file: string | null | undefined, field: string, { subject, folder }: Reading): Promise<string | undefined> {
  if (typeof data === "string" && data !== "") {
    const text = Buffer.from(data, "base64").toString("utf8");
    if (!text.includes("-----BEGIN ")) throw new ToolkitError("invalid", `${subject}: ${field}-data is not base64 of PEM`);
    return text;
  }
  if (typeof file !== "string" || file === "") return undefined;
  if (folder === undefined) throw new ToolkitError("invalid", `${subject}: the file of ${field} is not allowed`);
  return await readLocalFile(`${subject}: ${field}`, resolve(folder, file));
}

function impersonation(raw: JsonObject): KubeAccess["impersonate"] {
  const { as: user, "as-groups": groups } = raw;
  if (typeof user !== "string" || user === "") return undefined;
  return { user, ...(Array.isArray(groups) ? { groups: groups.filter((group) => typeof group === "string") } : {}) };
}

/** No kubeconfig of thousands of clusters comes near these. */
const LIMITS = { maxBytes: 1024 * 1024, maxAliases: 0, maxNodes: 200_000 };

function parseDocument(text: string, subject: string): JsonObject {
  let document: JsonValue;
  try {
    document = parseOne(text, { limits: LIMITS });
  } catch (thrown) {
    // no more of the parser's words than where: they may quote the text, which holds credentials
    const where = /line \d+/.exec(String(thrown))?.[0];
    throw new ToolkitError("invalid", `${subject}: not YAML${where === undefined ? "" : ` (${where})`}`);
  }
  if (!isObject(document)) throw new ToolkitError("invalid", `${subject}: not a kubeconfig`);
  return document;
}

/** The parser acts on some of these fields as soon as it sees them. */
const PROGRAM_FIELDS: ReadonlySet<string> = new Set(["exec", "auth-provider", "token-file", "tokenFile"]);

function withoutPrograms(document: JsonObject): JsonObject {
  const users = document["users"];
  if (!Array.isArray(users)) return document;
  return { ...document, users: users.map((entry) => (isObject(entry) && isObject(entry["user"]) ? { ...entry, user: withoutFields(entry["user"]) } : entry)) };
}

function withoutFields(user: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(user).filter(([field]) => !PROGRAM_FIELDS.has(field)));
}

function rawUser(document: JsonObject, name: string): JsonObject {
  const users: readonly JsonValue[] = Array.isArray(document["users"]) ? document["users"] : [];
  const entry = users.filter(isObject).find((user) => user["name"] === name);
  return isObject(entry?.["user"]) ? entry["user"] : {};
}

async function loadConfig(document: JsonObject, subject: string): Promise<KubeConfig> {
  // loaded when needed: a controller in its cluster never does
  const { KubeConfig: Parser } = await import("@kubernetes/client-node");
  const config = new Parser();
  try {
    config.loadFromString(JSON.stringify(document));
  } catch (thrown) {
    throw new ToolkitError("invalid", `${subject}: ${thrown instanceof Error ? thrown.message : "not a kubeconfig"}`);
  }
  return config;
}
