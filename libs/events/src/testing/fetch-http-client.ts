import type { HttpClient, HttpRequest, HttpResponse } from "@plumb/http";
import { ToolkitError } from "@plumb/std";

/** An HttpClient on the platform's fetch, without the limits and rules of the real one. */
export const fetchHttpClient: HttpClient = {
  async send({ method, url, headers, body, signal, headersTimeoutMs = 30_000 }: HttpRequest): Promise<HttpResponse> {
    try {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(headersTimeoutMs)]);
      const bytes = typeof body === "string" ? body : body === undefined ? null : new Uint8Array(body);
      const answer = await fetch(url, { method, headers: { ...headers }, body: bytes, signal: limit, redirect: "manual" });
      return { status: answer.status, headers: Object.fromEntries(answer.headers), url: new URL(answer.url), body: answer.body ?? nothing() };
    } catch (cause) {
      throw new ToolkitError(signal.aborted ? "cancelled" : "unavailable", `${url.host} does not answer`, { cause });
    }
  },
  close() {},
};

async function* nothing(): AsyncGenerator<Uint8Array, void> {}
