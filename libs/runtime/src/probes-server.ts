import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { ToolkitError } from "@plumb/std";
import { EXPOSITION_TYPE } from "@plumb/telemetry";
import { limitConnections } from "./bounded-server.ts";

export interface Listening {
  /** Host and port that were taken, such as `127.0.0.1:41233`. */
  readonly address: string;
  close(): Promise<void>;
}

/** Answers a GET by its path; a path that is not there is 404. A text is 200, undefined 503. */
export type Pages = Readonly<Record<string, () => { readonly type: string; readonly text: string } | undefined>>;

const ok = { type: "text/plain; charset=utf-8", text: "ok" };

/** `/healthz` and `/readyz` as controller-runtime serves them. */
export function probePages(isHealthy: () => boolean, isReady: () => boolean): Pages {
  return { "/healthz": () => (isHealthy() ? ok : undefined), "/readyz": () => (isReady() ? ok : undefined) };
}

/** `/metrics`, in the Prometheus text format. */
export function metricsPages(exposition: () => string): Pages {
  return { "/metrics": () => ({ type: EXPOSITION_TYPE, text: exposition() }) };
}

/** Serves pages at `address`, such as `:9440`. @throws {ToolkitError} `unavailable` when the address cannot be taken */
export async function servePages(address: string, pages: Pages): Promise<Listening> {
  const server = createServer({ requestTimeout: 10_000, headersTimeout: 10_000, connectionsCheckingInterval: 1000 }, ({ url = "", method }, response) => {
    const page = Object.hasOwn(pages, pathOf(url)) ? pages[pathOf(url)] : undefined;
    if (method !== "GET" && method !== "HEAD") send(response, 405, "method not allowed");
    else if (page === undefined) send(response, 404, "404 page not found");
    else {
      const found = attempt(page);
      if (found === "broken") send(response, 500, "internal error");
      else if (found === undefined) send(response, 503, "not ready");
      else send(response, 200, found.text, found.type);
    }
  });
  return listen(server, address);
}

/** Starts `server` at `host:port`, for a bounded number of connections; no host means every address, port 0 any free one. */
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

/** A page that cannot be made must not end the process that it tells of. */
function attempt<Page>(page: () => Page): Page | "broken" {
  try {
    return page();
  } catch {
    return "broken";
  }
}

function pathOf(url: string): string {
  return url.replace(/[?#].*$/, "");
}

function send(response: ServerResponse, status: number, text: string, type = "text/plain; charset=utf-8"): void {
  response.writeHead(status, { "content-type": type, "content-length": Buffer.byteLength(text) });
  response.end(text);
}
