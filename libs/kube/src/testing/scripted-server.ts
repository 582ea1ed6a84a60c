import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import type { KubeAccess } from "../kube-access.ts";

export interface SeenRequest {
  readonly method: string;
  /** With its query, as it came over the wire. */
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  readonly atMs: number;
  /** Number of its connection; the first is 1. */
  readonly connection: number;
}

/** Answers one request; gets the response for what a script alone can do to it. */
export type Script = (request: SeenRequest, response: ServerResponse) => void | Promise<void>;

/** A loopback server that answers as `script` says, for what a real API server cannot be made to do. */
export class ScriptedServer {
  readonly seen: SeenRequest[] = [];
  script: Script;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #numbers = new WeakMap<Socket, number>();
  #connections = 0;

  constructor(script: Script) {
    this.script = script;
    this.#server = createServer((request, response) => void this.#answer(request, response));
    this.#server.keepAliveTimeout = 0;
    this.#server.on("connection", (socket) => {
      this.#numbers.set(socket, ++this.#connections);
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  /** @param port 0 for any */
  listen(port = 0): Promise<void> {
    return new Promise((resolve) => this.#server.listen(port, "127.0.0.1", resolve));
  }

  get port(): number {
    // why: the server listens on TCP
    return (this.#server.address() as AddressInfo).port;
  }

  get access(): KubeAccess {
    return { server: new URL(`http://127.0.0.1:${this.port}`), credential: { kind: "none" } };
  }

  get connections(): number {
    return this.#connections;
  }

  /** Resets every open connection. */
  resetConnections(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const { method = "", url = "", headers } = request;
    const seen = {
      method,
      url,
      headers,
      body: Buffer.concat(chunks).toString("utf8"),
      atMs: performance.now(),
      connection: this.#numbers.get(request.socket) ?? 0,
    };
    this.seen.push(seen);
    await this.script(seen, response);
  }
}

export function sendJson(response: ServerResponse, status: number, body: unknown, headers: Readonly<Record<string, string | readonly string[]>> = {}): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
}

/** A `Status` as the API server writes it. */
export function statusBody(code: number, reason: string, message: string, details: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return { kind: "Status", apiVersion: "v1", metadata: {}, status: "Failure", message, reason, details, code };
}
