import type { IncomingMessage, Server } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { ToolkitError } from "@plumb/std";

/** Connections of one server at the same time. */
const MAX_CONNECTIONS = 1000;

export interface Listening {
  /** Host and port that were taken, such as `127.0.0.1:41233`. */
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Starts `server` at `host:port`, for a bounded number of connections; no host means every address, port 0 any free one.
 *
 * @throws {ToolkitError} `unavailable` when the address cannot be taken, `invalid` when it is none
 */
export async function listen(server: Server, address: string): Promise<Listening> {
  const { host, port } = splitAddress(address);
  limitConnections(server);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => reject(new ToolkitError("unavailable", `cannot listen on ${address}: ${cause.message}`, { cause })));
    server.listen({ port, ...(host === "" ? {} : { host }) }, resolve);
  });
  const bound = server.address();
  return {
    address: isAddressInfo(bound) ? `${bound.family === "IPv6" ? `[${bound.address}]` : bound.address}:${bound.port}` : address,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function splitAddress(address: string): { readonly host: string; readonly port: number } {
  const [, host = "", port = ""] = /^(.*):(\d{1,5})$/.exec(address) ?? [];
  if (port === "" || Number(port) > 65_535) throw new ToolkitError("invalid", `"${address}" is not an address such as :8080 or 127.0.0.1:8080`);
  return { host: host.replace(/^\[(.*)\]$/, "$1"), port: Number(port) };
}

function isAddressInfo(bound: AddressInfo | string | null): bound is AddressInfo {
  return typeof bound === "object" && bound !== null;
}

/**
 * Bounds the connections of a server. For one too many, the one goes that has kept the server waiting longest for a whole
 * request, so that clients who hold connections and say nothing keep nobody else out.
 */
export function limitConnections(server: Server, max: number = MAX_CONNECTIONS): void {
  /** The newest request of each, the longest connected first. */
  const open = new Map<Socket, IncomingMessage | undefined>();
  server.on("connection", (socket: Socket) => {
    open.set(socket, undefined);
    socket.once("close", () => open.delete(socket));
    if (open.size > max) firstWaiting(open)?.destroy();
  });
  server.on("request", (request: IncomingMessage) => {
    const { socket } = request;
    if (!open.delete(socket)) return;
    open.set(socket, request);
  });
}

/** A new connection waits too, and goes where all others are being answered. */
function firstWaiting(open: ReadonlyMap<Socket, IncomingMessage | undefined>): Socket | undefined {
  for (const [socket, request] of open) if (request?.complete !== true || request.destroyed) return socket;
  return undefined;
}
