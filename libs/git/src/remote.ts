import type { HttpClient, HttpResponse } from "@plumb/http";
import { ToolkitError } from "@plumb/std";
import { discreetly, mayCarryCredentials, splitCredentials, type GitCredentials } from "./credentials.ts";
import type { GitLimits } from "./limits.ts";
import { readPackStream } from "./pack-stream.ts";
import { DELIM, FLUSH, packet, PacketReader, packets } from "./pkt-line.ts";
import { readAdvertisement, readRefs2, type Advertisement, type Discovery, type RemoteRef, type WantedRefs } from "./ref-listing.ts";
import { answerFailure, exchangeFailure, statusFailure } from "./transport-error.ts";

export interface FetchOptions {
  readonly wants: readonly string[];
  /** Commits of history; undefined for all of it. */
  readonly depth: number | undefined;
  readonly signal: AbortSignal;
}

export interface RemoteOptions {
  readonly url: string;
  readonly credentials?: GitCredentials | undefined;
  readonly limits: GitLimits;
  readonly discovery?: Discovery | undefined;
}

const AGENT = "agent=plumb/0.1";
/** The signal of the caller, who knows what was configured, is the limit; this is only longer than any. */
const HEADERS_TIMEOUT_MS = 60 * 60_000;

/**
 * One repository on a server that speaks Git's smart HTTP: protocol 2, and 0 or 1 where the server has no other.
 *
 * It has either been discovered or not. The first request discovers it; a discovery from an earlier run is believed until
 * the server answers otherwise, and then made anew.
 */
export class GitRemote {
  readonly #http: HttpClient;
  readonly #url: URL;
  readonly #authorization: string | undefined;
  /** What no message may say. */
  readonly #secrets: readonly string[];
  readonly #limits: GitLimits;
  #discovery: Discovery | undefined;

  constructor(http: HttpClient, { url, credentials, limits, discovery }: RemoteOptions) {
    const split = splitCredentials(url, credentials);
    this.#http = http;
    this.#url = split.url;
    this.#authorization = split.authorization;
    this.#secrets = split.secrets;
    this.#limits = limits;
    this.#discovery = discovery;
  }

  get discovery(): Discovery | undefined {
    return this.#discovery;
  }

  /**
   * Lists the refs that start with one of `prefixes`, at most `limit` of them. One round trip when the server is known.
   *
   * @throws {ToolkitError} `denied`, `missing`, `unavailable` or `corrupt` in the words of Flux
   */
  listRefs(prefixes: readonly string[], signal: AbortSignal, limit: number = this.#limits.refs): Promise<readonly RemoteRef[]> {
    return discreetly(this.#secrets, this.#listRefs({ prefixes, limit, maxListed: this.#limits.refs }, signal));
  }

  async #listRefs(wanted: WantedRefs, signal: AbortSignal): Promise<readonly RemoteRef[]> {
    if (this.#discovery?.version === 2) {
      const known = this.#discovery;
      try {
        return await this.#listRefs2(known, wanted, signal);
      } catch (thrown) {
        if (!(thrown instanceof ToolkitError) || !["invalid", "corrupt", "missing"].includes(thrown.kind)) throw thrown;
        this.#discovery = undefined;
      }
    }
    const { discovery, refs } = await this.#discover(wanted, signal);
    this.#discovery = discovery;
    return refs ?? this.#listRefs2(discovery, wanted, signal);
  }

  /** Fetches a pack that holds `wants` and all they need. @throws {ToolkitError} `missing` when the server has no such object */
  fetch(options: FetchOptions): Promise<Buffer> {
    return discreetly(this.#secrets, this.#fetch(options));
  }

  async #fetch(options: FetchOptions): Promise<Buffer> {
    this.#discovery ??= (await this.#discover({ prefixes: [], limit: 0, maxListed: this.#limits.refs }, options.signal)).discovery;
    const discovery = this.#discovery;
    const url = uploadPackUrl(discovery);
    const response = await this.#post(url, fetchBody(discovery, options), discovery, options.signal);
    return readPackStream(response.body, discovery.version, this.#limits.packBytes).catch((thrown: unknown) => {
      throw answerFailure("Post", url, thrown);
    });
  }

  async #discover(wanted: WantedRefs, signal: AbortSignal): Promise<Advertisement> {
    const url = new URL(this.#url);
    url.pathname = `${url.pathname.replace(/\/$/, "")}/info/refs`;
    url.search = "?service=git-upload-pack";
    const response = await this.#send("Get", url, undefined, { "git-protocol": "version=2" }, signal);
    const base = baseOf(response.url);
    const type = response.headers["content-type"] ?? "";
    const reader = new PacketReader(response.body);
    try {
      if (!type.startsWith("application/x-git-upload-pack-advertisement")) throw notSmart(type);
      return await readAdvertisement(reader, base, wanted);
    } catch (thrown) {
      throw answerFailure("Get", url, thrown);
    } finally {
      await reader.leave();
    }
  }

  async #listRefs2(discovery: Discovery, wanted: WantedRefs, signal: AbortSignal): Promise<readonly RemoteRef[]> {
    const args = ["peel\n", "symrefs\n", ...wanted.prefixes.map((prefix) => `ref-prefix ${prefix}\n`)].map(packet);
    const body = packets(packet("command=ls-refs\n"), packet(`${AGENT}\n`), packet("object-format=sha1\n"), DELIM, ...args, FLUSH);
    const url = uploadPackUrl(discovery);
    const response = await this.#post(url, body, discovery, signal);
    const reader = new PacketReader(response.body);
    try {
      return await readRefs2(reader, wanted);
    } catch (thrown) {
      throw answerFailure("Post", url, thrown);
    } finally {
      await reader.leave();
    }
  }

  async #post(url: URL, body: Buffer, { version }: Discovery, signal: AbortSignal): Promise<HttpResponse> {
    const headers = {
      "content-type": "application/x-git-upload-pack-request",
      accept: "application/x-git-upload-pack-result",
      ...(version === 2 && { "git-protocol": "version=2" }),
    };
    const response = await this.#send("Post", url, body, headers, signal);
    const type = response.headers["content-type"] ?? "";
    if (type.startsWith("application/x-git-upload-pack-result")) return response;
    await response.body[Symbol.asyncIterator]().return?.();
    throw notSmart(type);
  }

  async #send(
    method: "Get" | "Post",
    url: URL,
    body: Buffer | undefined,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    // Where a redirect led to another host, the credentials stay here.
    const isHome = mayCarryCredentials(this.#url, url);
    const authorization = isHome && this.#authorization !== undefined ? { authorization: this.#authorization } : {};
    let response: HttpResponse;
    try {
      response = await this.#http.send({
        method: method.toUpperCase(),
        url,
        signal,
        isRepeatable: true,
        headersTimeoutMs: HEADERS_TIMEOUT_MS,
        idleTimeoutMs: 0,
        headers: { "user-agent": "git/2.0 (plumb)", ...headers, ...authorization },
        ...(body !== undefined && { body }),
      });
    } catch (thrown) {
      throw exchangeFailure(method, url, thrown);
    }
    if (response.status === 200) return response;
    throw await statusFailure(response);
  }
}

function fetchBody({ version, capabilities }: Discovery, { wants, depth }: FetchOptions): Buffer {
  const deepen = depth === undefined ? [] : [packet(`deepen ${depth}\n`)];
  if (version === 2) {
    const args = ["ofs-delta\n", "no-progress\n", ...wants.map((want) => `want ${want}\n`)].map(packet);
    return packets(packet("command=fetch\n"), packet(`${AGENT}\n`), packet("object-format=sha1\n"), DELIM, ...args, ...deepen, packet("done\n"), FLUSH);
  }
  const has = (name: string): boolean => capabilities.includes(name);
  // Some servers insist on a form of multi_ack; without anything in common it changes nothing.
  const oneOf = (...names: readonly string[]): readonly string[] => names.filter(has).slice(0, 1);
  const asked = [...oneOf("multi_ack_detailed", "multi_ack"), ...oneOf("side-band-64k", "side-band"), ...["ofs-delta", "no-progress", "shallow"].filter(has)];
  const lines = wants.map((want, index) => packet(index === 0 ? `want ${want} ${[...asked, AGENT].join(" ")}\n` : `want ${want}\n`));
  return packets(...lines, ...(has("shallow") ? deepen : []), FLUSH, packet("done\n"));
}

function uploadPackUrl({ base }: Discovery): URL {
  const url = new URL(base);
  url.pathname = `${url.pathname.replace(/\/$/, "")}/git-upload-pack`;
  return url;
}

/** The repository's address, out of that of its advertisement. */
function baseOf(advertisement: URL): string {
  const base = new URL(advertisement);
  base.search = "";
  base.username = "";
  base.password = "";
  base.pathname = base.pathname.replace(/\/info\/refs$/, "");
  return base.href;
}

function notSmart(type: string): ToolkitError {
  return new ToolkitError("invalid", `the server does not answer as a Git server: its content type is ${JSON.stringify(type.slice(0, 100))}`);
}
