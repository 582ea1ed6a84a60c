import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { toToolkitError } from "@plumb/std";
import { BodyBudget, limitedBody } from "./limited-body.ts";
import type { RequestMetrics } from "./request-metrics.ts";

/** A request as the handlers see it. */
export interface WebRequest {
  readonly method: string;
  /** Path and query, as they were sent. */
  readonly target: string;
  readonly headers: IncomingMessage["headers"];
  /** Undefined for one that is longer than allowed. */
  readonly body: Uint8Array | undefined;
}

/** What a handler answers. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Why, for whoever reads the answer; empty where upstream says nothing either. */
  readonly text?: string;
}

/** N-001, for both servers. A connection is kept longer than clients keep it, so that no request meets a closed one. */
const LIMITS = { maxHeaderSize: 256 * 1024, headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 120_000, connectionsCheckingInterval: 1000 };

const BUSY: Answer = { status: 503, headers: { "retry-after": "5" }, text: "too many requests are being sent at once" };

interface Answering {
  readonly answer: (request: WebRequest) => Promise<Answer>;
  readonly metrics: RequestMetrics;
  readonly budget: BodyBudget;
}

/** A server that reads a request's body within its limit, has it answered and measures it. */
export function webServer(answer: (request: WebRequest) => Promise<Answer>, metrics: RequestMetrics, budget: BodyBudget = new BodyBudget()): Server {
  return createServer(LIMITS, (request, response) => {
    void answerOne({ answer, metrics, budget }, request, response);
  });
}

async function answerOne({ answer, metrics, budget }: Answering, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { method = "", url: target = "/", headers } = request;
  const finish = metrics.begin(method, target.replace(/\?.*$/s, ""));
  using memory = new DisposableStack();
  try {
    const announced = headers["content-length"];
    const body = await limitedBody(request, announced === undefined ? undefined : Number(announced), budget.share(memory));
    const given = await answer({ method, target, headers, body });
    finish(given.status, write(response, given, body === undefined));
  } catch (thrown) {
    if (toToolkitError(thrown).kind === "throttled") return finish(BUSY.status, write(response, BUSY, true));
    // why: handlers do not reject; the sender went away before its body was complete, and there is nobody to answer
    finish(499, 0);
    response.destroy();
  }
}

/** @returns bytes of the body */
function write(response: ServerResponse, { status, headers = {}, text = "" }: Answer, mustClose: boolean): number {
  const body = text === "" ? "" : `${text}\n`;
  const sizeBytes = Buffer.byteLength(body);
  response.writeHead(status, {
    ...headers,
    ...(body !== "" && { "content-type": "text/plain; charset=utf-8", "x-content-type-options": "nosniff" }),
    "content-length": sizeBytes,
    ...(mustClose && { connection: "close" }),
  });
  response.end(body);
  return sizeBytes;
}
