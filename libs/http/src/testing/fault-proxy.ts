import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** What a fault proxy does to a connection. Byte counts are those of the answer. */
export type Fault =
  | { readonly kind: "none" }
  /** Nobody listens, and what was open is reset. */
  | { readonly kind: "refuse" }
  /** Somebody else listens here, who speaks another protocol. */
  | { readonly kind: "stranger" }
  /** Every piece of the answer is held back. */
  | { readonly kind: "latency"; readonly ms: number }
  /** The connection is reset once this many bytes have passed; 0 resets as soon as it is asked. */
  | { readonly kind: "reset"; readonly afterBytes: number }
  /** The connection is ended in good order, too early. */
  | { readonly kind: "truncate"; readonly afterBytes: number }
  /** Nothing passes any more in either direction, and nobody is told; what is open stays open. */
  | { readonly kind: "black-hole" }
  /** Plain HTTP only: the proxy answers itself. */
  | { readonly kind: "status"; readonly status: number; readonly headers?: Readonly<Record<string, string>> }
  /** The answer trickles. */
  | { readonly kind: "slow-drip"; readonly bytes: number; readonly everyMs: number };

export interface FaultProxy extends AsyncDisposable {
  readonly port: number;
  /** The address as a URL of plain http. */
  readonly url: URL;
  /** Sets what happens from here on; a black hole also swallows what is open. */
  set(fault: Fault): void;
  connectionCount(): number;
  /** Pieces of data that came from clients; with HTTP/1.1 and short requests, the number of requests. */
  requestCount(): number;
  /** Resets every connection and stops listening. */
  close(): Promise<void>;
}

export interface FaultProxyOptions {
  readonly host?: string;
  /** Asked for each connection where it is a function, as for a server that is started after the proxy. */
  readonly port: number | (() => number);
  /** Called with the number of the request, from 1, before it is passed on; a place from which to kill somebody. */
  readonly onRequest?: (count: number) => void;
}

/** Starts a TCP proxy in front of `port`, which passes everything on until it is told otherwise. */
export async function startFaultProxy(target: FaultProxyOptions): Promise<FaultProxy> {
  const proxy = new FaultyPipe(target);
  const server = createServer((client) => proxy.accept(client));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port: ownPort } = server.address() as AddressInfo; // why: a server that listens on TCP has this form of address
  const set = (fault: Fault): void => {
    proxy.set(fault);
    if (fault.kind === "refuse") {
      server.close();
      proxy.resetAll();
    } else if (!server.listening) server.listen(ownPort, "127.0.0.1");
  };
  const close = async (): Promise<void> => {
    proxy.resetAll();
    if (!server.listening) return;
    server.close();
    await once(server, "close");
  };
  return {
    port: ownPort,
    url: new URL(`http://127.0.0.1:${ownPort}`),
    set,
    connectionCount: () => proxy.connections,
    requestCount: () => proxy.requests,
    close,
    [Symbol.asyncDispose]: close,
  };
}

class FaultyPipe {
  readonly #target: FaultProxyOptions;
  readonly #sockets = new Set<Socket>();
  #fault: Fault = { kind: "none" };
  connections = 0;
  requests = 0;

  constructor(target: FaultProxyOptions) {
    this.#target = target;
  }

  set(fault: Fault): void {
    this.#fault = fault;
  }

  resetAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  accept(client: Socket): void {
    this.connections += 1;
    const { host = "127.0.0.1", port } = this.#target;
    const server = connect({ host, port: typeof port === "number" ? port : port() });
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on("close", () => this.#sockets.delete(socket));
    }
    server.on("error", () => client.resetAndDestroy());
    client.on("error", () => server.destroy());
    client.on("data", (chunk) => this.#fromClient(chunk, client, server));
    this.#toClient(server, client);
    client.on("end", () => this.#fault.kind !== "black-hole" && server.end());
  }

  #fromClient(chunk: Buffer, client: Socket, server: Socket): void {
    this.requests += 1;
    this.#target.onRequest?.(this.requests);
    const fault = this.#fault;
    if (fault.kind === "black-hole") return;
    if (fault.kind === "reset" && fault.afterBytes === 0) {
      client.resetAndDestroy();
      server.destroy();
    } else if (fault.kind === "stranger") {
      client.end("220 mail.example.com ESMTP\r\n");
      server.destroy();
    } else if (fault.kind === "status") {
      const headers = Object.entries({ "content-length": "0", connection: "close", ...fault.headers }).map(([name, value]) => `${name}: ${value}\r\n`);
      client.end(`HTTP/1.1 ${fault.status} Fault\r\n${headers.join("")}\r\n`);
      server.destroy();
    } else server.write(chunk);
  }

  #toClient(server: Socket, client: Socket): void {
    let passed = 0;
    let queue = Promise.resolve();
    const later = (step: () => Promise<void> | void): void => {
      queue = queue.then(step);
    };
    server.on("data", (chunk) => {
      const fault = this.#fault;
      later(async () => {
        if (this.#fault.kind === "black-hole" || client.destroyed) return;
        if (fault.kind === "latency") await wait(fault.ms);
        if (fault.kind === "slow-drip") return drip(client, chunk, fault, () => this.#fault === fault);
        if ((fault.kind === "truncate" || fault.kind === "reset") && passed + chunk.length >= fault.afterBytes) {
          client.write(chunk.subarray(0, fault.afterBytes - passed), () => (fault.kind === "reset" ? client.resetAndDestroy() : client.end()));
          server.destroy();
          return;
        }
        passed += chunk.length;
        client.write(chunk);
      });
    });
    server.on("end", () => later(() => void (this.#fault.kind === "black-hole" || client.end())));
  }
}

async function drip(client: Socket, chunk: Buffer, { bytes, everyMs }: Extract<Fault, { kind: "slow-drip" }>, isSlow: () => boolean): Promise<void> {
  let offset = 0;
  for (; offset < chunk.length && !client.destroyed && isSlow(); offset += bytes) {
    client.write(chunk.subarray(offset, offset + bytes));
    await wait(everyMs);
  }
  client.write(chunk.subarray(offset));
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
