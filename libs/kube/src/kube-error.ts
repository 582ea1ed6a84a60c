import { isObject, parseJson, ToolkitError, type ErrorKind, type JsonObject, type JsonValue } from "@plumb/std";

/** One entry of `details.causes` in a `Status`. */
export interface KubeCause {
  readonly reason: string;
  readonly message: string;
  /** As the server writes it, such as `spec.replicas`, or `.spec.replicas` in a conflict. */
  readonly field: string;
}

/** What the API server said about a failure beside its message, so that nobody above has to read a status. */
export interface KubeDetails {
  /** Reason of the `Status`, such as `AlreadyExists`; empty where the server gave none. */
  readonly reason: string;
  readonly causes: readonly KubeCause[];
  /** Field managers that a refused apply names, sorted, each once. */
  readonly managers: readonly string[];
  /** Kind or resource and name that the failure is about, empty where the server did not say. */
  readonly kind: string;
  readonly name: string;
}

/** A failure that the API server answered with. */
export class KubeError extends ToolkitError {
  readonly details: KubeDetails;

  constructor(kind: ErrorKind, message: string, details: KubeDetails, options: { readonly retryAfterMs?: number | undefined } = {}) {
    super(kind, message, options);
    this.details = details;
  }
}

/** The API server's own account of `error` or of what caused it; undefined when it did not come from the API server. */
export function kubeDetails(error: unknown): KubeDetails | undefined {
  for (let current: unknown = error; current instanceof Error; current = current.cause) {
    if (current instanceof KubeError) return current.details;
  }
  return undefined;
}

/**
 * True when the API server does not know who asks: a token that was revoked, an authentication web-hook that is away. It says
 * nothing of rights, and passes as an outage does.
 */
export function isUnauthenticated(error: unknown): boolean {
  return kubeDetails(error)?.reason === UNAUTHORIZED;
}

/** True when the API server knows who asks and does not allow it; false for what `isUnauthenticated`, and for a refusal by anybody else. */
export function isForbidden(error: ToolkitError): boolean {
  return error.kind === "denied" && kubeDetails(error) !== undefined && !isUnauthenticated(error);
}

/** The parts of an answer that classification reads. */
export interface KubeFailure {
  readonly status: number;
  /** The body: a `Status` as JSON, or whatever a proxy in between has written. */
  readonly body: string;
  readonly retryAfterMs?: number | undefined;
}

const KIND_BY_STATUS: Readonly<Record<number, ErrorKind>> = {
  400: "invalid",
  401: "denied",
  403: "denied",
  404: "missing",
  409: "conflict",
  410: "conflict",
  422: "invalid",
  429: "throttled",
};

/** Reason of every 401, also where the server gave none. */
const UNAUTHORIZED = "Unauthorized";

/** Shown of a body that is no `Status`. */
const MAX_FOREIGN_TEXT = 200;

/** Classifies one failure; the message is the server's own. The only place in the repository that reads a status of the API server. */
export function kubeError(failure: KubeFailure): KubeError {
  return statusError(failure.status, statusOf(failure), failure.retryAfterMs);
}

/** The same for a `Status` that arrived as an event of a watch. */
export function watchError(status: JsonObject): KubeError {
  return statusError(Number(status["code"] ?? 0), status, undefined);
}

/** True when it is the object that is not there; false where its kind is not served, or something else is missing. */
export function isAbsentObject(error: KubeError, name: string): boolean {
  return error.kind === "missing" && error.details.reason === "NotFound" && error.details.name === name;
}

/** True when what was refused were the credentials. */
export function isUnauthorized(status: number): boolean {
  return status === 401;
}

/** What a status says of the server's load. */
export function loadOf(status: number): "good" | "slow-down" {
  return status === 429 || status === 503 || status === 504 ? "slow-down" : "good";
}

function statusError(code: number, status: JsonObject, headerWaitMs: number | undefined): KubeError {
  const details = isObject(status["details"]) ? status["details"] : {};
  const causes = causesOf(details["causes"]);
  const reason = code === 401 ? UNAUTHORIZED : text(status["reason"]);
  const message = text(status["message"]) || reason || `the server answered ${code}`;
  const kind = misleading(code, message, causes) ?? KIND_BY_STATUS[code] ?? (code >= 500 ? "unavailable" : "invalid");
  const bodyWait = Number(details["retryAfterSeconds"] ?? 0) * 1000;
  const retryAfterMs = kind === "throttled" || kind === "unavailable" ? (headerWaitMs ?? (bodyWait > 0 ? bodyWait : undefined)) : undefined;
  return new KubeError(
    kind,
    message,
    { reason, causes, managers: managersOf(causes), kind: text(details["kind"]), name: text(details["name"]) },
    { retryAfterMs },
  );
}

/** Messages of a 500 that say what is wrong with the request; seen on kube-apiserver 1.36. */
const INVALID_BEHIND_500 = [
  /failed to create typed |field not declared in schema/,
  /strconv\.ParseUint: parsing/,
  /resourceVersion should not be set on objects to be created/,
  /^unknown patch type: |^The order in patch list:/,
];

/** Answers whose status says something else than what happened; seen on kube-apiserver 1.36. */
function misleading(code: number, message: string, causes: readonly KubeCause[]): ErrorKind | undefined {
  if (code === 500 && INVALID_BEHIND_500.some((pattern) => pattern.test(message))) return "invalid";
  // comes back with its namespace, or with its definition
  if (code === 403 && (has(causes, "NamespaceTerminating") || message.endsWith("while custom resource definition is terminating"))) return "missing";
  // the object was re-created: PUT says 409 for the same
  if (code === 422 && causes.some(({ field, reason }) => field === "metadata.uid" && reason === "FieldValueInvalid")) return "conflict";
  // a version that this server has not reached, as after a restored backup
  if (code === 504 && has(causes, "ResourceVersionTooLarge")) return "conflict";
  return undefined;
}

function has(causes: readonly KubeCause[], reason: string): boolean {
  return causes.some((cause) => cause.reason === reason);
}

function statusOf({ status, body }: KubeFailure): JsonObject {
  const parsed = body.startsWith("{") ? tryParse(body) : undefined;
  if (isObject(parsed) && parsed["kind"] === "Status") return parsed;
  // in the words that other clients have for it, as the server's are "404 page not found"
  if (status === 404) return { message: "the server could not find the requested resource" };
  const shown = body
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ")
    .trim();
  const excerpt = shown.length > MAX_FOREIGN_TEXT ? `${shown.slice(0, MAX_FOREIGN_TEXT)}…` : shown;
  return { message: excerpt === "" ? `the server answered ${status}` : `the server answered ${status}: ${excerpt}` };
}

function tryParse(body: string): JsonValue | undefined {
  try {
    return parseJson(body);
  } catch {
    return undefined;
  }
}

function causesOf(causes: JsonValue | undefined): readonly KubeCause[] {
  if (!Array.isArray(causes)) return [];
  return causes.filter(isObject).map((cause) => ({ reason: text(cause["reason"]), message: text(cause["message"]), field: text(cause["field"]) }));
}

/** The server writes `conflict with "NAME" …`, the name quoted as Go quotes. */
function managersOf(causes: readonly KubeCause[]): readonly string[] {
  const quoted = causes.filter(({ reason }) => reason === "FieldManagerConflict").map(({ message }) => /^conflict with ("(?:[^"\\]|\\.)*")/.exec(message)?.[1]);
  const names = quoted.filter((name) => name !== undefined).map((name) => text(tryParse(name)) || name);
  return [...new Set(names)].sort();
}

function text(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}
