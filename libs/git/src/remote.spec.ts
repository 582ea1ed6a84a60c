import type { IncomingMessage, ServerResponse } from "node:http";
import { createHttpClient, parseProxy } from "@plumb/http";
import { startTestServer, type TestServer } from "@plumb/http/testing";
import { ToolkitError } from "@plumb/std";
import { failureOf } from "@plumb/std/testing";
import { afterEach, describe, expect, it } from "vitest";
import { checkOut } from "./checkout.ts";
import { mayCarryCredentials } from "./credentials.ts";
import { DEFAULT_GIT_LIMITS } from "./limits.ts";
import { packet, packets } from "./pkt-line.ts";
import type { Discovery } from "./ref-listing.ts";
import { resolveRevision, type GitRequest } from "./resolve.ts";
import { serveTestRepository } from "./testing/index.ts";

const { signal } = new AbortController();
const HASH = "a".repeat(40);
const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of open.splice(0).reverse()) await each[Symbol.asyncDispose]();
});

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => unknown): Promise<TestServer> {
  const server = await startTestServer(answer);
  open.push(server);
  return server;
}

async function failureAt(url: string, more: Partial<GitRequest> = {}): Promise<ToolkitError> {
  const http = createHttpClient({ redirects: "any-host" });
  try {
    return await failureOf(checkOut(http, { url, ref: { branch: "main" }, ...more }, undefined, signal));
  } finally {
    http.close();
  }
}

const advertisement = packets(packet("version 2\n"), packet("ls-refs=unborn\n"), packet("fetch=shallow\n"), packet("object-format=sha1\n"), "0000");
const oneRef = packets(packet(`${HASH} refs/heads/main\n`), "0000");

/** A server that answers discovery and listing rightly, and a fetch with what a test says. */
function fetching(body: Uint8Array): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    let sent = "";
    request.on("data", (chunk: Buffer) => (sent += chunk.toString("latin1")));
    request.on("end", () => {
      const isDiscovery = request.url?.includes("info/refs") === true;
      response.writeHead(200, { "content-type": `application/x-git-upload-pack-${isDiscovery ? "advertisement" : "result"}` });
      response.end(isDiscovery ? advertisement : sent.includes("command=ls-refs") ? oneRef : body);
    });
  };
}

describe("a server that is not as it should be", () => {
  const statuses: readonly (readonly [number, string, string])[] = [
    [401, "denied", "authentication required: say please"],
    [403, "denied", "authorization failed: say please"],
    [404, "missing", "repository not found: say please"],
    [429, "throttled", 'unexpected client error: unexpected requesting "URL/info/refs?service=git-upload-pack" status code: 429, body: "say please"'],
    [500, "unavailable", 'unexpected client error: unexpected requesting "URL/info/refs?service=git-upload-pack" status code: 500, body: "say please"'],
  ];
  it.each(statuses)("answers %i", async (status, kind, message) => {
    const { url } = await serve((_, response) => response.writeHead(status, { "retry-after": "7" }).end("say\n\x1bplease"));
    const failure = await failureAt(`${url.href}r.git`);
    expect([failure.kind, failure.message]).toEqual([kind, `unable to clone '${url.href}r.git': ${message.replace("URL", `${url.href}r.git`)}`]);
    expect(failure.retryAfterMs).toBe(status < 429 ? undefined : 7000);
  });

  it("answers with a page", async () => {
    const { url } = await serve((_, response) => response.writeHead(200, { "content-type": "text/html" }).end("<html>sign in</html>"));
    const failure = await failureAt(`${url.href}r.git`);
    expect([failure.kind, failure.message]).toEqual([
      "invalid",
      `unable to clone '${url.href}r.git': the server does not answer as a Git server: its content type is "text/html"`,
    ]);
  });

  const lies: Readonly<Record<string, readonly [Uint8Array, string, string]>> = {
    "no object": [packets(packet(`ERR upload-pack: not our ref ${HASH}\n`)), "missing", `remote: upload-pack: not our ref ${HASH}`],
    "its own failure": [packets(packet("packfile\n"), packet("\x03fatal: out of memory\n"), "0000"), "unavailable", "remote: fatal: out of memory"],
    "half a packet": [packets(packet("packfile\n"), "0100\x01PACK"), "unavailable", "unexpected EOF"],
    "no pack": [packets(packet("packfile\n"), "0000"), "corrupt", "malformed pack: it has no valid head"],
    nothing: [Buffer.alloc(0), "unavailable", "unexpected EOF"],
    "what is no packet": [Buffer.from("<html>"), "corrupt", 'invalid pkt-len "<htm"'],
  };
  it.each(Object.entries(lies))("sends %s in answer to a fetch", async (_, [body, kind, message]) => {
    const { url } = await serve(fetching(body));
    const failure = await failureAt(`${url.href}r.git`);
    expect([failure.kind, failure.message]).toEqual([kind, expect.stringContaining(message)]);
    expect(failure.message).toContain(`unable to clone '${url.href}r.git': `);
  });

  it("breaks off while it says what it speaks", async () => {
    const cutOff = packets(packet("version 2\n"), "0100ls-refs");
    const { url } = await serve((_, response) => response.writeHead(200, { "content-type": "application/x-git-upload-pack-advertisement" }).end(cutOff));
    const failure = await failureAt(`${url.href}r.git`);
    const said = `Get "${url.href}r.git/info/refs?service=git-upload-pack": unexpected EOF`;
    expect([failure.kind, failure.message]).toEqual(["unavailable", `unable to clone '${url.href}r.git': ${said}`]);
  });

  it("sends another commit than the one it named", async () => {
    await using served = await serveTestRepository();
    await served.repository.commit({ files: { a: "1" } });
    const http = createHttpClient();
    const resolved = await resolveRevision(http, { url: served.url, ref: { branch: "main" } }, signal);
    const lied = { ...resolved, commit: HASH, revision: `main@sha1:${HASH}` };
    await expect(checkOut(http, { url: served.url, ref: { branch: "main" } }, lied, signal)).rejects.toThrow(
      `the server answered commit ${resolved.commit} for ${HASH}`,
    );
    http.close();
  });

  it("lists refs without end", async () => {
    const { url } = await serve((request, response) => {
      const isDiscovery = request.url?.includes("info/refs") === true;
      response.writeHead(200, { "content-type": `application/x-git-upload-pack-${isDiscovery ? "advertisement" : "result"}` });
      if (isDiscovery) return response.end(advertisement);
      const page = Buffer.concat(Array.from({ length: 1000 }, (_, index) => packet(`${HASH} refs/heads/x${index}\n`)));
      const more = (): boolean => response.destroyed || (response.write(page) ? setImmediate(more) !== undefined : response.once("drain", more) !== undefined);
      return more();
    });
    const failure = await failureAt(`${url.href}r.git`, { limits: { ...DEFAULT_GIT_LIMITS, refs: 5000 } });
    expect([failure.kind, failure.message]).toEqual(["invalid", `unable to clone '${url.href}r.git': the server lists more than 5000 refs`]);
  });

  it("keeps its objects under another hash", async () => {
    const { url } = await serve((_, response) => {
      response
        .writeHead(200, { "content-type": "application/x-git-upload-pack-advertisement" })
        .end(packets(packet("version 2\n"), packet("object-format=sha256\n"), "0000"));
    });
    expect((await failureAt(`${url.href}r.git`)).message).toContain('the object format "sha256" is not supported');
  });

  it("is taken for what it is once it no longer is what an earlier run found", async () => {
    await using served = await serveTestRepository();
    const hash = await served.repository.commit({ files: { a: "1" } });
    const http = createHttpClient();
    const stale: Discovery = { version: 2, base: `${served.server.url}/moved-away.git`, capabilities: [] };
    expect((await resolveRevision(http, { url: served.url, ref: { branch: "main" }, discovery: stale }, signal)).commit).toBe(hash);
    http.close();
  });
});

describe("credentials", () => {
  it("go to no other host than their own, wherever a redirect leads", async () => {
    const seen: (string | undefined)[] = [];
    const other = await serve((request, response) => {
      seen.push(request.headers.authorization);
      return fetching(Buffer.alloc(0))(request, response);
    });
    const home = await serve((request, response) => response.writeHead(302, { location: new URL(request.url ?? "/", other.url).href }).end());
    await failureAt(`${home.url.href}r.git`, { credentials: { kind: "basic", username: "ann", password: "s3cret" } });
    expect(seen.length).toBeGreaterThan(1);
    expect(seen.every((authorization) => authorization === undefined)).toBe(true);
  });

  it.each([
    ["http://a/x", "http://a/y", true],
    ["http://a/x", "https://a/y", true],
    ["https://a/x", "http://a/y", false],
    ["http://a/x", "http://b/x", false],
    ["http://a:1/x", "http://a:2/x", false],
    ["https://a/x", "https://a.b/x", false],
  ])("for %s go to %s: %s", (home, url, expected) => {
    expect(mayCarryCredentials(new URL(home), new URL(url))).toBe(expected);
  });

  it("in the address are used and shown nowhere", async () => {
    const seen: (string | undefined)[] = [];
    const { port } = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.writeHead(500).end(`http://ann:s3cret@x/`);
    });
    const failure = await failureAt(`http://ann:s3cret@127.0.0.1:${port}/r.git`);
    expect(seen).toEqual([`Basic ${Buffer.from("ann:s3cret").toString("base64")}`]);
    expect(failure.message).not.toContain("s3cret");
  });
});

describe("a ref name that no ref can have", () => {
  const names = ["../../x", "--upload-pack=touch /tmp/x", "a b", "a\nwant", "a..b", "x.lock", "/a", "a//b", "a~1", "@{u}", "a\\b"];
  it.each(names)("%j is refused before anything is sent", async (branch) => {
    const server = await serve((_, response) => response.end());
    const failure = await failureAt(`${server.url.href}r.git`, { ref: { branch } });
    expect([failure.kind, failure.message]).toEqual(["invalid", `invalid reference name ${JSON.stringify(branch)}`]);
    expect(server.requests).toEqual([]);
  });
});

it("asks again on a new connection when the kept one was closed meanwhile", async () => {
  const lapsed = new Set<unknown>();
  const used = new Set<unknown>();
  const { url } = await serve((request, response) => {
    if (lapsed.has(request.socket)) return request.socket.destroy();
    used.add(request.socket);
    return fetching(Buffer.alloc(0))(request, response);
  });
  const http = createHttpClient();
  const request = { url: `${url.href}r.git`, ref: { branch: "main" } };
  const { discovery } = await resolveRevision(http, request, signal);
  for (const socket of used) lapsed.add(socket);
  const again = await resolveRevision(http, { ...request, ...(discovery !== undefined && { discovery }) }, signal);
  expect(again.commit).toBe(HASH);
  http.close();
});

it("goes through a proxy, with the proxy's own credential", async () => {
  await using served = await serveTestRepository();
  await served.repository.commit({ files: { a: "1" } });
  const seen: string[] = [];
  const proxy = await serve((request, response) => {
    seen.push(`${request.headers["proxy-authorization"]} ${new URL(request.url ?? "").pathname}`);
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", async () => {
      const answer = await fetch(request.url ?? "", {
        method: request.method ?? "GET",
        headers: { "git-protocol": "version=2" },
        ...(request.method === "POST" && { body: Buffer.concat(chunks) }),
      });
      response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" }).end(Buffer.from(await answer.arrayBuffer()));
    });
  });
  const own = parseProxy(proxy.url.href, { username: "ann", password: "pr0xy" });
  const http = createHttpClient({ proxy: () => own });
  const checkout = await checkOut(http, { url: served.url, ref: { branch: "main" } }, undefined, signal);
  expect([...checkout.entries()].map(({ path }) => path)).toEqual(["a"]);
  const basic = `Basic ${Buffer.from("ann:pr0xy").toString("base64")}`;
  expect(seen).toEqual([`${basic} /repository.git/info/refs`, `${basic} /repository.git/git-upload-pack`, `${basic} /repository.git/git-upload-pack`]);
  http.close();
});
