import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface SinkRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What the server does with a request: answers, or hangs. */
export type SinkAnswer = { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: string } | "hang";

/** A web server on 127.0.0.1 that writes down what it is sent. */
export class SinkServer {
  readonly requests: SinkRequest[] = [];
  /** Decides on each request; takes everything unless set. */
  answer: (request: SinkRequest) => SinkAnswer = () => ({ status: 202 });
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const { method = "", url = "", headers } = request;
        const seen = { method, url, headers, body: Buffer.concat(chunks).toString() };
        this.requests.push(seen);
        const answer = this.answer(seen);
        if (answer === "hang") return;
        response.writeHead(answer.status, answer.headers);
        response.end(answer.body);
      });
    });
  }

  static async start(): Promise<SinkServer> {
    const sink = new SinkServer();
    await new Promise<void>((resolve) => sink.#server.listen(0, "127.0.0.1", resolve));
    return sink;
  }

  get url(): URL {
    const { port } = this.#server.address() as AddressInfo; // why: a server that listens on TCP has one
    return new URL(`http://127.0.0.1:${port}/`);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
