import { stringify } from "@plumb/yaml";
import { stringifyJson, type JsonObject } from "@plumb/std";
import type { Refusal } from "../refusal.ts";
import type { ApiResponse } from "./message.ts";
import type { Negotiated } from "./negotiate.ts";

/** Writes an object as negotiated. */
export function answer(
  status: number,
  object: JsonObject,
  { format, isPretty }: Negotiated,
  headers: Readonly<Record<string, string | readonly string[]>> = {},
): ApiResponse {
  const [type, body] = format === "yaml" ? ["application/yaml", stringify(object)] : ["application/json", `${stringifyJson(object, isPretty ? 2 : 0)}\n`];
  return { kind: "whole", status, headers: { "content-type": type, ...headers }, body };
}

export function answerText(status: number, body: string, type = "text/plain; charset=utf-8"): ApiResponse {
  return { kind: "whole", status, headers: { "content-type": type, "x-content-type-options": "nosniff" }, body };
}

export function answerRefusal(refusal: Refusal, negotiated: Negotiated, headers: Readonly<Record<string, string | readonly string[]>> = {}): ApiResponse {
  const retry: Readonly<Record<string, string>> = refusal.retryAfterSeconds === undefined ? {} : { "retry-after": String(refusal.retryAfterSeconds) };
  return answer(refusal.code, refusal.status, negotiated, { ...retry, ...headers });
}

/** A Warning header: agent, code 299, quoted text. */
export function warningHeader(text: string): string {
  return `299 - "${text.replaceAll(/["\\]/g, "\\$&").replaceAll(/[\r\n]/g, " ")}"`;
}
