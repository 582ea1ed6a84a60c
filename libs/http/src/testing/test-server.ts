import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import type { AddressInfo, Socket } from "node:net";

/** An HTTP server on a port of its own at 127.0.0.1. */
export interface TestServer extends AsyncDisposable {
  readonly url: URL;
  readonly port: number;
  /** `METHOD /path` of every request, in order of arrival. */
  readonly requests: readonly string[];
  /** Connections that were ever made. */
  connectionCount(): number;
  /** Ends every connection at once and stops listening. */
  close(): Promise<void>;
}

/** @param tls certificate and key for https; plain http without */
export async function startTestServer(answer: (request: IncomingMessage, response: ServerResponse) => unknown, tls?: ServerOptions): Promise<TestServer> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const listener: RequestListener = (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    answer(request, response);
  };
  const server: Server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.on("connection", (socket: Socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo; // why: a server that listens on TCP has this form of address
  const close = async (): Promise<void> => {
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, "close");
  };
  const url = new URL(`${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`);
  return { url, port, requests, connectionCount: () => connections, close, [Symbol.asyncDispose]: close };
}
