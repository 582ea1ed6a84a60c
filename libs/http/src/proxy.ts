import { BlockList, isIP } from "node:net";
import { ToolkitError, redactAddress } from "@plumb/std";
import { hostAndPort, withoutBrackets } from "./host-and-port.ts";
import { basicAuthorization, userOf, type User } from "./user-of.ts";

/** A proxy as requests use it. */
export interface Proxy {
  /** `http:` or `https:`, without a credential in it. */
  readonly url: URL;
  /** The value of `Proxy-Authorization`, if it asks for one. */
  readonly authorization?: string;
}

/** Says through which proxy a URL is asked for; undefined for none. */
export type ProxyRule = (url: URL) => Proxy | undefined;

/**
 * Reads the address of a proxy, such as `http://proxy:3128`; a credential in it counts unless one is given.
 *
 * @throws {ToolkitError} `invalid` for an address that is none and for a kind of proxy that is not supported, socks5 among them
 */
export function parseProxy(address: string, credential?: User): Proxy {
  const url = URL.parse(address.includes("://") ? address : `http://${address}`);
  if (url === null || url.hostname === "") throw new ToolkitError("invalid", `proxy address "${redactAddress(address)}" is not a URL`);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new ToolkitError("invalid", `proxy scheme "${url.protocol.slice(0, -1)}" is not supported: use http or https`);
  }
  const user = credential ?? userOf(url);
  const plain = new URL(url.origin);
  return user.username === "" && user.password === "" ? { url: plain } : { url: plain, authorization: basicAuthorization(user) };
}

/** The rule that Go reads from `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, upper or lower case; loopback is never proxied. */
export function proxyFromEnvironment(environment: Readonly<Record<string, string | undefined>>): ProxyRule {
  const read = (name: string): string => environment[name] ?? environment[name.toLowerCase()] ?? "";
  const proxyOf = (name: string): Proxy | undefined => (read(name) === "" ? undefined : parseProxy(read(name)));
  const forHttp = proxyOf("HTTP_PROXY");
  const forHttps = proxyOf("HTTPS_PROXY");
  const isExempt = exemption(read("NO_PROXY"));
  return (url) => {
    const proxy = url.protocol === "https:" ? forHttps : forHttp;
    return proxy === undefined || isExempt(url) ? undefined : proxy;
  };
}

/** `NO_PROXY`: `*`, names (a domain covers what is below it, `.domain` that alone), addresses and ranges, each with a port or not. */
function exemption(list: string): (url: URL) => boolean {
  const entries = list
    .split(",")
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== "");
  return (url) => {
    const { host, port } = hostAndPort(url);
    if (host === "localhost" || host === "::1" || host.startsWith("127.")) return true;
    return entries.some((entry) => covers(entry, host, port));
  };
}

function covers(entry: string, host: string, port: string): boolean {
  if (entry === "*") return true;
  if (entry.includes("/")) return isInRange(entry, host);
  const [, name = entry, entryPort] = isIP(entry) === 0 ? (/^(.*?)(?::(\d+))?$/.exec(entry) ?? []) : [];
  if (entryPort !== undefined && entryPort !== port) return false;
  if (isIP(host) !== 0) return host === withoutBrackets(name);
  const domain = name.replace(/^\*?\./, "");
  return host.endsWith(`.${domain}`) || (!name.startsWith(".") && !name.startsWith("*.") && host === domain);
}

function isInRange(range: string, host: string): boolean {
  const [net = "", bits = ""] = range.split("/");
  if (isIP(net) === 0 || isIP(net) !== isIP(host) || !/^\d+$/.test(bits) || Number(bits) > (isIP(net) === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  const family = isIP(net) === 4 ? "ipv4" : "ipv6";
  list.addSubnet(net, Number(bits), family);
  return list.check(host, family);
}
