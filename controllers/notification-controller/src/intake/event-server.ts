import type { Server } from "node:http";
import type { EventHandler } from "./event-handler.ts";
import type { RequestMetrics } from "../web/request-metrics.ts";
import { webServer } from "../web/web-server.ts";

/** The server that controllers post events to, on any path. @param signal stops what is under way */
export function eventServer(handler: EventHandler, metrics: RequestMetrics, signal: AbortSignal): Server {
  return webServer(async ({ method, body }) => {
    if (method !== "POST") return { status: 405, headers: { allow: "POST" }, text: "events are posted" };
    return handler.answer(body, signal);
  }, metrics);
}
