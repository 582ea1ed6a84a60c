import { createServer as createHttpServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { tooLargeBody } from "./refusal.ts";
import type { ApiRequest, ApiResponse, StreamSink } from "./http/message.ts";

export interface ListenOptions {
  /** 0 for any free one. */
  readonly port: number;
  readonly host: string;
  /** PEM; without it the server speaks plain HTTP. */
  readonly tls: { readonly key: string; readonly cert: string } | undefined;
}

export interface Listening {
  /** Such as `http://127.0.0.1:41234`. */
  readonly url: string;
  /** Ends every connection; resolves when the port is free. */
  close(): Promise<void>;
}

/** Serves `handle` on a port. Rejects when the port cannot be had. */
export async function listen(handle: (request: ApiRequest) => Promise<ApiResponse>, { port, host, tls }: ListenOptions): Promise<Listening> {
  const listener: RequestListener = (incoming, outgoing) => {
    void serve(handle, incoming, outgoing);
  };
  const server = tls === undefined ? createHttpServer(listener) : createHttpsServer({ key: tls.key, cert: tls.cert }, listener);
  server.keepAliveTimeout = 90_000;
  server.requestTimeout = 0;
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    socket.setNoDelay(true);
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve());
  });
  // why: a server that listens on TCP has an address of this shape
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? "http" : "https"}://${host.includes(":") ? `[${host}]` : host}:${bound}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

async function serve(handle: (request: ApiRequest) => Promise<ApiResponse>, incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const gone = new AbortController();
  outgoing.on("close", () => gone.abort());
  outgoing.on("error", () => gone.abort());
  const response = await handle(requestOf(incoming, gone.signal));
  if (gone.signal.aborted) return;
  for (const [name, value] of Object.entries(response.headers)) outgoing.setHeader(name, typeof value === "string" ? value : [...value]);
  if (response.kind === "whole") {
    const body = Buffer.from(response.body);
    outgoing.writeHead(response.status, { "content-length": body.byteLength });
    outgoing.end(incoming.method === "HEAD" ? undefined : body);
    return;
  }
  outgoing.writeHead(response.status);
  outgoing.flushHeaders();
  response.run(sinkOf(outgoing));
}

function requestOf(incoming: IncomingMessage, signal: AbortSignal): ApiRequest {
  const url = incoming.url ?? "/";
  const mark = url.indexOf("?");
  const headers = new Map<string, string>();
  for (const [name, value] of Object.entries(incoming.headers))
    if (value !== undefined) headers.set(name, typeof value === "string" ? value : value.join(", "));
  return {
    method: incoming.method ?? "GET",
    path: mark === -1 ? url : url.slice(0, mark),
    query: new URLSearchParams(mark === -1 ? "" : url.slice(mark + 1)),
    headers,
    body: (limitBytes) => readAll(incoming, limitBytes),
    signal,
  };
}

async function readAll(incoming: IncomingMessage, limitBytes: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of incoming) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    sizeBytes += bytes.byteLength;
    // The rest is read and dropped, so that a client that is still sending can read its refusal.
    if (sizeBytes <= limitBytes) chunks.push(bytes);
  }
  if (sizeBytes > limitBytes) throw tooLargeBody(`limit is ${limitBytes}`);
  return Buffer.concat(chunks);
}

function sinkOf(outgoing: ServerResponse): StreamSink {
  return {
    write: (text) => {
      if (!outgoing.writableEnded) outgoing.write(text);
    },
    end: () => {
      outgoing.end();
    },
    pendingBytes: () => outgoing.writableLength,
    onClose: (run) => {
      if (outgoing.destroyed) run();
      else outgoing.once("close", run);
    },
  };
}
