import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Interruption } from "./api-proxy.ts";

/** A message as it arrived. */
export interface SinkMessage {
  /** Such as `/generic`. */
  readonly path: string;
  readonly body: string;
  /** Milliseconds on the clock of `performance.now()`. */
  readonly atMs: number;
}

/** Receives what Providers send, and can be told to refuse it. */
export class Sink implements AsyncDisposable {
  readonly #server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const status = this.#status;
      const interruption = this.#interrupt?.();
      if (interruption === "before") return void request.socket.destroy();
      if (status < 300) this.#messages.push({ path: request.url ?? "", body: Buffer.concat(chunks).toString(), atMs: performance.now() });
      if (interruption === "after") return void request.socket.destroy();
      response.writeHead(status).end();
    });
  });
  readonly #messages: SinkMessage[] = [];
  #status = 200;
  #interrupt: (() => Interruption | undefined) | undefined;

  static async start(): Promise<Sink> {
    const sink = new Sink();
    await new Promise<void>((resolve, reject) => sink.#server.once("error", reject).listen(0, "127.0.0.1", resolve));
    return sink;
  }

  get url(): string {
    // why: a server that listens on TCP has an address with a port
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  /** What has been taken so far, oldest first. */
  get messages(): readonly SinkMessage[] {
    return this.#messages;
  }

  /** What it answers from now on; a message that is not answered with 2xx is not kept. */
  answerWith(status: number): void {
    this.#status = status;
  }

  /** Asks on each message whether the connection is to break: before it is kept, or after, with no answer either way. */
  interruptWith(interrupt: (() => Interruption | undefined) | undefined): void {
    this.#interrupt = interrupt;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
