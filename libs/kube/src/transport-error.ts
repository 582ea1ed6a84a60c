import { ToolkitError, type ErrorKind } from "@plumb/std";

/** How far a request had come when it failed without a whole answer. */
export type TransportPhase =
  /** No connection: nothing was sent. */
  | "connect"
  /** On a kept connection that the server may have closed before the request reached it. */
  | "stale"
  | "answer"
  | "body";

/** A failure below HTTP. */
export class TransportError extends ToolkitError {
  readonly phase: TransportPhase;

  constructor(kind: ErrorKind, message: string, phase: TransportPhase, cause?: unknown) {
    super(kind, message, { cause });
    this.phase = phase;
  }
}

const NOT_CONNECTED: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ENOTFOUND: "no such host",
  EAI_AGAIN: "no answer from the name server",
  EHOSTUNREACH: "no route to host",
  ENETUNREACH: "network is unreachable",
  ETIMEDOUT: "connection timed out",
};
const LOST: Readonly<Record<string, string>> = {
  ECONNRESET: "connection reset",
  EPIPE: "connection reset",
  ERR_STREAM_PREMATURE_CLOSE: "the answer was cut off",
};
/** OpenSSL's and Node's codes for a certificate that is not trusted. */
const UNTRUSTED = /CERT|UNABLE_TO_|SELF_SIGNED|ERR_TLS_CERT/;

/** Turns what a socket or stream threw into a TransportError. */
export function connectionError(subject: string, phase: TransportPhase, thrown: unknown): ToolkitError {
  if (thrown instanceof ToolkitError) return thrown;
  const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (code.includes("_ALERT_")) return new TransportError("denied", `${subject}: the server refused the connection: ${message}`, "connect", thrown);
  if (UNTRUSTED.test(code)) return new TransportError("denied", `${subject}: the server's certificate is not trusted: ${message}`, "connect", thrown);
  const refused = phase === "body" ? undefined : NOT_CONNECTED[code];
  if (refused !== undefined) return new TransportError("unavailable", `${subject}: ${refused}`, "connect", thrown);
  return new TransportError("unavailable", `${subject}: ${LOST[code] ?? message}`, phase, thrown);
}
