import { ToolkitError, redactUrl } from "@plumb/std";

/** Which request an error is about. */
export interface RequestName {
  readonly method: string;
  readonly url: URL;
}

/** `Get "http://host/path"`, as Go names a request in errors; never with a credential. */
export function requestName({ method, url }: RequestName): string {
  return `${method.slice(0, 1).toUpperCase()}${method.slice(1).toLowerCase()} "${redactUrl(url)}"`;
}

/** Go's words for what can go wrong on the way, by Node's code. The words for TLS are those of Go's crypto/x509. */
const WORDS: Readonly<Record<string, string>> = {
  ECONNRESET: "read: connection reset by peer",
  EPIPE: "write: broken pipe",
  HPE_INVALID_CONSTANT: "net/http: HTTP/1.x transport connection broken: malformed HTTP response",
  HPE_HEADER_OVERFLOW: "net/http: server response headers exceeded the limit",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "tls: failed to verify certificate: x509: certificate signed by unknown authority",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "tls: failed to verify certificate: x509: certificate signed by unknown authority",
  UNABLE_TO_GET_ISSUER_CERT: "tls: failed to verify certificate: x509: certificate signed by unknown authority",
  SELF_SIGNED_CERT_IN_CHAIN: "tls: failed to verify certificate: x509: certificate signed by unknown authority",
  DEPTH_ZERO_SELF_SIGNED_CERT: "tls: failed to verify certificate: x509: certificate signed by unknown authority",
  CERT_SIGNATURE_FAILURE: "tls: failed to verify certificate: x509: certificate signed by unknown authority",
  CERT_HAS_EXPIRED: "tls: failed to verify certificate: x509: certificate has expired or is not yet valid",
  CERT_NOT_YET_VALID: "tls: failed to verify certificate: x509: certificate has expired or is not yet valid",
  INVALID_PURPOSE: "tls: failed to verify certificate: x509: certificate specifies an incompatible key usage",
  ERR_SSL_WRONG_VERSION_NUMBER: "http: server gave HTTP response to HTTPS client",
  ERR_SSL_UNSUPPORTED_PROTOCOL: "tls: no supported versions satisfy MinVersion and MaxVersion",
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: "remote error: tls: protocol version not supported",
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: "remote error: tls: certificate required",
  ERR_SSL_SSL_ALERT_HANDSHAKE_FAILURE: "remote error: tls: handshake failure",
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: "remote error: tls: handshake failure",
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: "remote error: tls: bad certificate",
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: "remote error: tls: unknown certificate authority",
};
const DIAL_WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connect: connection refused",
  EHOSTUNREACH: "connect: no route to host",
  ENETUNREACH: "connect: network is unreachable",
  EADDRNOTAVAIL: "connect: cannot assign requested address",
  ETIMEDOUT: "i/o timeout",
};
const LOOKUP_WORDS: Readonly<Record<string, string>> = { ENOTFOUND: "no such host", EAI_AGAIN: "server misbehaving", EAI_NODATA: "no such host" };

/** What Node's network errors hold beside the message. */
interface NetworkFailure {
  readonly code?: unknown;
  readonly address?: unknown;
  readonly port?: unknown;
  readonly hostname?: unknown;
  readonly reason?: unknown;
  readonly errors?: unknown;
}

/** The error of a request that got no answer. @param thrown what Node gave; a ToolkitError keeps its kind */
export function requestError(request: RequestName, thrown: unknown): ToolkitError {
  const name = requestName(request);
  if (thrown instanceof ToolkitError) {
    return new ToolkitError(thrown.kind, thrown.message.startsWith(name) ? thrown.message : `${name}: ${thrown.message}`, { cause: thrown });
  }
  return new ToolkitError("unavailable", `${name}: ${wordsOf(thrown, request.url)}`, { cause: thrown });
}

/** The error of a request that its caller stopped: `cancelled`, or `unavailable` where a deadline did. */
export function abortError(request: RequestName, signal: AbortSignal): ToolkitError {
  const reason: unknown = signal.reason;
  const isDeadline = reason instanceof Error && reason.name === "TimeoutError";
  return new ToolkitError(
    isDeadline ? "unavailable" : "cancelled",
    `${requestName(request)}: ${isDeadline ? "context deadline exceeded" : "context canceled"}`,
    { cause: reason },
  );
}

function wordsOf(thrown: unknown, url: URL): string {
  const failure = firstFailure(thrown);
  const code = typeof failure.code === "string" ? failure.code : "";
  if (DIAL_WORDS[code] !== undefined) return `dial tcp ${addressOf(failure)}: ${DIAL_WORDS[code]}`;
  if (LOOKUP_WORDS[code] !== undefined) return `dial tcp: lookup ${String(failure.hostname)}: ${LOOKUP_WORDS[code]}`;
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return `tls: failed to verify certificate: x509: certificate is not valid for ${url.hostname}`;
  }
  if (code === "ECONNRESET" && thrown instanceof Error && thrown.message === "socket hang up") return "EOF";
  if (code === "EPROTO" || code === "ERR_SSL_PACKET_LENGTH_TOO_LONG") return WORDS["ERR_SSL_WRONG_VERSION_NUMBER"] ?? code;
  return WORDS[code] ?? (thrown instanceof Error ? thrown.message : String(thrown));
}

/** Of several addresses that were tried, the first one's failure. */
function firstFailure(thrown: unknown): NetworkFailure {
  if (typeof thrown !== "object" || thrown === null) return {};
  const { errors }: NetworkFailure = thrown;
  return Array.isArray(errors) && errors.length > 0 ? firstFailure(errors[0]) : thrown;
}

function addressOf({ address, port }: NetworkFailure): string {
  const host = String(address);
  return host.includes(":") ? `[${host}]:${String(port)}` : `${host}:${String(port)}`;
}
