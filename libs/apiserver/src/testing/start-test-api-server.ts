import { randomBytes } from "node:crypto";
import { createApiServer, type ApiServer, type ApiServerOptions } from "../api-server.ts";

export interface TestApiServerOptions extends Omit<ApiServerOptions, "tokens"> {
  /** A token of your own; a random one when left out. */
  readonly token?: string;
}

/** An API server of a test's own, on a port of 127.0.0.1. */
export interface TestApiServer extends AsyncDisposable {
  /** Such as `http://127.0.0.1:41234`; `https` where a certificate was given. */
  readonly url: string;
  /** A bearer token that may do everything. */
  readonly token: string;
  readonly server: ApiServer;
  close(): Promise<void>;
}

/** Starts an embedded API server within a few milliseconds; the caller closes it, or binds it with `await using`. */
export async function startTestApiServer({ token = randomBytes(16).toString("hex"), ...options }: TestApiServerOptions = {}): Promise<TestApiServer> {
  const server = createApiServer({ ...options, tokens: [token] });
  const listening = await server.listen(0);
  const close = async (): Promise<void> => {
    server.stop();
    await listening.close();
  };
  return { url: listening.url, token, server, close, [Symbol.asyncDispose]: close };
}
