import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createPlainServer } from "node:http";
import { createServer, type Server } from "node:https";
import { connect, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import type { Clock } from "@plumb/std";
import { generate } from "selfsigned";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createKubeClient, type KubeConnection } from "./index.ts";
import type { KubeAccess } from "./kube-access.ts";

interface Pair {
  readonly certificate: string;
  readonly key: string;
}

const { signal } = new AbortController();
const name = { resource: { group: "", version: "v1", plural: "configmaps" }, namespace: "apps", name: "a" };
const folder = mkdtempSync(join(tmpdir(), "plumb-certificate-"));
const file = join(folder, "client.pem");

/** Answers with the common name of the client; 401 for any but `admitted`. */
let server: Server;
let admitted: string;
let authority: string;
let pairs: { readonly first: Pair; readonly second: Pair };
let monotonicMs: number;
let client: KubeConnection | undefined;

async function certified(commonName: string): Promise<Pair> {
  const { cert, private: key } = await generate([{ name: "commonName", value: commonName }], {
    keyType: "ec",
    algorithm: "sha256",
    extensions: [
      { name: "basicConstraints", cA: true },
      { name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] },
    ],
  });
  return { certificate: cert, key };
}

beforeAll(async () => {
  const own = await certified("server");
  authority = own.certificate;
  pairs = { first: await certified("first"), second: await certified("second") };
  server = createServer({ cert: own.certificate, key: own.key, requestCert: true, rejectUnauthorized: false }, (request, response) => {
    // why: requests to an https server arrive on TLS sockets
    const { CN } = (request.socket as TLSSocket).getPeerCertificate().subject;
    const isAdmitted = CN === admitted;
    response.writeHead(isAdmitted ? 200 : 401, { "content-type": "application/json" });
    response.end(
      JSON.stringify(isAdmitted ? { metadata: { name: "a", uid: CN, resourceVersion: "1" } } : { kind: "Status", code: 401, message: "Unauthorized" }),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  monotonicMs = 0;
  admitted = "first";
  write(pairs.first);
});
afterEach(() => client?.close());

/** As the kubelet keeps them, so that they change at the same time. */
function together(certificate: string, key: string): string {
  return `${certificate}\n${key}\n`;
}

function write({ certificate, key }: Pair): void {
  writeFileSync(file, together(certificate, key));
}

function open(access: Partial<KubeAccess> = {}): KubeConnection {
  // why: the server listens on TCP
  const { port } = server.address() as AddressInfo;
  const pem = together(pairs.first.certificate, pairs.first.key);
  const clock: Clock = { nowMs: () => 0, monotonicMs: () => monotonicMs, after: () => ({ cancel: () => undefined }) };
  client = createKubeClient({
    clock,
    access: {
      server: new URL(`https://127.0.0.1:${port}`),
      ca: authority,
      credential: { kind: "none" },
      clientCertificate: { certificate: pem, key: pem, files: { certificate: file, key: file } },
      ...access,
    },
  });
  return client;
}

const whoami = async (asked: KubeConnection): Promise<string | undefined> => (await asked.get(name, { signal }))?.metadata.uid;

describe("a client certificate in files", () => {
  it("is read again at once when the server refuses it, by all that are refused at the same time", async () => {
    const asked = open();
    expect(await whoami(asked)).toBe("first");
    admitted = "second";
    write(pairs.second);
    expect(await Promise.all([whoami(asked), whoami(asked), whoami(asked)])).toEqual(["second", "second", "second"]);
  });

  it("is read again every minute, before anything is refused", async () => {
    const asked = open();
    await whoami(asked);
    write(pairs.second);
    await expect(whoami(asked)).resolves.toBe("first");
    monotonicMs = 60_000;
    await expect(whoami(asked)).rejects.toMatchObject({ kind: "denied", message: "Unauthorized" }); // the second is shown, and not admitted
  });

  it.each<readonly [string, () => void]>([
    ["is gone", () => rmSync(file)],
    ["is half written", () => writeFileSync(file, pairs.second.certificate)],
    ["has the key of another", () => writeFileSync(file, together(pairs.second.certificate, pairs.first.key))],
  ])("stays in use while the file %s", async (_, break_) => {
    const asked = open();
    break_();
    monotonicMs = 60_000;
    expect(await whoami(asked)).toBe("first");
  });

  it("is refused as it was when there is no other", async () => {
    admitted = "nobody";
    await expect(whoami(open())).rejects.toMatchObject({ kind: "denied", message: "Unauthorized" });
  });
});

describe("a proxy", () => {
  it("is asked for a way to the server, which sees the client's certificate through it", async () => {
    const targets: (string | undefined)[] = [];
    const proxy = createPlainServer().on("connect", ({ url, headers }, socket) => {
      targets.push(url, headers["proxy-authorization"]);
      const [, port] = (url ?? "").split(":");
      const through = connect(Number(port), "127.0.0.1", () => {
        socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
        through.pipe(socket).pipe(through);
      });
    });
    proxy.listen(0, "127.0.0.1");
    await once(proxy, "listening");
    // why: it listens on TCP
    const { port } = proxy.address() as AddressInfo;
    const asked = open({ proxy: { url: new URL(`http://127.0.0.1:${port}`), authorization: "Basic abc" } });
    expect([await whoami(asked), await whoami(asked)]).toEqual(["first", "first"]);
    // why: as above
    expect(targets).toEqual([`127.0.0.1:${(server.address() as AddressInfo).port}`, "Basic abc"]);
    asked.close();
    proxy.close();
  });
});
