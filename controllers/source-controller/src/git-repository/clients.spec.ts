import { resolveRevision } from "@plumb/git";
import { startTestServer, type TestServer } from "@plumb/http/testing";
import type { ToolkitError } from "@plumb/std";
import { generate } from "selfsigned";
import { failureOf } from "@plumb/std/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { GitAccess } from "./access.ts";
import { GitClients } from "./clients.ts";

const { signal } = new AbortController();
let pem: { readonly private: string; readonly cert: string };
let server: TestServer;
let clients: GitClients;

beforeAll(async () => {
  pem = await generate([{ name: "commonName", value: "127.0.0.1" }], {
    extensions: [
      { name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] },
      { name: "basicConstraints", cA: true },
    ],
  });
  server = await startTestServer((_, response) => response.writeHead(401).end(), { key: pem.private, cert: pem.cert });
  clients = new GitClients({});
});
afterAll(async () => {
  clients.close();
  await server.close();
});

function refusalOf(access: GitAccess): Promise<ToolkitError> {
  const url = `${server.url.href}r.git`;
  return failureOf(resolveRevision(clients.get(access), { url, ref: { branch: "main" } }, signal));
}

describe("a client for a repository", () => {
  it("trusts the authority of its secret, and no other", async () => {
    expect((await refusalOf({})).message).toContain("x509: certificate signed by unknown authority");
    expect((await refusalOf({ tls: { ca: pem.cert } })).message).toContain("authentication required");
  });

  it("says what is wrong with a certificate", () => {
    expect(() => clients.get({ tls: { ca: "nonsense" } })).toThrow();
    expect(() => clients.get({ tls: { certificate: pem.cert, key: "nonsense" } })).toThrow("tls: the client certificate or its key cannot be read");
  });

  it("refuses a proxy that it cannot use", () => {
    expect(() => clients.get({ proxy: { address: "socks5://proxy:1080", username: "", password: "" } })).toThrow('proxy scheme "socks5" is not supported');
  });

  it("is the same for the same settings, whatever the credentials", () => {
    const one = clients.get({ credentials: { kind: "bearer", token: "a" } });
    expect(clients.get({ credentials: { kind: "bearer", token: "b" } })).toBe(one);
    expect(clients.get({ tls: { ca: pem.cert } })).not.toBe(one);
  });

  it("is closed when a hundred others were used since", () => {
    const many = new GitClients({});
    const first = many.get({});
    for (let port = 1; port <= 100; port++) many.get({ proxy: { address: `http://127.0.0.1:${port}`, username: "", password: "" } });
    expect(many.get({})).not.toBe(first);
    many.close();
  });
});
