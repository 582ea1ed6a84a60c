import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { isTemporary, type Folder, type FolderEntry } from "@plumb/files";
import { toToolkitError, type Log } from "@plumb/std";

/** A client that takes nothing for so long is dropped; slow ones must not pile up. */
const IDLE_MS = 60_000;
const HEADERS_MS = 10_000;

/**
 * Serves the artifacts as static files: GET and HEAD, one range, listings of folders (S-077). What is not there is 404, which
 * consumers take for "not yet".
 */
export function artifactServer(folder: Folder, log: Log): Server {
  const limits = { headersTimeout: HEADERS_MS, requestTimeout: HEADERS_MS, keepAliveTimeout: IDLE_MS, connectionsCheckingInterval: 1000 };
  const server = createServer(limits, (request, response) => {
    void respond(folder, request, response).catch((thrown: unknown) => {
      if (!response.headersSent) plain(response, 500, "500 internal server error");
      else response.destroy();
      const { kind, message } = toToolkitError(thrown);
      if (kind !== "cancelled") log.debug("an artifact could not be served", { error: message });
    });
  });
  server.setTimeout(IDLE_MS);
  return server;
}

async function respond(folder: Folder, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== "GET" && request.method !== "HEAD") return plain(response, 405, "method not allowed");
  const path = pathOf(request.url ?? "/");
  if (path === undefined) return plain(response, 404, "404 page not found");
  const isRoot = path.name === ".";
  const entry = await folder.stat(path.name).catch(() => undefined);
  if (!isRoot && (entry === undefined || isTemporary(entry.name))) return plain(response, 404, "404 page not found");
  if (isRoot || entry?.kind === "directory") return listing(folder, path, request, response);
  if (entry?.kind !== "file" || path.endsInSlash) return plain(response, 404, "404 page not found");
  return file(folder, path.name, entry, request, response);
}

interface RequestPath {
  /** Relative to the folder; `.` for the folder itself. */
  readonly name: string;
  readonly endsInSlash: boolean;
}

/** undefined for a path that nothing can have. */
function pathOf(url: string): RequestPath | undefined {
  try {
    const decoded = decodeURIComponent(url.replace(/[?#].*$/s, ""));
    const parts = decoded.split("/").filter((part) => part !== "");
    if (decoded.includes("\0") || decoded.includes("\\") || parts.some((part) => part === "." || part === "..")) return undefined;
    return { name: parts.length === 0 ? "." : parts.join("/"), endsInSlash: decoded.endsWith("/") };
  } catch {
    return undefined;
  }
}

async function listing(folder: Folder, { name, endsInSlash }: RequestPath, { method }: IncomingMessage, response: ServerResponse): Promise<void> {
  if (name !== "." && !endsInSlash) {
    response.writeHead(301, { location: `${encodeURIComponent(name.slice(name.lastIndexOf("/") + 1))}/`, "content-length": 0 }).end();
    return;
  }
  const entries = (await folder.list(name)).filter((entry) => !isTemporary(entry.name));
  const lines = entries.map((entry) => {
    const shown = entry.kind === "directory" ? `${entry.name}/` : entry.name;
    return `<a href="${encodeURI(shown)}">${escaped(shown)}</a>\n`;
  });
  const body = `<!doctype html>\n<meta name="viewport" content="width=device-width">\n<pre>\n${lines.join("")}</pre>\n`;
  response.writeHead(200, { "content-type": "text/html; charset=utf-8", "content-length": Buffer.byteLength(body) });
  response.end(method === "HEAD" ? undefined : body);
}

async function file(folder: Folder, name: string, { sizeBytes, modifiedMs }: FolderEntry, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const modified = new Date(Math.floor(modifiedMs / 1000) * 1000);
  const headers = {
    "content-type": name.endsWith(".gz") ? "application/gzip" : "application/octet-stream",
    "accept-ranges": "bytes",
    "last-modified": modified.toUTCString(),
  };
  const since = Date.parse(request.headers["if-modified-since"] ?? "");
  if (since >= modified.getTime()) {
    response.writeHead(304, headers).end();
    return;
  }
  const range = rangeOf(request.headers.range, sizeBytes);
  if (range === "unsatisfiable") {
    plain(response, 416, "invalid range: failed to overlap", { "content-range": `bytes */${sizeBytes}` });
    return;
  }
  const { start, end } = range ?? { start: 0, end: sizeBytes };
  const part = range === undefined ? {} : { "content-range": `bytes ${start}-${end - 1}/${sizeBytes}` };
  response.writeHead(range === undefined ? 200 : 206, { ...headers, ...part, "content-length": end - start });
  if (request.method === "HEAD") {
    response.end();
    return;
  }
  const stop = new AbortController();
  response.on("close", () => stop.abort());
  await pipeline(slice(folder.stream(name, stop.signal), start, end), response);
}

/** The bytes asked for, its end excluded; undefined for all of them, as also for several ranges at once. */
function rangeOf(header: string | undefined, size: number): { readonly start: number; readonly end: number } | "unsatisfiable" | undefined {
  const [whole, first = "", last = ""] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? "") ?? [];
  if (whole === undefined || (first === "" && last === "")) return undefined;
  const start = first === "" ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === "" || last === "" ? size : Math.min(size, Number(last) + 1);
  return start < end ? { start, end } : "unsatisfiable";
}

async function* slice(chunks: AsyncIterable<Uint8Array>, start: number, end: number): AsyncGenerator<Uint8Array> {
  let at = 0;
  for await (const chunk of chunks) {
    const from = Math.max(0, start - at);
    if (from < chunk.length) yield chunk.subarray(from, end - at);
    at += chunk.length;
    if (at >= end) return;
  }
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&#34;").replaceAll("'", "&#39;");
}

function plain(response: ServerResponse, status: number, text: string, more: Readonly<Record<string, string>> = {}): void {
  const body = `${text}\n`;
  const headers = { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff", "content-length": Buffer.byteLength(body) };
  response.writeHead(status, { ...headers, ...more }).end(body);
}
