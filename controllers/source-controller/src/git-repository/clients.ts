import { createHash } from "node:crypto";
import { createHttpClient, parseProxy, proxyFromEnvironment, type HttpClient } from "@plumb/http";
import { remember } from "@plumb/std";
import type { GitAccess } from "./access.ts";

/** Clients for so many settings keep their connections; those of the one used longest ago are closed. */
const MAX_CLIENTS = 100;

/** A client for the TLS and proxy settings of one repository. Whoever makes it closes it. */
export function clientFor({ tls, proxy }: GitAccess, proxyEnvironment: Readonly<Record<string, string | undefined>>): HttpClient {
  const credential =
    proxy === undefined || (proxy.username === "" && proxy.password === "") ? undefined : { username: proxy.username, password: proxy.password };
  const own = proxy === undefined ? undefined : parseProxy(proxy.address, credential);
  return createHttpClient({ ...(tls !== undefined && { tls }), proxy: own === undefined ? proxyFromEnvironment(proxyEnvironment) : () => own });
}

/** Clients that keep their connections between runs, one for each kind of settings. */
export class GitClients {
  readonly #proxyEnvironment: Readonly<Record<string, string | undefined>>;
  /** By a digest of the settings; insertion order is the order of use. */
  readonly #clients = new Map<string, HttpClient>();

  constructor(proxyEnvironment: Readonly<Record<string, string | undefined>>) {
    this.#proxyEnvironment = proxyEnvironment;
  }

  /** @throws {ToolkitError} `invalid` for a certificate or a proxy that cannot be used */
  get({ tls, proxy }: GitAccess): HttpClient {
    const key = createHash("sha256")
      .update(JSON.stringify([tls, proxy]))
      .digest("hex");
    const client = this.#clients.get(key) ?? clientFor({ ...(tls !== undefined && { tls }), ...(proxy !== undefined && { proxy }) }, this.#proxyEnvironment);
    remember(this.#clients, key, client, MAX_CLIENTS)?.close();
    return client;
  }

  close(): void {
    for (const client of this.#clients.values()) client.close();
    this.#clients.clear();
  }
}
