import http from "node:http";
import https from "node:https";
import { createSecureContext } from "node:tls";
import { TunnelAgent } from "@plumb/http";
import { ToolkitError } from "@plumb/std";
import type { ClientCertificate, KubeAccess } from "./kube-access.ts";
import { splitLines } from "./split-lines.ts";
import { connectionError, TransportError, type TransportPhase } from "./transport-error.ts";

/** One request to the API server. */
export interface Exchange {
  readonly method: string;
  /** With its query, encoded; the path of the server's URL is put before it. */
  readonly path: string;
  readonly headers: http.OutgoingHttpHeaders;
  readonly body?: string | undefined;
  /** Milliseconds for the whole answer, or for its headers when it is streamed. */
  readonly timeoutMs: number;
  /** Bytes of the body, or of one line of it when it is streamed. */
  readonly maxBytes: number;
  /** Asked when the connection is there, right before the first byte is sent; false ends it as `cancelled`. */
  readonly mayBegin?: (() => boolean) | undefined;
  readonly signal: AbortSignal;
}

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

export interface StreamedAnswer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  /** Whole lines, as many as arrived together. To be read to its end or left, which closes the connection. */
  readonly lines: AsyncGenerator<readonly string[], void, undefined>;
}

/** Below the 90 s after which a kube-apiserver closes an idle connection. */
const IDLE_CONNECTION_MS = 60_000;
/** A peer that is gone without a word is noticed by the kernel about ten seconds after this. */
const KEEP_ALIVE_PROBE_MS = 15_000;

/**
 * Connections to one API server: HTTP/1.1, kept alive; one pool for requests and one for watches, so that neither takes the
 * other's. A status is an answer and never an error; no answer is a TransportError, an abort `cancelled`.
 */
export class Transport {
  readonly #module: typeof http | typeof https;
  readonly #host: string;
  readonly #port: string;
  readonly #pathPrefix: string;
  readonly #access: KubeAccess;
  #requests: http.Agent;
  #watches: http.Agent;
  /** Agents of earlier client certificates, on whose connections something is still under way. */
  #retired: readonly http.Agent[] = [];
  #isClosed = false;

  /** @throws {ToolkitError} `invalid` when the address, a certificate or a key cannot be read */
  constructor(access: KubeAccess) {
    const { server } = access;
    if (server.protocol !== "https:" && server.protocol !== "http:")
      throw new ToolkitError("invalid", `server ${server.protocol}//${server.host}: neither http nor https`);
    const isTls = server.protocol === "https:";
    this.#module = isTls ? https : http;
    this.#host = server.hostname.replace(/^\[(.*)\]$/, "$1");
    this.#port = server.port === "" ? (isTls ? "443" : "80") : server.port;
    this.#pathPrefix = server.pathname.replace(/\/+$/, "");
    this.#access = access;
    this.#requests = newAgent(access);
    this.#watches = newAgent(access);
  }

  /**
   * Makes every further connection with this certificate. What is under way ends as it began.
   *
   * @throws {ToolkitError} `invalid` when the certificate or the key cannot be read; then nothing has changed
   */
  identifyWith(clientCertificate: ClientCertificate): void {
    const access = { ...this.#access, clientCertificate };
    const [requests, watches] = [newAgent(access), newAgent(access)];
    this.#retired = [...this.#retired, this.#requests, this.#watches].filter(retire);
    this.#requests = requests;
    this.#watches = watches;
  }

  /** Sends and reads the whole answer. */
  send(exchange: Exchange): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const flight = this.#start(this.#requests, exchange, reject);
      flight?.request.on("response", (response: http.IncomingMessage) => {
        const chunks: Buffer[] = [];
        let size = 0;
        response.on("data", (chunk: Buffer) => {
          size += chunk.length;
          if (size > exchange.maxBytes)
            flight.end(new ToolkitError("invalid", `${this.#subject(exchange)}: the answer is larger than ${exchange.maxBytes} bytes`));
          else chunks.push(chunk);
        });
        response.on("error", (thrown) => flight.end(connectionError(this.#subject(exchange), "body", thrown)));
        response.on("end", () => {
          if (!flight.end(undefined)) return;
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks, size).toString("utf8") });
        });
      });
    });
  }

  /** Sends and hands out the answer line by line; when no byte comes for `idleMs`, it is given up. */
  stream(exchange: Exchange, idleMs: number): Promise<StreamedAnswer> {
    return new Promise((resolve, reject) => {
      let failure: ToolkitError | undefined;
      let hasAnswered = false;
      const flight = this.#start(this.#watches, exchange, (error) => {
        failure = error;
        if (!hasAnswered) reject(error);
      });
      flight?.request.on("response", (response: http.IncomingMessage) => {
        hasAnswered = true;
        flight.stopDeadline();
        response.on("error", (thrown) => flight.end(connectionError(this.#subject(exchange), "body", thrown)));
        const giveUp = (): boolean => flight.end(new TransportError("unavailable", `${this.#subject(exchange)}: no byte for ${idleMs} ms`, "body"));
        const lines = splitLines(response, { idleMs, giveUp, maxBytes: exchange.maxBytes, subject: this.#subject(exchange) });
        const guarded = guard(
          lines,
          (thrown) => failure ?? connectionError(this.#subject(exchange), "body", thrown),
          () => flight.end(undefined),
        );
        resolve({ status: response.statusCode ?? 0, headers: response.headers, lines: guarded });
      });
    });
  }

  /** Closes every connection; what is under way ends as if stopped. */
  close(): void {
    this.#isClosed = true;
    for (const agent of [this.#requests, this.#watches, ...this.#retired]) agent.destroy();
  }

  /** Sends; deadline, abort and lost connections end the flight, whose failure goes to `onFailure`. */
  #start(agent: http.Agent, exchange: Exchange, onFailure: (error: ToolkitError) => void): Flight | undefined {
    const { method, path, headers, body, signal } = exchange;
    const stopped = (): ToolkitError => new ToolkitError("cancelled", `${this.#subject(exchange)}: stopped`);
    if (signal.aborted || this.#isClosed) {
      onFailure(stopped());
      return undefined;
    }
    const request = this.#module.request({ agent, host: this.#host, port: this.#port, method, path: this.#pathPrefix + path, headers });
    const flight = new Flight(
      request,
      exchange,
      onFailure,
      stopped,
      () => new TransportError("unavailable", `${this.#subject(exchange)}: no answer within ${exchange.timeoutMs} ms`, "answer"),
    );
    let phase: TransportPhase = "answer";
    request.on("response", () => {
      phase = "body";
    });
    request.on("error", (thrown) => {
      const reached = phase === "answer" && request.reusedSocket ? "stale" : phase;
      flight.end(this.#isClosed ? stopped() : connectionError(this.#subject(exchange), reached, thrown));
    });
    if (exchange.mayBegin === undefined) request.end(body);
    else
      onConnected(request, this.#module === https, () => {
        if (exchange.mayBegin?.() === false) flight.end(new ToolkitError("cancelled", `${this.#subject(exchange)}: not sent, another instance may be leading`));
        else request.end(body);
      });
    return flight;
  }

  #subject({ method, path }: Exchange): string {
    return `${method} ${this.#host}:${this.#port}${path.split("?", 1)[0] ?? ""}`;
  }
}

/** One request under way. It ends once; what comes later is ignored. */
class Flight {
  readonly request: http.ClientRequest;
  readonly #signal: AbortSignal;
  readonly #onFailure: (error: ToolkitError) => void;
  readonly #timer: NodeJS.Timeout;
  readonly #stop: () => void;
  #hasEnded = false;

  constructor(
    request: http.ClientRequest,
    { signal, timeoutMs }: Exchange,
    onFailure: (error: ToolkitError) => void,
    stopped: () => ToolkitError,
    late: () => ToolkitError,
  ) {
    this.request = request;
    this.#signal = signal;
    this.#onFailure = onFailure;
    this.#timer = setTimeout(() => this.end(late()), timeoutMs);
    this.#stop = () => this.end(stopped());
    signal.addEventListener("abort", this.#stop);
  }

  stopDeadline(): void {
    clearTimeout(this.#timer);
  }

  /** Ends it, with `error` by closing the connection. @returns false when it had ended before */
  end(error: ToolkitError | undefined): boolean {
    if (this.#hasEnded) return false;
    this.#hasEnded = true;
    clearTimeout(this.#timer);
    this.#signal.removeEventListener("abort", this.#stop);
    if (error !== undefined) {
      this.#onFailure(error);
      this.request.destroy();
    }
    return true;
  }
}

/** Connecting can take as long as the process was stopped meanwhile; nothing of a request is sent before its end is called. */
function onConnected(request: http.ClientRequest, isTls: boolean, run: () => void): void {
  request.once("socket", (socket) => {
    if (socket.connecting) socket.once(isTls ? "secureConnect" : "connect", run);
    else run();
  });
}

async function* guard<T>(source: AsyncIterable<T>, explain: (thrown: unknown) => ToolkitError, onEnd: () => void): AsyncGenerator<T, void, undefined> {
  try {
    yield* source;
  } catch (thrown) {
    throw explain(thrown);
  } finally {
    onEnd();
  }
}

function newAgent(access: KubeAccess): http.Agent {
  const options = { keepAlive: true, keepAliveMsecs: KEEP_ALIVE_PROBE_MS, timeout: IDLE_CONNECTION_MS };
  if (access.server.protocol === "http:") return new http.Agent(options);
  const secure = { ...options, ...tlsOptions(access) };
  return access.proxy === undefined ? new https.Agent(secure) : new TunnelAgent(secure, access.proxy);
}

/** Lets go of the connections that nobody uses, the others when they come back. @returns whether there are such */
function retire(agent: http.Agent): boolean {
  agent.maxFreeSockets = 0;
  for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
  return Object.keys(agent.sockets).length > 0;
}

/** A context made once: with the texts themselves, the agent would compare kilobytes for every request. */
function tlsOptions({ server, ca, clientCertificate, serverName, isTlsUnverified }: KubeAccess): https.AgentOptions {
  try {
    const secureContext = createSecureContext({ ca, cert: clientCertificate?.certificate, key: clientCertificate?.key });
    return { secureContext, rejectUnauthorized: isTlsUnverified !== true, ...(serverName === undefined ? {} : { servername: serverName }) };
  } catch (cause) {
    throw new ToolkitError("invalid", `server ${server.host}: certificate authority, client certificate or client key cannot be read`, { cause });
  }
}
