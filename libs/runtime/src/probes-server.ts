import { createServer, type ServerResponse } from "node:http";
import { EXPOSITION_TYPE } from "@plumb/telemetry";
import { listen, type Listening } from "./bounded-server.ts";

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
