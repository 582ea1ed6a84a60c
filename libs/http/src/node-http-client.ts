import { request as httpRequest, type ClientRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { request as httpsRequest } from "node:https";
import { ToolkitError } from "@plumb/std";
import { OPEN_ADDRESS_RULES, refusalOfHost, type AddressRules } from "./address-rules.ts";
import { Connections } from "./connections.ts";
import type { HttpClient, HttpRequest, HttpResponse } from "./http-client.ts";
import { authorityOf, hostAndPort } from "./host-and-port.ts";
import { abortError, requestError, requestName } from "./http-error.ts";
import { incomingBody } from "./incoming-body.ts";
import type { Proxy, ProxyRule } from "./proxy.ts";
import { MAX_REDIRECTS, redirected, type RedirectRule } from "./redirect.ts";
import { secureContext, type TlsOptions } from "./tls-options.ts";
import { basicAuthorization, userOf } from "./user-of.ts";

export interface HttpClientOptions {
  readonly tls?: TlsOptions;
  /** None unless set; `proxyFromEnvironment` gives Go's rule. */
  readonly proxy?: ProxyRule;
  /** `OPEN_ADDRESS_RULES` unless set. What a proxy resolves is out of reach of them. */
  readonly addresses?: AddressRules;
  /** `same-host` unless set. */
  readonly redirects?: RedirectRule;
  /** Connections to one host at once; without a limit unless set. */
  readonly maxConnectionsPerHost?: number;
}

const DEFAULT_TIMEOUT_MS = 30_000;
/** Sent again when a kept connection turns out to be closed: asking twice does no harm. */
const REPEATABLE: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);
const MAX_STALE_CONNECTIONS = 3;
/** A redirect's body up to this size is read, so that its connection can be used again. */
const MAX_SKIPPED_BYTES = 64 * 1024;
const MAX_SKIP_WAIT_MS = 1000;

/**
 * A client on kept connections of its own, HTTP/1.1. Names are resolved, checked against the address rules and connected to in
 * one step, so that a name cannot change in between.
 *
 * @throws {ToolkitError} `invalid` for a CA, certificate or key that cannot be used
 */
export function createHttpClient(options: HttpClientOptions = {}): HttpClient {
  return new NodeHttpClient(options);
}

class NodeHttpClient implements HttpClient {
  readonly #connections: Connections;
  readonly #proxy: ProxyRule;
  readonly #addresses: AddressRules;
  readonly #redirects: RedirectRule;
  #isClosed = false;

  constructor({ tls = {}, proxy, addresses = OPEN_ADDRESS_RULES, redirects = "same-host", maxConnectionsPerHost }: HttpClientOptions) {
    this.#connections = new Connections({ tls, context: secureContext(tls), addresses, maxConnectionsPerHost: maxConnectionsPerHost ?? Infinity });
    this.#proxy = proxy ?? (() => undefined);
    this.#addresses = addresses;
    this.#redirects = redirects;
  }

  async send(request: HttpRequest): Promise<HttpResponse> {
    let current = withCredential(request);
    for (let redirects = 0; ; redirects++) {
      const incoming = await this.#answer(current);
      const next = nextRequest(current, incoming, this.#redirects);
      if (next === undefined) return responseOf(current, incoming);
      await skip(current, incoming);
      if (redirects === MAX_REDIRECTS) throw new ToolkitError("denied", `${requestName(request)}: stopped after ${MAX_REDIRECTS} redirects`);
      current = next;
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#connections.close();
  }

  async #answer(request: HttpRequest): Promise<IncomingMessage> {
    if (this.#isClosed) throw new ToolkitError("unavailable", `${requestName(request)}: the client is closed`);
    const refusal = refusalOfHost(request.url.hostname, this.#addresses);
    if (refusal !== undefined) throw new ToolkitError("denied", `${requestName(request)}: dial tcp ${request.url.host}: ${refusal}`);
    const proxy = this.#proxy(request.url);
    for (let tries = 1; ; tries++) {
      const outcome = await sendOnce(request, this.#connections.optionsFor(request.url, proxy), proxy);
      if (outcome.kind === "answered") return outcome.incoming;
      if (!outcome.isStale || tries === MAX_STALE_CONNECTIONS || !isRepeatable(request)) throw outcome.error;
    }
  }
}

function isRepeatable({ method, isRepeatable: isDeclared }: HttpRequest): boolean {
  return isDeclared ?? REPEATABLE.has(method);
}

type Sent =
  | { readonly kind: "answered"; readonly incoming: IncomingMessage }
  | { readonly kind: "failed"; readonly error: ToolkitError; readonly isStale: boolean };

function sendOnce(request: HttpRequest, connection: RequestOptions, proxy: Proxy | undefined): Promise<Sent> {
  const { method, url, body, signal, headersTimeoutMs = DEFAULT_TIMEOUT_MS } = request;
  if (signal.aborted) return Promise.resolve({ kind: "failed", error: abortError(request, signal), isStale: false });
  return new Promise((resolve) => {
    const isForwarded = proxy !== undefined && url.protocol === "http:";
    const send = (isForwarded ? proxy.url : url).protocol === "https:" ? httpsRequest : httpRequest;
    const outgoing = prepared(request, () =>
      send({ ...connection, method, headers: headersOf(request, isForwarded ? proxy : undefined), path: pathOf(url, isForwarded) }),
    );
    const settle = (sent: Sent): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
      resolve(sent);
    };
    const onAbort = (): void => void outgoing.destroy(abortError(request, signal));
    const timer = setTimeout(() => outgoing.destroy(timeoutError(url, outgoing.socket?.connecting !== false)), headersTimeoutMs);
    signal.addEventListener("abort", onAbort);
    outgoing.on("response", (incoming) => settle({ kind: "answered", incoming }));
    outgoing.on("error", (thrown) => settle({ kind: "failed", error: requestError(request, thrown), isStale: outgoing.reusedSocket && isClosed(thrown) }));
    outgoing.end(body);
  });
}

/** Node refuses a header or method that HTTP cannot hold; it names the header and not what is in it. */
function prepared(request: HttpRequest, send: () => ClientRequest): ClientRequest {
  try {
    return send();
  } catch (thrown) {
    throw new ToolkitError("invalid", `${requestName(request)}: ${thrown instanceof Error ? thrown.message : "it cannot be sent"}`, { cause: thrown });
  }
}

function timeoutError(url: URL, isConnecting: boolean): ToolkitError {
  const { host, port } = hostAndPort(url);
  return new ToolkitError("unavailable", isConnecting ? `dial tcp ${authorityOf(host, port)}: i/o timeout` : "net/http: timeout awaiting response headers");
}

function isClosed(thrown: Error): boolean {
  return "code" in thrown && (thrown.code === "ECONNRESET" || thrown.code === "EPIPE");
}

function headersOf({ url, headers = {} }: HttpRequest, proxy: Proxy | undefined): Record<string, string> {
  return {
    host: url.host,
    ...headers,
    ...(proxy?.authorization === undefined ? {} : { "proxy-authorization": proxy.authorization }),
  };
}

function pathOf(url: URL, isForwarded: boolean): string {
  return `${isForwarded ? url.origin : ""}${url.pathname}${url.search}`;
}

/** A user and password in the URL become a header, where the caller has set none, and leave the URL. */
function withCredential(request: HttpRequest): HttpRequest {
  const user = userOf(request.url);
  if (user.username === "" && user.password === "") return request;
  const url = new URL(request.url);
  url.username = "";
  url.password = "";
  return { ...request, url, headers: { authorization: basicAuthorization(user), ...request.headers } };
}

function responseOf(request: HttpRequest, incoming: IncomingMessage): HttpResponse {
  const headers = Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : (value ?? "")]));
  return { status: incoming.statusCode ?? 0, headers, url: request.url, body: incomingBody(incoming, request, DEFAULT_TIMEOUT_MS) };
}

function nextRequest(request: HttpRequest, incoming: IncomingMessage, rule: RedirectRule): HttpRequest | undefined {
  try {
    return redirected(request, incoming.statusCode ?? 0, incoming.headers.location, rule);
  } catch (thrown) {
    incoming.destroy();
    throw requestError(request, thrown);
  }
}

/** Reads a short body to its end. One that is long, slow or broken is given up, which costs no more than its connection. */
async function skip(request: HttpRequest, incoming: IncomingMessage): Promise<void> {
  let length = 0;
  try {
    for await (const chunk of incomingBody(incoming, { ...request, idleTimeoutMs: MAX_SKIP_WAIT_MS }, MAX_SKIP_WAIT_MS)) {
      length += chunk.length;
      if (length > MAX_SKIPPED_BYTES) break;
    }
  } catch {
    incoming.destroy();
  }
}
