import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { isObject, ToolkitError, type JsonObject, type JsonValue } from "@plumb/std";

export const EXEC_API_VERSIONS = ["client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1"] as const;
const INTERACTIVE_MODES = ["Never", "IfAvailable", "Always"] as const;

/** The program that a user of a kubeconfig signs in by: `users[].user.exec`. */
export interface ExecStanza {
  /** How messages name the user, such as `kubeconfig config: user "eks"`. */
  readonly subject: string;
  readonly apiVersion: (typeof EXEC_API_VERSIONS)[number];
  /** A name to be looked for on the PATH, or an absolute path. */
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** What to do where the program is missing; of printable characters. */
  readonly installHint: string | undefined;
  readonly interactiveMode: (typeof INTERACTIVE_MODES)[number];
  /** The cluster as the program is told of it; undefined where it did not ask. */
  readonly cluster: JsonObject | undefined;
}

/** The entries of a kubeconfig that its current context names; undefined for one that is not there. */
export interface CurrentContext {
  readonly context: JsonObject;
  readonly cluster: JsonObject;
  readonly user: JsonObject;
  readonly userName: string;
}

export function currentContext(config: JsonObject): CurrentContext | undefined {
  const context = named(config["contexts"], config["current-context"], "context");
  const cluster = named(config["clusters"], context?.["cluster"], "cluster");
  const user = named(config["users"], context?.["user"], "user");
  if (context === undefined || cluster === undefined || user === undefined) return undefined;
  return { context, cluster, user, userName: String(context["user"]) };
}

function named(list: JsonValue | undefined, name: JsonValue | undefined, field: string): JsonObject | undefined {
  const entries: readonly JsonValue[] = Array.isArray(list) ? list : [];
  const value = entries.filter(isObject).find((entry) => entry["name"] === name)?.[field];
  return isObject(value) ? value : undefined;
}

/** Credentials beside which no program is asked. */
const STATIC = ["token", "tokenFile", "username", "client-certificate", "client-certificate-data"];

/**
 * The program that the current user of a kubeconfig signs in by; undefined where none is needed.
 *
 * @param path of the kubeconfig: programs and files with a relative path lie beside it
 * @throws {ToolkitError} `invalid`, naming the user and the field
 */
export function execStanza({ user, userName, cluster }: CurrentContext, path: string, folder: string): ExecStanza | undefined {
  if (STATIC.some((field) => typeof user[field] === "string" && user[field] !== "")) return undefined;
  const subject = `kubeconfig ${path}: user "${userName}"`;
  const provider = user["auth-provider"];
  if (provider !== undefined && provider !== null) {
    const name = isObject(provider) && typeof provider["name"] === "string" ? ` "${provider["name"]}"` : "";
    throw new ToolkitError(
      "invalid",
      `${subject} signs in by auth-provider${name}, which Kubernetes gave up in 1.26; have the provider write a kubeconfig with exec`,
    );
  }
  const { exec } = user;
  if (exec === undefined || exec === null) return undefined;
  const refuse = (what: string): ToolkitError => new ToolkitError("invalid", `${subject}: exec.${what}`);
  if (!isObject(exec)) throw new ToolkitError("invalid", `${subject}: exec is not a map`);
  const { apiVersion, command, args = [], env = [], installHint, interactiveMode } = exec;
  const version = EXEC_API_VERSIONS.find((known) => known === apiVersion);
  if (version === undefined) throw refuse(`apiVersion must be ${EXEC_API_VERSIONS.join(" or ")}, got ${shown(apiVersion)}`);
  if (typeof command !== "string" || command === "") throw refuse("command is missing");
  if (args !== null && !isTexts(args)) throw refuse("args must be a list of texts");
  const mode = INTERACTIVE_MODES.find((known) => known === (interactiveMode ?? (version.endsWith("/v1") ? undefined : "IfAvailable")));
  if (mode === undefined) throw refuse(`interactiveMode must be ${INTERACTIVE_MODES.join(", ")}, got ${shown(interactiveMode)}`);
  return {
    subject,
    apiVersion: version,
    command: command.includes("/") ? resolve(folder, command) : command,
    args: args ?? [],
    env: environment(env, refuse),
    installHint: typeof installHint === "string" && installHint.trim() !== "" ? printable(installHint).trim() : undefined,
    interactiveMode: mode,
    cluster: exec["provideClusterInfo"] === true ? clusterInfo(cluster, subject, folder) : undefined,
  };
}

function environment(env: JsonValue, refuse: (what: string) => ToolkitError): Readonly<Record<string, string>> {
  if (env === null) return {};
  const entries = Array.isArray(env) ? env : [env];
  return Object.fromEntries(
    entries.map((entry: JsonValue) => {
      const { name, value } = isObject(entry) ? entry : {};
      if (typeof name !== "string" || typeof value !== "string") throw refuse("env must be a list of name and value");
      return [name, value];
    }),
  );
}

/** Extension of a cluster that is meant for such programs (client-go, `pkg/apis/clientauthentication`). */
const EXTENSION = "client.authentication.k8s.io/exec";
const CLUSTER_FIELDS = ["server", "tls-server-name", "insecure-skip-tls-verify", "certificate-authority-data", "proxy-url", "disable-compression"];

function clusterInfo(cluster: JsonObject, subject: string, folder: string): JsonObject {
  const { "certificate-authority": file, "certificate-authority-data": data, extensions } = cluster;
  const config = named(extensions, EXTENSION, "extension");
  const authority = typeof file === "string" && file !== "" && !data ? { "certificate-authority-data": base64Of(resolve(folder, file), subject) } : {};
  const told = CLUSTER_FIELDS.flatMap((field) => (cluster[field] === undefined || cluster[field] === null ? [] : [[field, cluster[field]] as const]));
  return { ...Object.fromEntries(told), ...authority, ...(config === undefined ? {} : { config }) };
}

function base64Of(file: string, subject: string): string {
  try {
    return readFileSync(file).toString("base64");
  } catch (cause) {
    throw new ToolkitError("missing", `${subject}: the certificate-authority ${file} of its cluster cannot be read`, { cause });
  }
}

function isTexts(value: JsonValue): value is readonly string[] {
  return Array.isArray(value) && value.every((entry) => typeof entry === "string");
}

function shown(value: JsonValue | undefined): string {
  return value === undefined ? "none" : JSON.stringify(value);
}

/** Without what a terminal would act on. */
function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/\u001b\[[0-9;?]*[ -/]*[@-~]/g, "").replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, "");
}
