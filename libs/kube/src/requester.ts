import { sleep, ToolkitError, type Clock } from "@plumb/std";
import { Authorization } from "./authorization.ts";
import { CertificateFiles } from "./certificate-files.ts";
import type { ClientCertificate, KubeAccess } from "./kube-access.ts";
import { isUnauthorized, kubeError, loadOf, type KubeError } from "./kube-error.ts";
import { RequestGate, type Priority } from "./request-gate.ts";
import { TransportError } from "./transport-error.ts";
import { Transport, type Answer, type StreamedAnswer } from "./transport.ts";

/** What one request was, for metrics such as `rest_client_requests_total`. */
export interface RequestReport {
  readonly method: string;
  readonly host: string;
  /** The status as a text; `<error>` where there was no answer. */
  readonly code: string;
}

export interface RequesterOptions {
  readonly access: KubeAccess;
  readonly userAgent: string;
  readonly maxInFlight: number;
  /** Milliseconds for one whole answer. */
  readonly timeoutMs: number;
  readonly maxAnswerBytes: number;
  readonly clock: Clock;
  readonly random: () => number;
  readonly mayWrite: () => boolean;
  readonly onWarning: (warning: string) => void;
  readonly onRequest: (report: RequestReport) => void;
}

export interface Call {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  readonly path: string;
  readonly accept?: string;
  readonly contentType?: string;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly priority?: Priority;
  /** True when sending it twice does what sending it once does. */
  readonly isRepeatable: boolean;
  /** True for a write that no lost lease forbids: those to the lease itself. */
  readonly isUnfenced?: boolean;
  readonly signal: AbortSignal;
}

/** Tries of one request that the server keeps putting off. */
const MAX_TRIES = 10;
/** Milliseconds from the first try within which a request is tried again. */
const PATIENCE_MS = 60_000;
const DEFAULT_WAIT_MS = 1_000;
/** A refusal is a line or a small page; what goes on for longer is not read to its end. */
const MAX_REFUSAL_LINES = 100;

/** What one try identified itself with. */
interface Identity {
  readonly authorization: string | undefined;
  readonly certificate: ClientCertificate | undefined;
}

/** Sends requests under one identity: waits for a place, tries again where that is safe, turns refusals into errors. */
export class Requester {
  readonly #options: RequesterOptions;
  readonly #transport: Transport;
  readonly #gate: RequestGate;
  readonly #authorization: Authorization;
  /** Undefined where there is no certificate, or one that does not change. */
  readonly #certificates: CertificateFiles | undefined;
  readonly #headers: Readonly<Record<string, string | string[]>>;

  constructor(options: RequesterOptions) {
    this.#options = options;
    this.#transport = new Transport(options.access);
    this.#gate = new RequestGate(options.maxInFlight);
    this.#authorization = new Authorization(options.access.credential, options.clock);
    const { clientCertificate: pair } = options.access;
    this.#certificates =
      pair?.files === undefined ? undefined : new CertificateFiles(pair, pair.files, options.clock, (next) => this.#transport.identifyWith(next));
    this.#headers = { "user-agent": options.userAgent, ...impersonationHeaders(options.access) };
  }

  close(): void {
    this.#transport.close();
  }

  /** The answer, where it is no refusal. @throws {KubeError} for a refusal, {ToolkitError} for no answer */
  async send(call: Call): Promise<Answer> {
    const startedMs = this.#options.clock.monotonicMs();
    let hasRenewed = false;
    let hasRepeated = false;
    for (let tries = 1; ; tries++) {
      const identity = await this.#identity();
      const entered = this.#gate.enter(call.priority ?? "normal", call.signal);
      if (entered !== undefined) await entered;
      const result = await this.#sendOnce(call, identity.authorization);
      if (result instanceof ToolkitError) {
        if (hasRepeated || !isWorthRepeating(result, call)) throw result;
        hasRepeated = true;
        continue;
      }
      if (result.status < 300 || result.status === 304) return result;
      if (isUnauthorized(result.status) && !hasRenewed && (await this.#renew(identity))) {
        hasRenewed = true;
        continue;
      }
      const error = refusal(result);
      const waitMs = this.#waitMs(error, call, tries);
      if (waitMs === undefined || this.#options.clock.monotonicMs() - startedMs + waitMs > PATIENCE_MS) throw error;
      await sleep(waitMs, call.signal);
    }
  }

  /** An answer line by line, where it is no refusal. Takes no place; not tried again. */
  async stream(call: Call, limits: { readonly idleMs: number; readonly maxLineBytes: number }): Promise<StreamedAnswer> {
    for (let hasRenewed = false; ; hasRenewed = true) {
      const identity = await this.#identity();
      const { method, path, signal } = call;
      const exchange = {
        method,
        path,
        headers: this.#headersOf(call, identity.authorization),
        timeoutMs: this.#options.timeoutMs,
        maxBytes: limits.maxLineBytes,
        signal,
      };
      const answer = await this.#reported(call, this.#transport.stream(exchange, limits.idleMs));
      if (answer.status < 300) return answer;
      const lines: string[] = [];
      for await (const batch of answer.lines) {
        lines.push(...batch);
        if (lines.length > MAX_REFUSAL_LINES) break;
      }
      if (isUnauthorized(answer.status) && !hasRenewed && (await this.#renew(identity))) continue;
      throw refusal({ ...answer, body: lines.join("\n") });
    }
  }

  async #identity(): Promise<Identity> {
    return { authorization: await this.#authorization.header(), certificate: await this.#certificates?.current() };
  }

  /** After a refusal of `refused`: true when there is something else to identify oneself with. */
  async #renew({ authorization, certificate }: Identity): Promise<boolean> {
    const hasToken = await this.#authorization.renew(authorization);
    return (certificate !== undefined && (await this.#certificates?.renew(certificate)) === true) || hasToken;
  }

  /** Gives the place back whatever happens. */
  async #sendOnce(call: Call, authorization: string | undefined): Promise<Answer | ToolkitError> {
    let load: "good" | "slow-down" | "none" = "none";
    try {
      const { method, path, body, signal } = call;
      const { timeoutMs, maxAnswerBytes: maxBytes } = this.#options;
      const mayBegin = method === "GET" || call.isUnfenced === true ? undefined : this.#options.mayWrite;
      const headers = this.#headersOf(call, authorization);
      const answer = await this.#reported(call, this.#transport.send({ method, path, headers, body, timeoutMs, maxBytes, mayBegin, signal }));
      load = loadOf(answer.status);
      this.#collectWarnings(answer);
      return answer;
    } catch (thrown) {
      if (thrown instanceof ToolkitError) return thrown;
      throw thrown;
    } finally {
      this.#gate.leave(load);
    }
  }

  #headersOf({ accept = "application/json", contentType, body, headers }: Call, authorization: string | undefined): Record<string, string | string[] | number> {
    return {
      ...this.#headers,
      ...headers,
      accept,
      ...(authorization === undefined ? {} : { authorization }),
      ...(body === undefined ? {} : { "content-type": contentType ?? "application/json", "content-length": Buffer.byteLength(body) }),
    };
  }

  async #reported<A extends { readonly status: number }>({ method }: Call, answering: Promise<A>): Promise<A> {
    const { host } = this.#options.access.server;
    try {
      const answer = await answering;
      this.#options.onRequest({ method, host, code: String(answer.status) });
      return answer;
    } catch (thrown) {
      this.#options.onRequest({ method, host, code: "<error>" });
      throw thrown;
    }
  }

  #collectWarnings({ headers }: Answer): void {
    const warnings = headers["warning"];
    if (warnings !== undefined) for (const warning of warningTexts(warnings)) this.#options.onWarning(warning);
  }

  /** Milliseconds to wait before the next try; undefined when there is none. */
  #waitMs({ kind, retryAfterMs }: KubeError, call: Call, tries: number): number | undefined {
    if (tries >= MAX_TRIES) return undefined;
    const isPutOff = kind === "throttled" || (kind === "unavailable" && retryAfterMs !== undefined && call.isRepeatable);
    if (!isPutOff) return undefined;
    return (retryAfterMs ?? DEFAULT_WAIT_MS) + this.#options.random() * Math.min(5_000, 250 * 2 ** tries);
  }
}

/** A connection that failed before the server can have acted; else only what may be done twice. */
function isWorthRepeating(error: ToolkitError, { isRepeatable }: Call): boolean {
  return error instanceof TransportError && error.phase === "stale" && isRepeatable;
}

function refusal({ status, headers, body }: Answer): KubeError {
  const seconds = Number(headers["retry-after"]);
  return kubeError({ status, body, retryAfterMs: Number.isFinite(seconds) && seconds >= 0 ? seconds * 1000 : undefined });
}

function impersonationHeaders({ impersonate }: KubeAccess): Record<string, string | string[]> {
  if (impersonate === undefined) return {};
  return { "impersonate-user": impersonate.user, ...(impersonate.groups === undefined ? {} : { "impersonate-group": [...impersonate.groups] }) };
}

/** The texts of `Warning: 299 - "text"` headers, which arrive joined by commas (RFC 7234 section 5.5). */
function warningTexts(header: string): readonly string[] {
  return [...header.matchAll(/\b\d{3} \S+ "((?:[^"\\]|\\.)*)"/g)].map(([, quoted = ""]) => quoted.replace(/\\(.)/g, "$1"));
}
