import { Agent, createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { AddressInfo } from "node:net";
import type { KubeAccess } from "@plumb/kube";

/** A request that came through. */
export interface ProxiedRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly isWatch: boolean;
}

/** `before`: the request is never passed on. `after`: it is, and its answer never comes back. Either breaks the connection. */
export type Interruption = "before" | "after";

/** Decides on each request, in the order in which they come, watches included; undefined lets it pass, `hang` leaves it unanswered. */
export type Interrupt = (request: ProxiedRequest) => Interruption | "hang" | undefined;

/** Plain HTTP in front of an API server, which sees every request and signs it with the caller's token. */
export class ApiProxy implements AsyncDisposable {
  readonly #access: KubeAccess;
  readonly #agent: Agent;
  readonly #server = createServer((request, response) => this.#pass(request, response));
  readonly #seen: ProxiedRequest[] = [];
  #interrupt: Interrupt | undefined;
  #onInterrupted: (() => void) | undefined;

  private constructor(access: KubeAccess) {
    this.#access = access;
    const isPlain = access.server.protocol === "http:";
    this.#agent = isPlain
      ? new Agent({ keepAlive: true })
      : new HttpsAgent({ keepAlive: true, ca: access.ca, rejectUnauthorized: access.isTlsUnverified !== true });
  }

  static async start(access: KubeAccess): Promise<ApiProxy> {
    const proxy = new ApiProxy(access);
    await new Promise<void>((resolve, reject) => proxy.#server.once("error", reject).listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  /** A kubeconfig, as text, that leads here. */
  get kubeconfig(): string {
    // why: a server that listens on TCP has an address with a port
    const { port } = this.#server.address() as AddressInfo;
    return JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": "proxy",
      clusters: [{ name: "proxy", cluster: { server: `http://127.0.0.1:${port}` } }],
      users: [{ name: "proxy", user: {} }],
      contexts: [{ name: "proxy", context: { cluster: "proxy", user: "proxy" } }],
    });
  }

  /** Everything that has come through so far. */
  get seen(): readonly ProxiedRequest[] {
    return this.#seen;
  }

  /** Hands each request to `interrupt` from now on, and tells of those that it stopped, when they are. */
  interruptWith(interrupt: Interrupt | undefined, onInterrupted: () => void = () => undefined): void {
    this.#interrupt = interrupt;
    this.#onInterrupted = onInterrupted;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    this.#agent.destroy();
  }

  #pass(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? "/";
    const seen = { method: request.method ?? "", path, isWatch: new URL(path, "http://proxy").searchParams.get("watch") === "true" };
    this.#seen.push(seen);
    const interruption = this.#interrupt?.(seen);
    if (interruption === "before") {
      this.#onInterrupted?.();
      request.socket.destroy();
      return;
    }
    if (interruption === "hang") request.resume();
    else this.#forward(request, response, interruption === "after");
  }

  /** @param isLost whether the answer is kept back, and the connection broken when it is whole */
  #forward(request: IncomingMessage, response: ServerResponse, isLost: boolean): void {
    const { server, credential } = this.#access;
    const authorization = credential.kind === "token" ? { authorization: `Bearer ${credential.token}` } : {};
    const send = server.protocol === "http:" ? httpRequest : httpsRequest;
    const upstream = send(
      {
        agent: this.#agent,
        method: request.method,
        host: server.hostname,
        port: server.port,
        path: request.url,
        headers: { ...request.headers, ...authorization, host: server.host },
      },
      (answer) => {
        if (isLost) {
          answer.resume().once("end", () => {
            this.#onInterrupted?.();
            request.socket.destroy();
          });
          return;
        }
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        response.flushHeaders();
        answer.pipe(response);
        answer.once("error", () => response.destroy());
      },
    );
    upstream.once("error", () => response.destroy());
    response.once("close", () => {
      if (!response.writableFinished) upstream.destroy();
    });
    request.pipe(upstream);
  }
}
