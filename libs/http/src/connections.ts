import { lookup } from "node:dns";
import { Agent as HttpAgent, request as httpRequest, type AgentOptions, type RequestOptions } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import type { LookupFunction } from "node:net";
import type { Duplex } from "node:stream";
import type { SecureContext } from "node:tls";
import { ToolkitError } from "@plumb/std";
import { OPEN_ADDRESS_RULES, refusalOf, type AddressRules } from "./address-rules.ts";
import { authorityOf, hostAndPort } from "./host-and-port.ts";
import type { Proxy } from "./proxy.ts";
import type { TlsOptions } from "./tls-options.ts";

/** As Go keeps a connection that nobody uses. */
const IDLE_CONNECTION_MS = 90_000;
const TUNNEL_TIMEOUT_MS = 30_000;

interface ConnectionsOptions {
  readonly tls: TlsOptions;
  readonly context: SecureContext;
  readonly addresses: AddressRules;
  readonly maxConnectionsPerHost: number;
}

/** The kept connections of one client, by how they are made: plain, TLS, TLS through each proxy, and to each proxy. */
export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #agents = new Map<string, HttpAgent>();

  constructor(options: ConnectionsOptions) {
    this.#options = options;
  }

  /** Where a request for `url` connects to, and on which connections. */
  optionsFor(url: URL, proxy: Proxy | undefined): RequestOptions {
    if (proxy !== undefined && url.protocol === "http:") {
      return {
        ...hostAndPort(proxy.url),
        agent: this.#agentFor(`to ${proxy.url.href}`, proxy.url.protocol, undefined),
        lookup: checkedLookup(OPEN_ADDRESS_RULES),
      };
    }
    return { ...hostAndPort(url), agent: this.#agentFor(keyOf(url, proxy), url.protocol, proxy), lookup: checkedLookup(this.#options.addresses) };
  }

  /** Closes what is idle at once, the rest when it becomes so. */
  close(): void {
    for (const agent of this.#agents.values()) {
      agent.maxFreeSockets = 0;
      for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
    }
  }

  #agentFor(key: string, protocol: string, proxy: Proxy | undefined): HttpAgent {
    const existing = this.#agents.get(key);
    if (existing !== undefined) return existing;
    const agent = this.#newAgent(protocol, proxy);
    this.#agents.set(key, agent);
    return agent;
  }

  #newAgent(protocol: string, proxy: Proxy | undefined): HttpAgent {
    const { tls, context, maxConnectionsPerHost } = this.#options;
    const shared: AgentOptions = { keepAlive: true, timeout: IDLE_CONNECTION_MS, maxSockets: maxConnectionsPerHost };
    if (protocol === "http:") return new HttpAgent(shared);
    const secure = {
      ...shared,
      secureContext: context,
      minVersion: "TLSv1.2",
      rejectUnauthorized: tls.skipsVerification !== true,
      ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
    } as const;
    return proxy === undefined ? new HttpsAgent(secure) : new TunnelAgent(secure, proxy);
  }
}

function keyOf(url: URL, proxy: Proxy | undefined): string {
  return proxy === undefined ? url.protocol : `through ${proxy.url.href} ${proxy.authorization ?? ""}`;
}

/** Makes TLS connections through a proxy's CONNECT. */
export class TunnelAgent extends HttpsAgent {
  readonly #proxy: Proxy;

  constructor(options: ConstructorParameters<typeof HttpsAgent>[0], proxy: Proxy) {
    super(options);
    this.#proxy = proxy;
  }

  override createConnection(options: RequestOptions, callback?: (error: Error | null, stream: Duplex) => void): Duplex | null | undefined {
    openTunnel(this.#proxy, authorityOf(options.host ?? "", options.port ?? ""), (error, tunnel) => {
      // why: Node hands the callback either an error or a stream, which its types do not say
      if (tunnel === undefined) callback?.(error ?? null, undefined as unknown as Duplex);
      else callback?.(null, super.createConnection({ ...options, socket: tunnel } as RequestOptions) as Duplex); // why: tls.connect, which it calls, takes `socket` and always gives a stream
    });
    return undefined;
  }
}

/** Its own limit of time ends with the answer: what goes through it later may be quiet for as long as it likes. */
function openTunnel(proxy: Proxy, target: string, done: (error: Error | undefined, tunnel?: Duplex) => void): void {
  const send = proxy.url.protocol === "https:" ? httpsRequest : httpRequest;
  const connect = send({
    ...hostAndPort(proxy.url),
    method: "CONNECT",
    path: target,
    agent: false,
    timeout: TUNNEL_TIMEOUT_MS,
    lookup: checkedLookup(OPEN_ADDRESS_RULES),
    headers: { host: target, ...(proxy.authorization === undefined ? {} : { "proxy-authorization": proxy.authorization }) },
  });
  connect.on("connect", (response, tunnel) => {
    const { statusCode = 0, statusMessage = "" } = response;
    if (statusCode === 200) {
      tunnel.removeAllListeners("timeout");
      tunnel.setTimeout(0);
      return done(undefined, tunnel);
    }
    tunnel.destroy();
    return done(new ToolkitError(statusCode === 407 || statusCode === 403 ? "denied" : "unavailable", statusMessage || `proxy answered ${statusCode}`));
  });
  connect.on("timeout", () => connect.destroy(new ToolkitError("unavailable", `proxyconnect tcp: dial tcp ${proxy.url.host}: i/o timeout`)));
  connect.on("error", done);
  connect.end();
}

/** Resolves a name and gives only the addresses that the rules admit; the connection is made to one of those. */
function checkedLookup(rules: AddressRules): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, []);
      const admitted = addresses.filter(({ address }) => refusalOf(address, rules) === undefined);
      const [first] = admitted;
      const [refused] = addresses;
      if (first === undefined) {
        const why = refused === undefined ? "no such host" : `${refused.address}: ${refusalOf(refused.address, rules) ?? ""}`;
        return callback(new ToolkitError(refused === undefined ? "unavailable" : "denied", `dial tcp: lookup ${hostname}: ${why}`), []);
      }
      return options.all === true ? callback(null, admitted) : callback(null, first.address, first.family);
    });
  };
}
