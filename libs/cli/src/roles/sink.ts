import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { isObject, parseJson } from "@plumb/std";

/** A message as it arrived. */
export interface SinkMessage {
  /** Path it was posted to, such as `/slack`. */
  readonly path: string;
  /** Milliseconds since 1970. */
  readonly receivedMs: number;
  readonly body: unknown;
  /** What a person would read. */
  readonly text: string;
}

const MAX_BODY_BYTES = 1024 * 1024;
const MAX_MESSAGES = 1000;

/** Stands in for Slack and for any web-hook: keeps what is posted and lists it at `GET /messages?after=N`. */
export async function startSink(host: string, port: number, onMessage: (message: SinkMessage) => void): Promise<{ readonly address: string; close(): void }> {
  const messages: SinkMessage[] = [];
  let dropped = 0;
  const server = createServer((request, response) => {
    const { pathname: path, searchParams } = new URL(`http://sink${request.url ?? "/"}`);
    if (request.method === "GET" && path === "/messages") {
      const after = Number(searchParams.get("after") ?? 0);
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ next: dropped + messages.length, messages: messages.slice(Math.max(0, after - dropped)) }));
      return;
    }
    whenRead(request, (bytes) => {
      if (bytes === undefined) {
        response.writeHead(413).end();
        return;
      }
      const body = readBody(bytes.toString());
      const message = { path, receivedMs: Date.now(), body, text: textOf(body) };
      messages.push(message);
      if (messages.length > MAX_MESSAGES) dropped += messages.splice(0, 1).length;
      onMessage(message);
      response.end('{"ok":true}');
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, resolve);
  });
  // why: a server that listens on TCP has an address with a port
  const bound = server.address() as AddressInfo;
  return {
    address: `${host}:${bound.port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Hands on the whole body; undefined for one that is too large, which is read to its end and thrown away. */
function whenRead(request: IncomingMessage, use: (bytes: Buffer | undefined) => void): void {
  const chunks: Buffer[] = [];
  let size = 0;
  request.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  });
  request.on("end", () => use(size > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks)));
}

function readBody(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return text;
  }
}

/** What Slack would show of its message, or the message of an event. */
function textOf(body: unknown): string {
  if (!isObject(body)) return String(body);
  const [attachment] = Array.isArray(body["attachments"]) ? body["attachments"] : [];
  if (!isObject(attachment)) return String(body["message"] ?? "");
  const fields = Array.isArray(attachment["fields"]) ? attachment["fields"] : [];
  const lines = fields.map((field: unknown) => (isObject(field) ? `${String(field["title"])}: ${String(field["value"])}` : ""));
  return [String(attachment["author_name"] ?? ""), String(attachment["text"] ?? ""), ...lines].filter((line) => line !== "").join("\n");
}
