import type { Server } from "node:http";
import type { ReceiverHandler } from "./receiver-handler.ts";
import type { RequestMetrics } from "../web/request-metrics.ts";
import { webServer } from "../web/web-server.ts";

/** The server that web-hooks come to; any method is taken (N-026). @param signal stops what is under way */
export function receiverServer(handler: ReceiverHandler, metrics: RequestMetrics, signal: AbortSignal): Server {
  return webServer((request) => handler.answer(request, signal), metrics);
}
