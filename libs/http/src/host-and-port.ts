import { isIPv6 } from "node:net";

/** Where a URL leads: the host without the brackets of an IPv6 address, and the port, also where it is that of the scheme. */
export function hostAndPort(url: URL): { readonly host: string; readonly port: string } {
  return { host: withoutBrackets(url.hostname), port: url.port === "" ? (url.protocol === "https:" ? "443" : "80") : url.port };
}

export function withoutBrackets(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, "");
}

/** Host and port in one text, as RFC 3986 writes them. */
export function authorityOf(host: string, port: number | string): string {
  return `${isIPv6(host) ? `[${host}]` : host}:${port}`;
}
