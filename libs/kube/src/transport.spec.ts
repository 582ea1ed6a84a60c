import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { startFaultProxy } from "@plumb/http/testing";
import { generate } from "selfsigned";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createKubeClient } from "./client.ts";
import { follow } from "./follow.ts";
import type { KubeAccess } from "./kube-access.ts";
import { Transport, type Answer, type Exchange } from "./transport.ts";
import { ScriptedServer, sendJson } from "./testing/index.ts";

const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const { signal } = new AbortController();
const exchange = { method: "GET", path: "/version", headers: {}, timeoutMs: 5_000, maxBytes: 10_000, signal } satisfies Exchange;

async function certified(name: string): Promise<{ readonly certificate: string; readonly key: string }> {
  const altNames = [{ type: 2 as const, value: name }];
  const { cert, private: key } = await generate([{ name: "commonName", value: name }], {
    keyType: "ec",
    algorithm: "sha256",
    extensions: [
      { name: "basicConstraints", cA: true },
      { name: "subjectAltName", altNames },
    ],
  });
  return { certificate: cert, key };
}

describe("TLS", () => {
  let server: Server;
  let authority: string;
  let clientPair: { readonly certificate: string; readonly key: string };

  beforeAll(async () => {
    const own = await certified("api.example.com");
    clientPair = await certified("client");
    authority = own.certificate;
    server = createServer(
      { cert: own.certificate, key: own.key, ca: clientPair.certificate, requestCert: true, rejectUnauthorized: false },
      (request, response) => {
        // why: requests to an https server arrive on TLS sockets
        const socket = request.socket as TLSSocket;
        response.end(`${socket.authorized}`);
      },
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });

  afterAll(() => new Promise((resolve) => server.close(resolve)));

  async function ask(access: Partial<KubeAccess>): Promise<Answer> {
    // why: the server listens on TCP
    const { port } = server.address() as AddressInfo;
    const transport = new Transport({ server: new URL(`https://127.0.0.1:${port}`), credential: { kind: "none" }, ...access });
    closers.push(() => transport.close());
    return await transport.send(exchange);
  }

  it("trusts the authority it is given, for the name it is given", async () => {
    expect((await ask({ ca: authority, serverName: "api.example.com" })).body).toBe("false");
  });

  it("shows its client certificate", async () => {
    expect((await ask({ ca: authority, serverName: "api.example.com", clientCertificate: clientPair })).body).toBe("true");
  });

  it("connects without a check only where told so", async () => {
    expect((await ask({ isTlsUnverified: true })).status).toBe(200);
  });

  it.each<readonly [string, Partial<KubeAccess>]>([
    ["an unknown authority", { serverName: "api.example.com" }],
    ["another name", {}],
  ])("refuses %s, and sends nothing", async (why, access) => {
    const work = ask(why === "another name" ? { ca: authority } : access);
    await expect(work).rejects.toMatchObject({
      kind: "denied",
      phase: "connect",
      message: expect.stringMatching(/^GET 127\.0\.0\.1:\d+\/version: the server's certificate is not trusted: /),
    });
  });

  it("names the server whose certificates cannot be read", () => {
    const access: KubeAccess = { server: new URL("https://10.0.0.1:6443"), credential: { kind: "none" }, clientCertificate: { certificate: "x", key: "y" } };
    expect(() => new Transport(access)).toThrow("server 10.0.0.1:6443: certificate authority, client certificate or client key cannot be read");
    expect(() => new Transport({ ...access, server: new URL("ftp://10.0.0.1") })).toThrow("server ftp://10.0.0.1: neither http nor https");
  });
});

describe("streams", () => {
  async function streaming(script: ScriptedServer["script"]): Promise<{ server: ScriptedServer; transport: Transport }> {
    const server = new ScriptedServer(script);
    await server.listen();
    const transport = new Transport(server.access);
    closers.push(
      () => server.close(),
      () => transport.close(),
    );
    return { server, transport };
  }

  it("are given up when no byte comes, but not while the reader is busy", async () => {
    const { transport } = await streaming((_, response) => void response.write("a\nb\n"));
    const { lines } = await transport.stream(exchange, 500);
    expect((await lines.next()).value).toEqual(["a", "b"]);
    await new Promise((done) => setTimeout(done, 1_500));
    await expect(lines.next()).rejects.toMatchObject({ kind: "unavailable", phase: "body", message: expect.stringContaining("no byte for 500 ms") });
  });

  it("are refused when a line is too long", async () => {
    const { transport } = await streaming((_, response) => void response.write("x".repeat(20_000)));
    const { lines } = await transport.stream(exchange, 5_000);
    await expect(lines.next()).rejects.toMatchObject({ kind: "invalid", message: expect.stringContaining("a line is longer than 10000 bytes") });
  });

  it("keep their connection when they end by themselves, and close it when they are left", async () => {
    const { server, transport } = await streaming(({ url }, response) => {
      response.write("a\n");
      if (url === "/version") response.end();
    });
    for (let time = 1; time <= 3; time++) for await (const _ of (await transport.stream(exchange, 5_000)).lines);
    expect(server.connections).toBe(1);
    const left = await transport.stream({ ...exchange, path: "/endless" }, 5_000);
    await left.lines.next();
    await left.lines.return();
    await transport.stream(exchange, 5_000);
    expect(server.connections).toBe(2);
  });
});

describe("a network that swallows everything and says nothing", () => {
  it("is noticed by a request's deadline, and the next request takes another connection", async () => {
    const server = new ScriptedServer((_, response) => sendJson(response, 200, {}));
    await server.listen();
    const proxy = await startFaultProxy({ port: server.port });
    const transport = new Transport({ server: proxy.url, credential: { kind: "none" } });
    closers.push(
      () => server.close(),
      () => proxy.close(),
      () => transport.close(),
    );
    await transport.send(exchange);
    proxy.set({ kind: "black-hole" });
    await expect(transport.send({ ...exchange, timeoutMs: 100 })).rejects.toMatchObject({ kind: "unavailable" });
    proxy.set({ kind: "none" });
    expect((await transport.send(exchange)).status).toBe(200);
    expect(proxy.connectionCount()).toBe(2);
  });

  it("costs a watch its connection and no event", async () => {
    let version = 5;
    const object = (): object => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: `v${version}`, uid: "u", resourceVersion: `${version}` } });
    const server = new ScriptedServer(({ url }, response) => {
      if (!url.includes("watch=true"))
        return sendJson(response, 200, { kind: "ConfigMapList", apiVersion: "v1", metadata: { resourceVersion: "5" }, items: [] });
      const from = Number(new URL(url, "http://x").searchParams.get("resourceVersion"));
      response.writeHead(200);
      response.flushHeaders();
      if (from < version) response.write(`${JSON.stringify({ type: "ADDED", object: object() })}\n`);
      return undefined;
    });
    await server.listen();
    const proxy = await startFaultProxy({ port: server.port });
    const client = createKubeClient({ access: { server: proxy.url, credential: { kind: "none" } }, watchIdleMs: 1_000 });
    const stop = new AbortController();
    closers.push(
      () => server.close(),
      () => proxy.close(),
      () => client.close(),
      () => stop.abort(),
    );
    const deltas = follow({ client, resource: { group: "", version: "v1", plural: "configmaps" } }, stop.signal);
    expect((await deltas.next()).value).toMatchObject({ kind: "replaced" });
    let next = deltas.next();
    await expect.poll(() => server.seen.length).toBeGreaterThanOrEqual(2);
    proxy.set({ kind: "black-hole" });
    version = 6;
    setTimeout(() => proxy.set({ kind: "none" }), 300);
    // A machine that is busy may find the network still silent, and list once more.
    while ((await next).value?.kind === "replaced") next = deltas.next();
    expect((await next).value).toMatchObject({ kind: "put", item: { metadata: { name: "v6" } } });
  });
});
