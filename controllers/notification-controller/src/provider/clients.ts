import { createHttpClient, type AddressRules, type HttpClient } from "@plumb/http";
import { remember } from "@plumb/std";
import type { ProviderSettings } from "./types/provider-type.ts";

const MAX_CLIENTS = 100;

/** HTTP clients by how they connect, so that connections are kept from one message to the next. */
export class ProviderClients {
  readonly #addresses: AddressRules;
  /** The latest used last. */
  readonly #clients = new Map<string, HttpClient>();

  /** @param addresses which addresses a Provider may have; those of metadata services are never among them */
  constructor(addresses: AddressRules) {
    this.#addresses = addresses;
  }

  /** @throws {ToolkitError} `invalid` for a certificate that cannot be used */
  get({ tls, proxy }: ProviderSettings): HttpClient {
    const key = JSON.stringify([tls, proxy?.url.href, proxy?.authorization]);
    const client =
      this.#clients.get(key) ??
      createHttpClient({
        addresses: this.#addresses,
        redirects: "none",
        ...(tls !== undefined && { tls }),
        ...(proxy !== undefined && { proxy: () => proxy }),
      });
    remember(this.#clients, key, client, MAX_CLIENTS)?.close();
    return client;
  }

  close(): void {
    for (const client of this.#clients.values()) client.close();
    this.#clients.clear();
  }
}
