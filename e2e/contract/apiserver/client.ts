import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";

import { parseExactly, type Json } from "./json.ts";

/** The server that is asked. */
export interface Target {
  /** Scheme, host and port, `https://127.0.0.1:6443`. */
  readonly baseUrl: string;
  /** A bearer token that may do everything. */
  readonly token?: string;
  /** Certificates that are trusted, PEM; the system's without it. */
  readonly ca?: string;
  /** The server's clock, milliseconds since 1970; the system's without it. */
  readonly now?: () => number;
}

export interface Sent {
  readonly method: string;
  /** Path and query, sent as they are. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
}

/** A whole answer. */
export interface Answer {
  readonly status: number;
  /** Empty where the header is missing. */
  readonly contentType: string;
  readonly warnings: readonly string[];
  readonly text: string;
}

/** How long a server may take to answer one request, milliseconds. */
const ANSWER_MS = 60_000;

/** Speaks HTTP/1.1 on kept-alive connections; nothing is retried, redirected or decoded. */
export class Client {
  readonly #target: Target;
  readonly #agent: HttpAgent;

  constructor(target: Target) {
    this.#target = target;
    this.#agent = target.baseUrl.startsWith("https:") ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
  }

  /** @throws when no answer comes */
  async request(sent: Sent, signal: AbortSignal): Promise<Answer> {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
    return whole(await this.#send(sent, limited));
  }

  /** Opens a stream. An answer other than 200 is returned whole. */
  async watch(sent: Sent, signal: AbortSignal): Promise<{ readonly answer: Answer; readonly stream?: EventStream }> {
    const message = await this.#send(sent, signal);
    if (message.statusCode !== 200) return { answer: await whole(message) };
    return { answer: answerOf(message, ""), stream: new EventStream(message) };
  }

  close(): void {
    this.#agent.destroy();
  }

  #send({ method, path, headers, body }: Sent, signal: AbortSignal): Promise<IncomingMessage> {
    const { baseUrl, ca, token } = this.#target;
    const url = new URL(baseUrl);
    const options: RequestOptions & { ca?: string } = {
      agent: this.#agent,
      method,
      hostname: url.hostname,
      port: url.port,
      path,
      headers: {
        accept: "application/json",
        "user-agent": "conformance/1.0",
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(body === undefined ? {} : { "content-length": String(body.length) }),
        ...headers,
      },
      signal,
      ...(ca === undefined ? {} : { ca }),
    };
    return new Promise((resolve, reject) => {
      const request = url.protocol === "https:" ? httpsRequest(options, resolve) : httpRequest(options, resolve);
      request.on("error", reject);
      request.end(body);
    });
  }
}

/** The events of a watch, as they come. */
export class EventStream {
  readonly #message: IncomingMessage;
  /** Whole events that `read` has not taken yet. */
  readonly #events: Json[] = [];
  #rest = "";
  #ended = false;
  #changed: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(message: IncomingMessage) {
    this.#message = message;
    message.setEncoding("utf8");
    message.on("data", (text: string) => this.#take(text));
    message.on("error", () => this.#end());
    message.on("close", () => this.#end());
    message.on("end", () => this.#end());
  }

  /** True when the server has closed the stream. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Waits until `count` events are there, or `end` and the stream has ended; `limitMs` at most. Takes all that is there. */
  async read(count: number, end: boolean, limitMs: number): Promise<readonly Json[]> {
    const deadline = Date.now() + limitMs;
    while (this.#events.length < count || (end && !this.#ended)) {
      const leftMs = deadline - Date.now();
      if (leftMs <= 0 || (this.#ended && this.#events.length < count)) break;
      await this.#change(leftMs);
    }
    return this.#events.splice(0);
  }

  close(): void {
    this.#message.destroy();
  }

  async #change(limitMs: number): Promise<void> {
    const { promise, resolve } = this.#changed;
    const timer = setTimeout(resolve, limitMs);
    await promise;
    clearTimeout(timer);
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    this.#events.push(
      ...lines
        .filter((line) => line !== "")
        .map(eventOf)
        .filter((event) => event !== undefined),
    );
    this.#tell();
  }

  #end(): void {
    this.#ended = true;
    this.#tell();
  }

  #tell(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

/** Undefined for a bookmark that may come at any time. */
function eventOf(line: string): Json | undefined {
  const isRoutine = /"type":\s*"BOOKMARK"/.test(line) && !line.includes("k8s.io/initial-events-end");
  return isRoutine ? undefined : parsed(line);
}

function parsed(line: string): Json {
  try {
    return parseExactly(line);
  } catch {
    return line;
  }
}

async function whole(message: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk);
  return answerOf(message, Buffer.concat(chunks).toString("utf8"));
}

function answerOf(message: IncomingMessage, text: string): Answer {
  const warnings = message.rawHeaders.filter((_, index, all) => index % 2 === 1 && all[index - 1]?.toLowerCase() === "warning");
  return { status: message.statusCode ?? 0, contentType: message.headers["content-type"] ?? "", warnings, text };
}
