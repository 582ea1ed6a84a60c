import type { IncomingMessage } from "node:http";
import { Agent, request as httpsRequest } from "node:https";

/** How to reach an API server as somebody who may do everything. */
export interface ServerAccess {
  /** `https://127.0.0.1:PORT` */
  readonly url: string;
  readonly token: string;
  /** PEM. */
  readonly ca: string;
}

export interface HttpsAnswer {
  readonly status: number;
  readonly text: string;
}

const ANSWER_MS = 30_000;
const MAX_SOCKETS = 16;

/**
 * A client of a page, on kept-alive connections, that shares nothing with what is under test.
 * Status codes are answers; it throws only when none comes.
 */
export class HttpsClient {
  readonly #access: ServerAccess;
  readonly #agent: Agent;

  constructor(access: ServerAccess) {
    this.#access = access;
    this.#agent = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS, ca: access.ca });
  }

  async request(method: string, path: string, signal: AbortSignal, body?: unknown, contentType = "application/json"): Promise<HttpsAnswer> {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
    const message = await this.#send(method, path, limited, body === undefined ? undefined : { text: JSON.stringify(body), contentType });
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk);
    return { status: message.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") };
  }

  /** The lines of a watch until the server ends it; none where it is refused. @throws when the connection breaks */
  async *lines(path: string, signal: AbortSignal): AsyncGenerator<string, void> {
    const message = await this.#send("GET", path, signal, undefined);
    message.setEncoding("utf8");
    let rest = "";
    for await (const text of message) {
      if (message.statusCode !== 200) continue;
      const lines = `${rest}${text}`.split("\n");
      rest = lines.pop() ?? "";
      yield* lines;
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #send(method: string, path: string, signal: AbortSignal, body: { text: string; contentType: string } | undefined): Promise<IncomingMessage> {
    const { hostname, port } = new URL(this.#access.url);
    const headers = {
      accept: "application/json",
      authorization: `Bearer ${this.#access.token}`,
      ...(body === undefined ? {} : { "content-type": body.contentType, "content-length": Buffer.byteLength(body.text) }),
    };
    return new Promise((resolve, reject) => {
      const request = httpsRequest({ agent: this.#agent, method, hostname, port, path, headers, signal }, resolve);
      request.on("error", reject);
      request.end(body?.text);
    });
  }
}
