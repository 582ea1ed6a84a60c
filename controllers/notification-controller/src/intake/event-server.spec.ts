import { createHmac } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Alert, LiveObject, Provider, ToolkitEvent } from "@plumb/api";
import { ManualClock, SinkServer } from "@plumb/events/testing";
import { Spool } from "@plumb/files";
import { createHttpClient, OPEN_ADDRESS_RULES, readAll } from "@plumb/http";
import { listen, type Listening } from "@plumb/runtime";
import { noMeter, silentLog, ToolkitError } from "@plumb/std";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { deliver } from "../delivery/deliver.ts";
import { EventHandler } from "./event-handler.ts";
import { eventServer } from "./event-server.ts";
import type { AlertWarning, Labels } from "./match.ts";
import { Outbox } from "../delivery/outbox.ts";
import { ProviderClients } from "../provider/clients.ts";
import { readProviderSecrets } from "../provider/settings.ts";
import { RateLimiter } from "./rate-limiter.ts";
import { RequestMetrics } from "../web/request-metrics.ts";
import { sampleAlert, sampleEvent, sampleProvider } from "../testing/samples.ts";

const http = createHttpClient();
const never = new AbortController().signal;

let folder: string;
let spool: Spool;
let sink: SinkServer;
let clock: ManualClock;
let alerts: Alert[];
let providers: Provider[];
let secrets: Record<string, Record<string, string>>;
let labels: () => Promise<Labels>;
let warnings: AlertWarning[];
let listening: Listening;
let isSynced: boolean;
const ends: (() => Promise<void> | void)[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "plumb-intake-"));
  sink = await SinkServer.start();
  clock = new ManualClock();
  alerts = [sampleAlert()];
  providers = [sampleProvider({ address: `${sink.url.href}hooks/s3cretpath` })];
  secrets = {};
  warnings = [];
  isSynced = true;
  labels = () => Promise.resolve({ kind: "known", labels: {} });
  spool = await Spool.open(folder, { maxEntries: 100, maxBytes: 10_000_000 });
  await serve();
});
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
  await sink.close();
  rmSync(folder, { recursive: true });
});

/** Starts intake and outbox as the process does. */
async function serve(): Promise<void> {
  const clients = new ProviderClients(OPEN_ADDRESS_RULES);
  const named = <Kind extends { readonly metadata: Alert["metadata"] }>(all: readonly Kind[], namespace: string, name: string): Kind | undefined =>
    all.find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
  const directory = {
    alert: (namespace: string, name: string) => named(alerts, namespace, name),
    provider: (namespace: string, name: string) => named(providers, namespace, name),
  };
  const client = { get: ({ name }: { readonly name: string }) => Promise.resolve(secrets[name] && secretNamed(name, secrets[name])) };
  const outbox = new Outbox({
    spool,
    clock,
    log: silentLog,
    finished: noMeter.counter("", ""),
    attempt: (delivery, signal) =>
      deliver(
        delivery,
        { directory, secretsOf: (provider, until) => readProviderSecrets(client, provider, until), httpFor: (settings) => clients.get(settings), clock },
        signal,
      ),
    warn: ({ alert: { namespace, name } }, reason, message) => warnings.push({ alert: directory.alert(namespace, name) ?? sampleAlert(), reason, message }),
  });
  const end = new AbortController();
  const running = outbox.run(end.signal);
  const handler = new EventHandler({
    alerts: () => alerts,
    labelsOf: () => labels(),
    outbox,
    limiter: new RateLimiter(300_000),
    warn: (warning) => warnings.push(warning),
    allowsCrossNamespace: true,
    synced: () => (isSynced ? Promise.resolve() : Promise.reject(new ToolkitError("cancelled", "the caches are not filled"))),
    clock,
    log: silentLog,
  });
  listening = await listen(eventServer(handler, new RequestMetrics(noMeter, "gotk_event", "/"), never), "127.0.0.1:0");
  ends.push(async () => {
    await listening.close();
    end.abort();
    const ticking = setInterval(() => clock.advance(1000), 1);
    await running;
    clearInterval(ticking);
    clients.close();
    await spool.close();
  });
}

function secretNamed(name: string, data: Record<string, string>): LiveObject {
  return {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace: "team", uid: name, resourceVersion: "1" },
    data: Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString("base64")])),
  };
}

interface Posted {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

async function post(body: string | Uint8Array | ToolkitEvent, method = "POST"): Promise<Posted> {
  const sent = typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body);
  const response = await http.send({
    method,
    url: new URL(`http://${listening.address}/`),
    headers: { "content-type": "application/json" },
    body: sent,
    signal: never,
  });
  const text = new TextDecoder().decode(await readAll(response, 10_000, never));
  return { status: response.status, headers: response.headers, text };
}

const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 60_000, interval: 2 });
const received = (): ToolkitEvent[] => sink.requests.map(({ body }) => JSON.parse(body) as ToolkitEvent); // why: generic providers post events

describe("an event", () => {
  it("is on disk before its sender is answered, and reaches the Provider", async () => {
    sink.answer = () => "hang";
    expect(await post(sampleEvent())).toMatchObject({ status: 202, text: "" });
    expect(spool.count).toBe(1);
    await until(() => expect(received()).toMatchObject([{ message: "Deployment/team/web configured", metadata: { revision: "main@sha1:1" } }]));
  });

  it("reaches every Alert that wants it", async () => {
    alerts = [
      sampleAlert(),
      sampleAlert({ eventMetadata: { env: "prod" } }, { name: "second", uid: "u-second" }),
      sampleAlert({ suspend: true }, { name: "third", uid: "u-third" }),
    ];
    await post(sampleEvent());
    await until(() =>
      expect(received().map(({ metadata }) => metadata)).toEqual(
        expect.arrayContaining([{ revision: "main@sha1:1" }, { env: "prod", revision: "main@sha1:1" }]),
      ),
    );
    expect(sink.requests).toHaveLength(2);
  });

  it("that nobody wants is taken, and costs the disk nothing", async () => {
    const { status } = await post(sampleEvent({ involvedObject: { kind: "Unknown", namespace: "nowhere", name: "x" } }));
    expect([status, spool.count]).toEqual([202, 0]);
  });

  it("that is told again within five minutes is a duplicate, and the answer says until when (N-009)", async () => {
    await post(sampleEvent());
    expect(await post(sampleEvent({ reason: "Other", severity: "error" }))).toMatchObject({
      status: 429,
      text: "Too Many Requests\n",
      headers: {
        "x-ratelimit-limit": "1",
        "x-ratelimit-remaining": "0",
        "x-ratelimit-reset": "Fri, 02 Jan 2026 03:09:05 GMT",
        "retry-after": "Fri, 02 Jan 2026 03:09:05 GMT",
      },
    });
    clock.advance(300_000);
    expect((await post(sampleEvent())).status).toBe(202);
    await until(() => expect(sink.requests).toHaveLength(2));
  });

  it("that is told again an interval later is none, though the wall clock was set back by a day", async () => {
    await post(sampleEvent());
    clock.set(-86_400_000);
    clock.advance(300_000);
    expect((await post(sampleEvent())).status).toBe(202);
  });

  it("of a second drift of the same field is none, for its token differs; nobody sees the token", async () => {
    const drift = (token: string): ToolkitEvent => sampleEvent({ metadata: { "kustomize.toolkit.fluxcd.io/token": token } });
    expect([(await post(drift("1"))).status, (await post(drift("2"))).status]).toEqual([202, 202]);
    await until(() => expect(sink.requests).toHaveLength(2));
    expect(JSON.stringify(sink.requests)).not.toContain("token");
  });

  it("whose labels cannot be read because the API server is away is sent again, and then not taken for a duplicate", async () => {
    alerts = [sampleAlert({ eventSources: [{ kind: "Kustomization", name: "*", matchLabels: { app: "web" } }] })];
    labels = () => Promise.reject(new ToolkitError("unavailable", "the API server does not answer"));
    expect(await post(sampleEvent())).toMatchObject({ status: 503, headers: { "retry-after": "5" }, text: "the API server does not answer\n" });
    labels = () => Promise.resolve({ kind: "known", labels: { app: "web" } });
    expect((await post(sampleEvent())).status).toBe(202);
    await until(() => expect(sink.requests).toHaveLength(1));
  });

  it("that comes before the Alerts are known is sent again", async () => {
    isSynced = false;
    expect((await post(sampleEvent())).status).toBe(503);
    isSynced = true;
    expect((await post(sampleEvent())).status).toBe(202);
  });

  it("that finds the outbox full is sent again", async () => {
    sink.answer = () => "hang";
    for (let index = 0; index < 100; index++) expect((await post(sampleEvent({ message: `message ${index}` }))).status).toBe(202);
    expect(await post(sampleEvent())).toMatchObject({ status: 503, text: "the spool is full: it holds at most 100 entries\n" });
  });

  it("for commit statuses goes to generic Providers and not to Slack (N-014)", async () => {
    alerts = [sampleAlert(), sampleAlert({ providerRef: { name: "chat" } }, { name: "second", uid: "u-second" })];
    providers = [...providers, sampleProvider({ type: "slack", address: `${sink.url.href}slack` }, { name: "chat" })];
    await post(sampleEvent({ metadata: { "kustomize.toolkit.fluxcd.io/commit_status": "update" } }));
    await until(() => expect(spool.count).toBe(0));
    expect(sink.requests.map(({ url }) => url)).toEqual(["/hooks/s3cretpath"]);
  });
});

describe("a body", () => {
  it("of 10 MB is refused with 413, and the server goes on (N-001)", async () => {
    expect(await post(new Uint8Array(10 * 1024 * 1024))).toMatchObject({ status: 413, text: "request body exceeds the maximum size of 3145728 bytes\n" });
    expect((await post(sampleEvent())).status).toBe(202);
  });

  it("of 10 MB that does not say how long it is, is refused the same", async () => {
    const socket = connect({ host: "127.0.0.1", port: Number(listening.address.split(":").at(-1)) });
    const answer = new Promise<string>((resolve, reject) => {
      socket.once("data", (data: Buffer) => resolve(data.toString()));
      socket.once("error", reject);
    });
    socket.write("POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n");
    for (let index = 0; index < 10; index++) socket.write(`100000\r\n${"x".repeat(0x100000)}\r\n`);
    socket.write("0\r\n\r\n");
    expect(await answer).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
  });

  it.each([
    ["hello", "the body is not JSON"],
    ["{}", "involvedObject is missing"],
    ["", "the body is not JSON"],
  ])("%j is refused with 400 and the reason", async (body, message) => {
    expect(await post(body)).toMatchObject({ status: 400, text: `not an event: ${message}\n` });
  });

  it("must be posted", async () => {
    expect((await post("", "GET")).status).toBe(405);
  });

  it("that its sender never finishes disturbs nobody", async () => {
    const socket = connect({ host: "127.0.0.1", port: Number(listening.address.split(":").at(-1)) });
    await new Promise<void>((resolve) => socket.write("POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{", () => resolve()));
    socket.destroy();
    expect((await post(sampleEvent())).status).toBe(202);
  });
});

describe("a Provider", () => {
  it.each([500, 429, 503])("that answers %d gets the event when it is well again", async (status) => {
    sink.answer = () => (sink.requests.length < 3 ? { status, headers: { "retry-after": "7" } } : { status: 200 });
    await post(sampleEvent());
    await until(() => {
      clock.advance(7000);
      expect(spool.count).toBe(0);
    });
    expect(sink.requests).toHaveLength(3);
  });

  it("that answers 429 is left alone for as long as it asks", async () => {
    sink.answer = () => (sink.requests.length < 2 ? { status: 429, headers: { "retry-after": "60" } } : { status: 200 });
    await post(sampleEvent());
    await until(() => expect(clock.pending).toBe(1));
    clock.advance(59_000);
    expect(sink.requests).toHaveLength(1);
    clock.advance(1000);
    await until(() => expect(spool.count).toBe(0));
  });

  it("that hangs is given up at its timeout, told to the Alert's owner without a secret, and tried again", async () => {
    providers = [sampleProvider({ timeout: "50ms", address: `${sink.url.href}hooks/s3cretpath` })];
    sink.answer = () => (sink.requests.length < 2 ? "hang" : { status: 200 });
    await post(sampleEvent());
    await until(() => expect(warnings).toHaveLength(1));
    expect(warnings[0]).toMatchObject({
      reason: "NotificationDispatchFailed",
      message: expect.stringContaining("failed to send notification for Kustomization/team/apps: postMessage failed: "),
    });
    expect(warnings[0]?.message).not.toContain("s3cret");
    await until(() => {
      clock.advance(30_000);
      expect(spool.count).toBe(0);
    });
  });

  it("that refuses the message with a long answer does not get it read back to the owner", async () => {
    sink.answer = () => ({ status: 400, body: `no t0ken-value ${"x".repeat(100_000)}` });
    secrets = { auth: { token: "t0ken-value" } };
    providers = [sampleProvider({ type: "slack", address: `${sink.url.href}hooks/s3cretpath`, secretRef: { name: "auth" } })];
    await post(sampleEvent());
    await until(() => expect(warnings).toHaveLength(1));
    expect(warnings[0]?.message).toContain("request failed: request failed with status code 400");
    expect(warnings[0]?.message.length).toBeLessThan(500);
    expect(warnings[0]?.message).not.toContain("t0ken");
    expect(spool.count).toBe(0);
  });

  it("of type generic-hmac signs what it sends with the Secret's token", async () => {
    secrets = { auth: { token: "key", address: `${sink.url.href}signed`, headers: "X-Custom: yes\n" } };
    providers = [sampleProvider({ type: "generic-hmac", secretRef: { name: "auth" } })];
    await post(sampleEvent());
    await until(() => expect(sink.requests).toHaveLength(1));
    const [{ body = "", url, headers } = { body: "" }] = sink.requests;
    expect([url, headers?.["x-signature"], headers?.["x-custom"], headers?.["gotk-component"]]).toEqual([
      "/signed",
      `sha256=${createHmac("sha256", "key").update(body).digest("hex")}`,
      "yes",
      "kustomize-controller",
    ]);
  });

  it("that is not there yet gets the event when it is", async () => {
    const [provider] = providers.splice(0);
    await post(sampleEvent());
    await until(() =>
      expect(warnings).toMatchObject([
        { message: expect.stringContaining('failed to read provider: Provider.notification.toolkit.fluxcd.io "sink" not found') },
      ]),
    );
    if (provider !== undefined) providers.push(provider);
    await until(() => {
      clock.advance(10_000);
      expect(sink.requests).toHaveLength(1);
    });
  });

  it("of a type that is not built is a warning on the Alert", async () => {
    providers = [sampleProvider({ type: "discord", address: sink.url.href })];
    await post(sampleEvent());
    await until(() =>
      expect(warnings).toMatchObject([
        { alert: { metadata: { name: "on-call" } }, reason: "FeatureNotSupported", message: 'provider type "discord" of Provider team/sink is not supported' },
      ]),
    );
    expect([sink.requests.length, spool.count]).toEqual([0, 0]);
  });

  it.each([
    ["http://169.254.169.254/latest/meta-data", "a cloud metadata service"],
    ["http://[::ffff:169.254.169.254]/", "a cloud metadata service"],
    ["http://2852039166/", "a cloud metadata service"],
    ["http://metadata.google.internal/", "a cloud metadata service"],
    ["file:///etc/passwd", "address is not a URL"],
    ["gopher://127.0.0.1/", 'the scheme "gopher"'],
  ])("at %s is never asked", async (address, message) => {
    providers = [sampleProvider({ address })];
    await post(sampleEvent());
    await until(() => expect(warnings).toMatchObject([{ message: expect.stringContaining(message) }]));
  });

  it("that redirects elsewhere is not followed, and gets the event when it no longer does", async () => {
    sink.answer = () => (sink.requests.length < 3 ? { status: 302, headers: { location: "/elsewhere" } } : { status: 200 });
    await post(sampleEvent());
    await until(() => {
      clock.advance(1000);
      expect(spool.count).toBe(0);
    });
    expect(sink.requests.map(({ url }) => url)).toEqual(Array.from({ length: 3 }, () => "/hooks/s3cretpath"));
  });
});

it("events taken in before a crash are delivered after it, in their order", async () => {
  sink.answer = () => ({ status: 503 });
  for (const message of ["one", "two", "three"]) await post(sampleEvent({ message }));
  for (const end of ends.splice(0).reverse()) await end();
  spool = await Spool.open(folder, { maxEntries: 100, maxBytes: 10_000_000 });
  sink.requests.length = 0;
  sink.answer = () => ({ status: 200 });
  await serve();
  await until(() => expect(received().map(({ message }) => message)).toEqual(["one", "two", "three"]));
});

it("metadata that two sources have is told to the Alert's owner", async () => {
  alerts = [sampleAlert({ eventMetadata: { revision: "mine" } })];
  await post(sampleEvent());
  await until(() =>
    expect(warnings).toMatchObject([
      { reason: "MetadataAppendFailed", metadata: { revision: "Alert object .spec.eventMetadata, involved object controller metadata" } },
    ]),
  );
});
