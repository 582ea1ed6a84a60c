import { ToolkitError, redactUrl } from "@plumb/std";
import type { HttpRequest } from "./http-client.ts";

/**
 * Where redirects may lead: nowhere (the redirect is the answer), to the same host, or to any. Never from https to http, and
 * never does a header that may hold a credential go to another host or scheme.
 */
export type RedirectRule = "none" | "same-host" | "any-host";

/** As many as Go follows. */
export const MAX_REDIRECTS = 10;

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** What goes along to another host: nothing else is known to be no credential. */
const HARMLESS: ReadonlySet<string> = new Set([
  "accept",
  "accept-encoding",
  "accept-language",
  "content-type",
  "git-protocol",
  "if-modified-since",
  "if-none-match",
  "range",
  "user-agent",
]);

/**
 * The request that a redirect asks for; undefined where the answer is none.
 *
 * @throws {ToolkitError} `denied` for a redirect against the rule
 */
export function redirected(request: HttpRequest, status: number, location: string | undefined, rule: RedirectRule): HttpRequest | undefined {
  if (rule === "none" || !REDIRECTS.has(status) || location === undefined) return undefined;
  const url = targetOf(request.url, location);
  const isSameHost = url.hostname === request.url.hostname && (url.port === request.url.port || isUpgrade(request.url, url));
  if (rule === "same-host" && !isSameHost) throw refused(request.url, url, "it leads to another host");
  const keepsBody = status === 307 || status === 308 || request.method === "GET" || request.method === "HEAD";
  const { body, headers, ...rest } = request;
  return {
    ...rest,
    url,
    method: keepsBody ? request.method : "GET",
    headers: kept(headers ?? {}, isSameHost && url.protocol === request.url.protocol, keepsBody),
    ...(keepsBody && body !== undefined ? { body } : {}),
  };
}

function targetOf(from: URL, location: string): URL {
  const url = URL.parse(location, from.href);
  if (url === null) throw new ToolkitError("denied", `redirect from ${redactUrl(from)} to something that is no URL`);
  if (url.protocol !== "http:" && url.protocol !== "https:") throw refused(from, url, `unsupported protocol scheme "${url.protocol.slice(0, -1)}"`);
  if (from.protocol === "https:" && url.protocol === "http:") throw refused(from, url, "it leads from https to http");
  url.username = "";
  url.password = "";
  return url;
}

function isUpgrade(from: URL, to: URL): boolean {
  return from.protocol === "http:" && to.protocol === "https:" && from.port === "" && to.port === "";
}

function kept(headers: Readonly<Record<string, string>>, isTrusted: boolean, keepsBody: boolean): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => {
      if (name === "host") return false;
      if (!keepsBody && name.startsWith("content-")) return false;
      return isTrusted || HARMLESS.has(name);
    }),
  );
}

function refused(from: URL, to: URL, why: string): ToolkitError {
  return new ToolkitError("denied", `redirect from ${redactUrl(from)} to ${redactUrl(to)} is not allowed: ${why}`);
}
