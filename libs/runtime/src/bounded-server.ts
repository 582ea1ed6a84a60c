import type { IncomingMessage, Server } from "node:http";
import type { Socket } from "node:net";

/** Connections of one server at the same time. */
const MAX_CONNECTIONS = 1000;

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
