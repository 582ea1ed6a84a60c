import type { HttpResponse } from "./http-client.ts";

/**
 * Milliseconds that the answer asks to wait (`Retry-After` as seconds or as a date, RFC 9110 10.2.3); undefined where it does
 * not, or not in a way that can be read.
 *
 * @param nowMs milliseconds since 1970, against which a date is read
 */
export function retryAfterMs({ headers }: Pick<HttpResponse, "headers">, nowMs: number): number | undefined {
  const text = headers["retry-after"]?.trim();
  if (text === undefined || text === "") return undefined;
  if (/^\d{1,10}$/.test(text)) return Number(text) * 1000;
  const atMs = /[A-Za-z]/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(atMs) ? undefined : Math.max(0, atMs - nowMs);
}
