import { createSecureContext } from "node:tls";
import { isObject, ToolkitError, type JsonObject, type JsonValue } from "@plumb/std";
import type { ExecStanza } from "./exec-stanza.ts";

/** What a program signed in with. Holds secrets: never logged, never part of an error. */
export interface ExecCredential {
  readonly token: string | undefined;
  /** PEM texts. */
  readonly pair: { readonly certificate: string; readonly key: string } | undefined;
  /** Milliseconds since 1970; undefined where it holds until it is refused. */
  readonly expiresAtMs: number | undefined;
}

/** The value of `KUBERNETES_EXEC_INFO`, which tells the program what is asked of it. */
export function execInfo({ apiVersion, cluster }: ExecStanza, isInteractive: boolean): string {
  return JSON.stringify({ kind: "ExecCredential", apiVersion, spec: { ...(cluster === undefined ? {} : { cluster }), interactive: isInteractive } });
}

/**
 * Reads what the program printed: an `ExecCredential` (client-go credential plug-ins).
 *
 * @throws {ToolkitError} `invalid` saying what is wrong with it, never quoting it
 */
export function parseExecCredential(printed: string, { apiVersion }: ExecStanza, nowMs: number): ExecCredential {
  const answer = parsed(printed, apiVersion);
  if (answer["kind"] !== "ExecCredential") throw wrong(`no ExecCredential: its kind is ${word(answer["kind"])}`);
  if (answer["apiVersion"] !== apiVersion) throw wrong(`an ExecCredential of ${word(answer["apiVersion"])}, and the kubeconfig asks for ${apiVersion}`);
  const { status } = answer;
  if (!isObject(status)) throw wrong("an ExecCredential without a status");
  const [token, certificate, key] = ["token", "clientCertificateData", "clientKeyData"].map((field) => textOf(status[field]));
  if ((certificate === undefined) !== (key === undefined)) throw wrong("only one of clientCertificateData and clientKeyData");
  if (token === undefined && certificate === undefined) throw wrong("neither a token nor a client certificate");
  if (token !== undefined && /[^\x21-\x7e]/.test(token)) throw wrong("a token with a space or a sign that no header can carry");
  const pair = certificate === undefined || key === undefined ? undefined : { certificate, key };
  if (pair !== undefined && !isUsable(pair)) throw wrong("a client certificate and a key that do not go together, or are not PEM");
  return { token, pair, expiresAtMs: expiry(status["expirationTimestamp"], nowMs) };
}

function parsed(printed: string, apiVersion: string): JsonObject {
  if (printed.trim() === "") throw wrong(`nothing, where an ExecCredential (${apiVersion}, JSON) was expected`);
  let answer: unknown;
  try {
    answer = JSON.parse(printed);
  } catch {
    throw wrong(`something else than an ExecCredential (${apiVersion}, JSON)`); // the parser's words would quote it
  }
  // why: what JSON.parse gives is a JSON value
  if (!isObject(answer as JsonValue)) throw wrong(`something else than an ExecCredential (${apiVersion}, JSON)`);
  // why: just checked
  return answer as JsonObject;
}

function expiry(timestamp: JsonValue | undefined, nowMs: number): number | undefined {
  const text = textOf(timestamp);
  if (text === undefined) return undefined;
  const expiresAtMs = Date.parse(text);
  if (Number.isNaN(expiresAtMs)) throw wrong("an expirationTimestamp that is no time (RFC 3339)");
  if (expiresAtMs <= nowMs) {
    const [expired, now] = [expiresAtMs, nowMs].map((ms) => new Date(ms).toISOString());
    throw wrong(`a credential that expired at ${expired}; it is ${now} here: check this machine's clock, or sign in again by hand`);
  }
  return expiresAtMs;
}

function isUsable({ certificate, key }: { readonly certificate: string; readonly key: string }): boolean {
  try {
    createSecureContext({ cert: certificate, key });
    return true;
  } catch {
    return false;
  }
}

function textOf(value: JsonValue | undefined): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** Short enough to be a kind or a version, and not a secret. */
function word(value: JsonValue | undefined): string {
  return typeof value === "string" && /^[A-Za-z0-9./-]{1,60}$/.test(value) ? value : "another";
}

function wrong(what: string): ToolkitError {
  return new ToolkitError("invalid", `printed ${what}`);
}
