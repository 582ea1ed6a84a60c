import { redactUrls, ToolkitError, toToolkitError } from "@plumb/std";
import type { HttpResponse } from "@plumb/http";

/** Bytes of an error page that may be quoted. */
const MAX_QUOTED_BYTES = 256;

/** What a status other than 200 says of a Git server, in the words of Flux. Reads at most a few bytes of the answer. */
export async function statusFailure(response: HttpResponse): Promise<ToolkitError> {
  const { status, url } = response;
  const body = redactUrls(await opening(response.body));
  const said = body === "" ? "" : `: ${body}`;
  if (status === 401) return new ToolkitError("denied", `authentication required${said}`);
  if (status === 403) return new ToolkitError("denied", `authorization failed${said}`);
  if (status === 404) return new ToolkitError("missing", `repository not found${said}`);
  const quoted = body === "" ? "" : `, body: ${JSON.stringify(body)}`;
  const message = `unexpected client error: unexpected requesting ${JSON.stringify(redactUrls(url.href))} status code: ${status}${quoted}`;
  return new ToolkitError(status === 429 ? "throttled" : status >= 500 ? "unavailable" : "invalid", message, { retryAfterMs: retryAfterMs(response) });
}

/** An exchange that failed below HTTP, in the words of Go: `Get "URL": reason`. */
export function exchangeFailure(method: "Get" | "Post", url: URL, thrown: unknown): ToolkitError {
  const error = toToolkitError(thrown);
  if (error.kind === "cancelled") return error;
  const prefix = `${method} ${JSON.stringify(redactUrls(url.href))}: `;
  const { kind, message, retryAfterMs } = error;
  return new ToolkitError(kind, message.startsWith(prefix) ? message : `${prefix}${message}`, { cause: error, retryAfterMs });
}

/** An answer that broke off is told as an exchange that failed; what this package found wrong with it stays as it is. */
export function answerFailure(method: "Get" | "Post", url: URL, thrown: unknown): ToolkitError {
  const isOurs = thrown instanceof ToolkitError && thrown.kind !== "unavailable" && thrown.kind !== "cancelled";
  return isOurs || (thrown instanceof ToolkitError && thrown.message.startsWith("remote: ")) ? thrown : exchangeFailure(method, url, thrown);
}

/** @throws {ToolkitError} `missing` or `unavailable` for a line in which the server says what went wrong */
export function refuseErrorLine(line: string): void {
  if (line.startsWith("ERR ")) throw remoteFailure(line.slice("ERR ".length));
}

/** What the server itself said went wrong, cut and without control characters. */
export function remoteFailure(text: string): ToolkitError {
  const shown = printable(text).slice(0, MAX_QUOTED_BYTES);
  const isMissing = /not our ref|not found|does not exist/i.test(shown);
  return new ToolkitError(isMissing ? "missing" : "unavailable", `remote: ${redactUrls(shown)}`);
}

/** Puts words before a message; the kind stays. */
export function inContext(context: string, thrown: unknown): ToolkitError {
  const error = toToolkitError(thrown);
  const { kind, message, retryAfterMs } = error;
  return kind === "cancelled" ? error : new ToolkitError(kind, `${context}: ${message}`, { cause: error, retryAfterMs });
}

function retryAfterMs({ headers }: HttpResponse): number | undefined {
  const seconds = /^\d{1,6}$/.exec(headers["retry-after"] ?? "")?.[0];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

async function opening(body: AsyncIterable<Uint8Array>): Promise<string> {
  let text = Buffer.alloc(0);
  try {
    for await (const chunk of body) {
      text = Buffer.concat([text, chunk]);
      if (text.length >= MAX_QUOTED_BYTES) break;
    }
  } catch {
    // The status is the failure; that its page breaks off adds nothing.
  }
  return printable(text.subarray(0, MAX_QUOTED_BYTES).toString("utf8"));
}

function printable(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is cut out
  return text.replace(/[\u0000-\u001f\u007f-\u009f\ufffd]+/g, " ").trim();
}
