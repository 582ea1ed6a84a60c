import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { generate } from "selfsigned";
import { failureOf } from "@plumb/std/testing";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { HttpClient, HttpRequest } from "./http-client.ts";
import { createHttpClient, type HttpClientOptions } from "./node-http-client.ts";
import { parseProxy } from "./proxy.ts";
import { discard, readAll } from "./read-all.ts";
import { startFaultProxy, startTestServer, type TestServer } from "./testing/index.ts";

const { signal } = new AbortController();
const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each[Symbol.asyncDispose]();
});
function using<T extends AsyncDisposable>(resource: T): T {
  open.push(resource);
  return resource;
}
function client(options: HttpClientOptions = {}): HttpClient {
  const made = createHttpClient(options);
  using({ [Symbol.asyncDispose]: async () => made.close() });
  return made;
}
const server = async (...args: Parameters<typeof startTestServer>): Promise<TestServer> => using(await startTestServer(...args));
const get = (url: URL | string, more: Partial<HttpRequest> = {}): HttpRequest => ({ method: "GET", url: new URL(url), signal, ...more });
async function textOf(http: HttpClient, request: HttpRequest): Promise<string> {
  return Buffer.from(await readAll(await http.send(request), 1_000_000, signal)).toString();
}
describe("HttpClient", () => {
  it("sends method, headers and body, and gives status, headers and body", async () => {
    const { url } = await server((request, response) => {
      request.on("data", (chunk: Buffer) =>
        response.writeHead(201, { "X-Many": ["a", "b"], "Set-Cookie": ["c", "d"] }).end(`${request.method} ${request.headers["x-in"]} ${chunk}`),
      );
    });
    const response = await client().send({ method: "POST", url: new URL("/p?q=1", url), headers: { "x-in": "v" }, body: "body", signal });
    expect([response.status, response.headers["x-many"], response.headers["set-cookie"]]).toEqual([201, "a, b", "c, d"]);
    expect(Buffer.from(await readAll(response, 100, signal)).toString()).toBe("POST v body");
  });

  it("keeps the case and the escapes of a path", async () => {
    const made = await server((_, response) => response.end());
    await discard(await client().send(get(new URL("/api/MyTeam:Admin%2Fx?a=%20b", made.url))));
    expect(made.requests).toEqual(["GET /api/MyTeam:Admin%2Fx?a=%20b"]);
  });

  it("uses one connection for many requests in a row", async () => {
    const made = await server((_, response) => response.end("x"));
    const http = client();
    for (let round = 0; round < 20; round++) await textOf(http, get(made.url));
    expect(made.connectionCount()).toBe(1);
  });

  it("uses the connection again after an answer without a body that nobody read", async () => {
    const made = await server((_, response) => response.writeHead(204).end());
    const http = client();
    for (let round = 0; round < 5; round++) {
      await http.send(get(made.url));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(made.connectionCount()).toBeLessThan(5);
  });

  it("asks again on a new connection when a kept one was closed meanwhile, but never sends a POST twice", async () => {
    const made = await server((_, response) => response.end("x"));
    const proxy = using(await startFaultProxy({ port: made.port }));
    const http = client();
    await textOf(http, get(proxy.url));
    proxy.set({ kind: "reset", afterBytes: 0 });
    const posted = await failureOf(http.send({ ...get(proxy.url), method: "POST" }));
    expect(posted.kind).toBe("unavailable");
    expect(made.requests).toHaveLength(1);
  });

  it("sends a POST again on a new connection only where its caller says that this does no harm", async () => {
    const used = new Set<unknown>();
    const { url } = await server((request, response) => {
      if (used.has(request.socket)) return void request.socket.destroy();
      used.add(request.socket);
      response.end("x");
    });
    const http = client();
    await textOf(http, get(url));
    expect((await failureOf(http.send({ ...get(url), method: "POST" }))).kind).toBe("unavailable");
    await textOf(http, get(url));
    expect(await textOf(http, { ...get(url), method: "POST", isRepeatable: true })).toBe("x");
  });

  it("turns a credential in the URL into a header and shows it nowhere", async () => {
    const { port } = await server((request, response) => response.end(request.headers.authorization));
    const response = await client().send(get(`http://me:p%40ss@127.0.0.1:${port}/`));
    expect(Buffer.from(await readAll(response, 100, signal)).toString()).toBe(`Basic ${Buffer.from("me:p@ss").toString("base64")}`);
    expect(response.url.href).not.toContain("me");
  });

  it("says in Go's words that nobody listens, without the credential", async () => {
    const made = await startTestServer(() => {});
    await made.close();
    const error = await failureOf(client().send(get(`http://user:secret@127.0.0.1:${made.port}/a?access_token=secret`)));
    expect(error).toMatchObject({
      kind: "unavailable",
      message: `Get "http://127.0.0.1:${made.port}/a?access_token=REDACTED": dial tcp 127.0.0.1:${made.port}: connect: connection refused`,
    });
  });

  it("says that a name does not exist", async () => {
    const error = await failureOf(client().send(get("http://none.invalid/")));
    expect(error.kind).toBe("unavailable");
    expect(error.message).toMatch(/^Get "http:\/\/none\.invalid\/": dial tcp: lookup none\.invalid: (no such host|server misbehaving)$/);
  });

  it("refuses a header that would begin another one, without showing what is in it", async () => {
    const made = await server((_, response) => response.end());
    const error = await failureOf(client().send(get(made.url, { headers: { authorization: "Bearer secret\r\nx-evil: 1" } })));
    expect([error.kind, error.message]).toEqual(["invalid", `Get "${made.url.href}": Invalid character in header content ["authorization"]`]);
    expect(made.requests).toEqual([]);
  });

  it("refuses requests once it is closed, and leaves those under way alone", async () => {
    const { url } = await server((_, response) => response.end("late"));
    const http = createHttpClient();
    const response = await http.send(get(url));
    http.close();
    expect(Buffer.from(await readAll(response, 10, signal)).toString()).toBe("late");
    expect((await failureOf(http.send(get(url)))).message).toContain("the client is closed");
  });
});

describe("limits", () => {
  it("gives up when the headers do not come", async () => {
    const { url } = await server(() => {});
    const error = await failureOf(client().send(get(url, { headersTimeoutMs: 50 })));
    expect([error.kind, error.message]).toEqual(["unavailable", `Get "${url.href}": net/http: timeout awaiting response headers`]);
  });

  it("gives up on a body that stops coming, and not on a reader that is slow", async () => {
    const { url } = await server((_, response) => void response.write("start"));
    const response = await client().send(get(url, { idleTimeoutMs: 100 }));
    const chunks = response.body[Symbol.asyncIterator]();
    await chunks.next();
    await new Promise((resolve) => setTimeout(resolve, 250));
    const { url: quick } = await server((_, answer) => answer.write("a", () => setTimeout(() => answer.end("b"), 20)));
    const slow = (await client().send(get(quick, { idleTimeoutMs: 100 }))).body[Symbol.asyncIterator]();
    await slow.next();
    await new Promise((resolve) => setTimeout(resolve, 250));
    expect(Buffer.from((await slow.next()).value ?? "").toString()).toBe("b");
    expect((await failureOf(chunks.next())).message).toContain("i/o timeout");
  });

  it("closes the connection of an answer that nobody reads", async () => {
    let closed = Promise.resolve<unknown>(undefined);
    const { url } = await server((_, response) => {
      closed = once(response, "close");
      response.write("x");
    });
    await client().send(get(url, { idleTimeoutMs: 50 }));
    await closed;
  });

  it("stops at the first byte over the limit, with or without a length announced", async () => {
    const { url } = await server((request, response) =>
      request.url === "/long" ? response.end("x".repeat(1000)) : (response.write("x".repeat(500)), response.end("x".repeat(500))),
    );
    for (const path of ["/long", "/chunked"]) {
      const response = await client().send(get(new URL(path, url)));
      const error = await failureOf(readAll(response, 999, signal));
      expect([error.kind, error.message]).toEqual(["invalid", `response of ${url.origin}${path} is larger than the limit of 999 bytes`]);
      expect(await readAll(await client().send(get(new URL(path, url))), 1000, signal)).toHaveLength(1000);
    }
  });

  it("stops at once when it is told to: before, while waiting and while reading", async () => {
    const { url } = await server((request, response) => void (request.url === "/body" ? response.write("x") : undefined));
    const before = AbortSignal.abort();
    expect((await failureOf(client().send(get(url, { signal: before })))).kind).toBe("cancelled");
    const stop = new AbortController();
    const waiting = client().send(get(url, { signal: stop.signal }));
    setTimeout(() => stop.abort(), 20);
    expect((await failureOf(waiting)).kind).toBe("cancelled");
    const stopBody = new AbortController();
    const response = await client().send(get(new URL("/body", url), { signal: stopBody.signal }));
    setTimeout(() => stopBody.abort(), 20);
    expect((await failureOf(readAll(response, 10, signal))).kind).toBe("cancelled");
  });

  it("calls a deadline unavailable", async () => {
    const { url } = await server(() => {});
    const error = await failureOf(client().send(get(url, { signal: AbortSignal.timeout(30) })));
    expect([error.kind, error.message]).toEqual(["unavailable", `Get "${url.href}": context deadline exceeded`]);
  });

  it("leaves no listener on a signal that lives long", async () => {
    const { url } = await server((_, response) => response.end("x"));
    const stop = new AbortController();
    let listeners = 0;
    const add = stop.signal.addEventListener.bind(stop.signal),
      remove = stop.signal.removeEventListener.bind(stop.signal);
    stop.signal.addEventListener = (...args: Parameters<typeof add>) => void ((listeners += 1), add(...args));
    stop.signal.removeEventListener = (...args: Parameters<typeof remove>) => void ((listeners -= 1), remove(...args));
    const http = client();
    for (let round = 0; round < 5; round++) await textOf(http, get(url, { signal: stop.signal }));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(listeners).toBe(0);
  });
});

describe("faults on the way", () => {
  async function faulty(fault: Parameters<Awaited<ReturnType<typeof startFaultProxy>>["set"]>[0]): Promise<URL> {
    const { port } = await server((_, response) => response.end("x".repeat(100_000)));
    const proxy = using(await startFaultProxy({ port }));
    proxy.set(fault);
    return proxy.url;
  }
  const long = { headersTimeoutMs: 60_000, idleTimeoutMs: 60_000 };

  it.each([
    ["a reset at once", { kind: "reset", afterBytes: 0 }, /read: connection reset by peer|EOF/],
    ["a reset in the body", { kind: "reset", afterBytes: 1000 }, /read: connection reset by peer|unexpected EOF/],
    ["an early end", { kind: "truncate", afterBytes: 1000 }, /unexpected EOF/],
    ["an end before any byte", { kind: "truncate", afterBytes: 0 }, /EOF/],
    ["a black hole", { kind: "black-hole" }, /timeout awaiting response headers/],
  ] as const)("%s is unavailable and named", async (_, fault, words) => {
    const limits = fault.kind === "black-hole" ? { headersTimeoutMs: 300 } : long;
    const error = await failureOf(textOf(client(), get(await faulty(fault), limits)));
    expect(error.kind).toBe("unavailable");
    expect(error.message).toMatch(words);
    expect(error.message).toMatch(/^Get "http:/);
  });

  it("an answer that trickles arrives whole", async () => {
    expect(await textOf(client(), get(await faulty({ kind: "slow-drip", bytes: 20_000, everyMs: 5 }), long))).toHaveLength(100_000);
    expect(await textOf(client(), get(await faulty({ kind: "latency", ms: 50 }), long))).toHaveLength(100_000);
  });

  it("a status is an answer", async () => {
    const response = await client().send(get(await faulty({ kind: "status", status: 429, headers: { "retry-after": "3" } })));
    expect([response.status, response.headers["retry-after"]]).toEqual([429, "3"]);
  });

  it("gives no stack for an answer that is not HTTP", async () => {
    const raw = (await import("node:net")).createServer((socket) => socket.end("SSH-2.0-OpenSSH\r\n"));
    raw.listen(0, "127.0.0.1");
    await once(raw, "listening");
    const { port } = raw.address() as AddressInfo; // why: a server that listens on TCP has this form of address
    const error = await failureOf(client().send(get(`http://127.0.0.1:${port}/`)));
    expect(error.message).toContain("malformed HTTP response");
    raw.close();
  });
});

describe("redirects", () => {
  it("are followed on the same host, ten times and no more", async () => {
    const made = await server((request, response) => {
      const count = Number(request.url?.slice(1));
      if (count === 0) response.end("there");
      else response.writeHead(302, { location: `/${count - 1}` }).end("moved");
    });
    expect(await textOf(client(), get(new URL("/10", made.url)))).toBe("there");
    expect(made.connectionCount()).toBe(1);
    expect((await failureOf(client().send(get(new URL("/11", made.url))))).message).toBe(`Get "${made.url.href}11": stopped after 10 redirects`);
  });

  it("never bring a credential to another host", async () => {
    const other = await server((request, response) => response.end(JSON.stringify(request.headers)));
    const { url } = await server((_, response) => response.writeHead(307, { location: other.url.href }).end());
    const request = get(url, { headers: { authorization: "Bearer secret", "private-token": "secret" } });
    expect(await failureOf(client().send(request))).toMatchObject({
      kind: "denied",
      message: `Get "${url.href}": redirect from ${url.href} to ${other.url.href} is not allowed: it leads to another host`,
    });
    expect(other.requests).toEqual([]);
    expect(await textOf(client({ redirects: "any-host" }), request)).not.toContain("secret");
  });

  it("never lead to an address that is refused", async () => {
    const { url } = await server((_, response) => response.writeHead(302, { location: "http://169.254.169.254/latest" }).end());
    expect(await failureOf(client({ redirects: "any-host" }).send(get(url)))).toMatchObject({ kind: "denied" });
  });
});

describe("addresses", () => {
  it.each(["http://169.254.169.254/", "http://[fd00:ec2::254]/", "http://2852039166/"])("%s is never connected to", async (url) => {
    expect(await failureOf(client().send(get(url)))).toMatchObject({ kind: "denied", message: expect.stringContaining("cloud metadata") });
  });

  it("a name that resolves to a refused address is not connected to", async () => {
    const made = await server((_, response) => response.end());
    const http = client({ addresses: { allowsLoopback: false, allowsLinkLocal: true, allowsPrivate: true } });
    for (const host of ["localhost", "127.0.0.1"]) expect(await failureOf(http.send(get(`http://${host}:${made.port}/`)))).toMatchObject({ kind: "denied" });
    expect(made.connectionCount()).toBe(0);
  });
});

describe("TLS", () => {
  let ca: { cert: string; key: string };
  let leaf: { cert: string; key: string };
  let person: { cert: string; key: string };
  const issue = async (name: string, altNames: readonly object[]): Promise<{ cert: string; key: string }> => {
    const made = await generate([{ name: "commonName", value: name }], {
      ca: { key: ca.key, cert: ca.cert },
      algorithm: "sha256",
      keySize: 2048,
      extensions: [
        { name: "basicConstraints", cA: false },
        { name: "subjectAltName", altNames: [...altNames] },
      ],
    } as Parameters<typeof generate>[1]); // why: the library's types lag behind its options
    return { cert: made.cert, key: made.private };
  };
  beforeAll(async () => {
    const root = await generate([{ name: "commonName", value: "test ca" }], {
      algorithm: "sha256",
      keySize: 2048,
      extensions: [
        { name: "basicConstraints", cA: true, critical: true },
        { name: "keyUsage", keyCertSign: true, cRLSign: true },
      ],
    } as Parameters<typeof generate>[1]); // why: as above
    ca = { cert: root.cert, key: root.private };
    leaf = await issue("leaf", [
      { type: 7, ip: "127.0.0.1" },
      { type: 2, value: "named.test" },
    ]);
    person = await issue("person", [{ type: 2, value: "person" }]);
  });

  it.each(["append", "alone"] as const)("trusts the CA it is given (%s)", async (caMode) => {
    const { url } = await server((_, response) => response.end("secure"), leaf);
    expect(await textOf(client({ tls: { ca: ca.cert, caMode } }), get(url))).toBe("secure");
  });

  it("trusts nobody else, in Go's words", async () => {
    const { url } = await server((_, response) => response.end(), leaf);
    expect(await failureOf(client().send(get(url)))).toMatchObject({
      kind: "unavailable",
      message: `Get "${url.href}": tls: failed to verify certificate: x509: certificate signed by unknown authority`,
    });
  });

  it("wants the certificate to bear the host's name", async () => {
    const { url } = await server((_, response) => response.end("x"), person);
    const error = await failureOf(client({ tls: { ca: ca.cert } }).send(get(url)));
    expect(error.message).toBe(`Get "${url.href}": tls: failed to verify certificate: x509: certificate is not valid for 127.0.0.1`);
    expect(await textOf(client({ tls: { ca: ca.cert, serverName: "person" } }), get(url))).toBe("x");
  });

  it("shows a client certificate, and says that one is missing", async () => {
    const { url } = await server((_, response) => response.end("known"), { ...leaf, ca: ca.cert, requestCert: true, rejectUnauthorized: true });
    expect(await textOf(client({ tls: { ca: ca.cert, certificate: person.cert, key: person.key } }), get(url))).toBe("known");
    expect(await failureOf(client({ tls: { ca: ca.cert } }).send(get(url)))).toMatchObject({ kind: "unavailable" });
  });

  it("speaks TLS 1.2 at least", async () => {
    const { url } = await server((_, response) => response.end(), { ...leaf, minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" });
    expect((await failureOf(client({ tls: { ca: ca.cert } }).send(get(url)))).kind).toBe("unavailable");
  });

  it("is not switched off by the environment", async () => {
    const { url } = await server((_, response) => response.end("x"), leaf);
    process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
    try {
      expect((await failureOf(client().send(get(url)))).message).toContain("unknown authority");
      expect(await textOf(client({ tls: { skipsVerification: true } }), get(url))).toBe("x");
    } finally {
      delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"];
    }
  });

  it("says that the server speaks no TLS", async () => {
    const { port } = await server((_, response) => response.end());
    expect((await failureOf(client().send(get(`https://127.0.0.1:${port}/`)))).message).toContain("server gave HTTP response to HTTPS client");
  });

  it.each([
    ["a CA that is none", { ca: "garbage" }, "the CA holds no certificate"],
    ["a CA that is broken", { ca: "-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----" }, "cannot be read"],
    ["a certificate without key", { certificate: "x" }, "needs both"],
    ["a certificate that is none", { certificate: "x", key: "y" }, "cannot be read"],
  ])("refuses %s when it is made", (_, tls, words) => {
    expect(() => createHttpClient({ tls })).toThrow(words);
  });

  it("goes through a CONNECT proxy with its credential, which the server never sees", async () => {
    const { url } = await server((request, response) => response.end(JSON.stringify(request.headers)), leaf);
    const proxy = await startConnectProxy("Basic " + Buffer.from("me:secret").toString("base64"));
    const through = client({ tls: { ca: ca.cert }, proxy: () => parseProxy(`http://me:secret@127.0.0.1:${proxy.port}`) });
    expect(await textOf(through, get(url))).not.toContain("proxy-authorization");
    await textOf(through, get(url));
    expect(proxy.connects).toEqual([url.host]);
    const wrong = client({ tls: { ca: ca.cert }, proxy: () => parseProxy(`http://me:wrong@127.0.0.1:${proxy.port}`) });
    expect(await failureOf(wrong.send(get(url)))).toMatchObject({ kind: "denied", message: `Get "${url.href}": Proxy Authentication Required` });
  });
});

it("names an address of IPv6 to a CONNECT proxy in brackets", async () => {
  const asked: (string | undefined)[] = [];
  await using proxy = createServer().on("connect", ({ url, headers }, socket) => {
    asked.push(url, headers.host);
    socket.end("HTTP/1.1 503 No Way\r\n\r\n");
  });
  proxy.listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const { port } = proxy.address() as AddressInfo; // why: a server that listens on TCP has this form of address
  const http = client({ proxy: () => parseProxy(`http://127.0.0.1:${port}`) });
  expect((await failureOf(http.send(get("https://[2001:db8::1]/")))).message).toBe('Get "https://[2001:db8::1]/": No Way');
  expect(asked).toEqual(["[2001:db8::1]:443", "[2001:db8::1]:443"]);
});

describe("a plain proxy", () => {
  it("is asked for the whole URL, with its credential", async () => {
    const made = await server((request, response) => response.end(`${request.headers.host} ${request.headers["proxy-authorization"]}`));
    const http = client({ proxy: () => parseProxy(`http://me:secret@127.0.0.1:${made.port}`) });
    expect(await textOf(http, get("http://far.example/a?b"))).toBe(`far.example Basic ${Buffer.from("me:secret").toString("base64")}`);
    expect(made.requests).toEqual(["GET http://far.example/a?b"]);
  });

  it("is no way to a metadata service", async () => {
    const made = await server((_, response) => response.end());
    const http = client({ proxy: () => parseProxy(`http://127.0.0.1:${made.port}`) });
    expect(await failureOf(http.send(get("http://169.254.169.254/")))).toMatchObject({ kind: "denied" });
    expect(await failureOf(http.send(get("http://metadata.google.internal/")))).toMatchObject({ kind: "denied" });
  });

  it("that nobody answers is named, not its credential", async () => {
    const made = await startTestServer(() => {});
    await made.close();
    const http = client({ proxy: () => parseProxy(`http://me:secret@127.0.0.1:${made.port}`) });
    for (const url of ["http://far.example/", "https://far.example/"]) {
      expect((await failureOf(http.send(get(url)))).message).toBe(`Get "${url}": dial tcp 127.0.0.1:${made.port}: connect: connection refused`);
    }
  });
});

/** A proxy that knows CONNECT only. */
async function startConnectProxy(authorization: string): Promise<{ readonly port: number; readonly connects: readonly string[] }> {
  const connects: string[] = [];
  const made: Server = createServer();
  made.on("connect", (request, socket) => {
    if (request.headers["proxy-authorization"] !== authorization) return void socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
    connects.push(request.url ?? "");
    const [host = "", port] = (request.url ?? "").split(":");
    const target = connect(Number(port), host, () => {
      socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      target.pipe(socket).pipe(target);
    });
    for (const end of [socket, target]) end.on("error", () => {});
  });
  made.listen(0, "127.0.0.1");
  await once(made, "listening");
  using({
    [Symbol.asyncDispose]: async () => {
      made.closeAllConnections();
      made.close();
    },
  });
  const { port } = made.address() as AddressInfo; // why: a server that listens on TCP has this form of address
  return { port, connects };
}
