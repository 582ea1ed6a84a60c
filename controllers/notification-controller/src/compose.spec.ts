import { createHmac } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crd, KINDS, type LiveObject } from "@plumb/api";
import { TestCluster } from "@plumb/apiserver/testing";
import { SinkServer } from "@plumb/events/testing";
import { isObject } from "@plumb/std";
import { keptLog } from "@plumb/telemetry/testing";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { runNotificationController } from "./compose.ts";
import { parseNotificationConfig } from "./config.ts";
import { sampleAlert, sampleEvent, sampleProvider, sampleReceiver } from "./testing/samples.ts";

/** To give up after, many times what is expected. */
const LIMIT = { timeout: 60_000, interval: 20 };
const NOTIFICATION = "/apis/notification.toolkit.fluxcd.io";
const ALERTS = `${NOTIFICATION}/v1beta3/namespaces/team/alerts`;
const PROVIDERS = `${NOTIFICATION}/v1beta3/namespaces/team/providers`;
const RECEIVERS = `${NOTIFICATION}/v1/namespaces/team/receivers`;
const SOURCES = "/apis/source.toolkit.fluxcd.io/v1/namespaces/team/gitrepositories";
const SECRETS = "/api/v1/namespaces/team/secrets";

const log = keptLog();
let cluster: TestCluster;
let sink: SinkServer;
/** How much had been logged when the process was last started. */
let linesBefore: number;
let stop: AbortController;
let running: Promise<void> | undefined;

function call(method: string, path: string, body?: object): Promise<LiveObject> {
  return cluster.call<LiveObject>(method, path, body);
}

async function create(
  collection: string,
  { metadata, ...object }: { readonly metadata: { readonly name: string; readonly labels?: object; readonly finalizers?: readonly string[] } },
): Promise<LiveObject> {
  const { name, labels, finalizers } = metadata;
  const { status: _, ...rest }: { readonly status?: unknown } = object;
  return call("POST", collection, { ...rest, metadata: { name, ...(labels !== undefined && { labels }), ...(finalizers !== undefined && { finalizers }) } });
}

async function until(path: string, check: (object: LiveObject) => void): Promise<LiveObject> {
  return vi.waitFor(async () => {
    const object = await call("GET", path);
    check(object);
    return object;
  }, LIMIT);
}

function start(...args: readonly string[]): void {
  stop = new AbortController();
  linesBefore = log.lines.length;
  const config = parseNotificationConfig(
    [
      `--kubeconfig=${cluster.kubeconfig}`,
      `--spool-path=${join(cluster.folder, "spool")}`,
      "--events-addr=127.0.0.1:0",
      "--receiverAddr=127.0.0.1:0",
      "--health-addr=127.0.0.1:0",
      "--metrics-addr=127.0.0.1:0",
      "--min-retry-delay=50ms",
      ...args,
    ],
    { env: { RUNTIME_NAMESPACE: "team" }, hostname: "machine" },
  );
  running = runNotificationController(config, { writeLog: log.write }, stop.signal);
}

async function end(): Promise<void> {
  stop.abort(new Error("the test is over"));
  await running;
  running = undefined;
}

/** Where a server of the process listens, once it has said so. */
function urlOf(server: string, path: string): Promise<string> {
  return vi.waitFor(() => {
    const said = log.lines.slice(linesBefore).map((line): Record<string, unknown> => JSON.parse(line));
    const listening = said.find((fields) => fields["msg"] === "listening" && fields["server"] === server);
    if (listening === undefined) throw new Error(`${server} does not listen`);
    return `http://${String(listening["address"])}${path}`;
  }, LIMIT);
}

/** Posts once the process listens; the status of the answer. */
async function post(server: string, path: string, body: string, headers: Record<string, string> = {}): Promise<number> {
  const response = await fetch(await urlOf(server, path), { method: "POST", body, headers: { "content-type": "application/json", ...headers } });
  await response.arrayBuffer();
  return response.status;
}

const postEvent = (change: Parameters<typeof sampleEvent>[0] = {}): Promise<number> => post("events", "/", JSON.stringify(sampleEvent(change)));
const told = (): string[] => sink.requests.map(({ body }) => String(JSON.parse(body)["message"]));
const events = async (): Promise<string[]> => {
  const list: unknown = await call("GET", "/api/v1/namespaces/team/events");
  const items = isObject(list) && Array.isArray(list["items"]) ? list["items"] : [];
  return items.map((event) => `${event.involvedObject.kind}/${event.involvedObject.name} ${event.type} ${event.reason} ${event.message}`).sort();
};

beforeEach(async () => {
  [sink, cluster] = await Promise.all([SinkServer.start(), TestCluster.open({ definitions: KINDS.map(crd), namespaces: ["team"] })]);
  await create(PROVIDERS, sampleProvider({ address: sink.url.href }));
  await create(ALERTS, sampleAlert());
});
afterEach(async () => {
  if (running !== undefined) await end();
  await cluster.close();
  await sink.close();
});

describe("an event", () => {
  it("posted before the caches are filled is told all the same", async () => {
    start();
    expect(await postEvent()).toBe(202);
    await vi.waitFor(() => expect(told()).toEqual(["Deployment/team/web configured"]), LIMIT);
  });

  it("is told by labels of the object as it is in the cluster", async () => {
    const source = { kind: "GitRepository", name: "*", matchLabels: { app: "web" } } as const;
    await create(ALERTS, sampleAlert({ eventSources: [source] }, { name: "labelled" }));
    await create(SOURCES, {
      metadata: { name: "web", labels: { app: "web" } },
      apiVersion: "source.toolkit.fluxcd.io/v1",
      kind: "GitRepository",
      spec: { url: "https://a", interval: "1h" },
    } as never); // why: any object can be created
    start();
    const about = (name: string): Parameters<typeof sampleEvent>[0] => ({
      message: name,
      involvedObject: { ...sampleEvent().involvedObject, apiVersion: "source.toolkit.fluxcd.io/v1", kind: "GitRepository", name },
    });
    expect([await postEvent(about("web")), await postEvent(about("absent"))]).toEqual([202, 202]);
    await vi.waitFor(() => expect(told()).toEqual(["web"]), LIMIT);
    await vi.waitFor(
      async () => expect(await events()).toContain("Alert/labelled Warning SourceFetchFailed error getting source object GitRepository/team/absent"),
      LIMIT,
    );
  });

  it("that is matched costs the cluster no request", async () => {
    start();
    await postEvent({ message: "first" });
    await vi.waitFor(() => expect(told()).toHaveLength(1), LIMIT);
    await until(`${PROVIDERS}/sink`, (object) => expect(object.metadata.finalizers).toEqual(["finalizers.fluxcd.io"]));
    const before = cluster.asked.length;
    for (let index = 0; index < 20; index++) await postEvent({ message: `message ${index}` });
    await vi.waitFor(() => expect(told()).toHaveLength(21), LIMIT);
    expect(before).toBeGreaterThan(0);
    expect(cluster.asked.slice(before)).toEqual([]);
  });

  it("taken in by a process that then ends is told by the next one", async () => {
    sink.answer = () => ({ status: 503 });
    start();
    expect(await postEvent()).toBe(202);
    await vi.waitFor(() => expect(sink.requests.length).toBeGreaterThan(0), LIMIT);
    await end();
    sink.requests.length = 0;
    sink.answer = () => ({ status: 200 });
    start();
    await vi.waitFor(() => expect(told()).toEqual(["Deployment/team/web configured"]), LIMIT);
  });

  it("that waits for a Provider that is wrong is told as soon as it is set right", async () => {
    await call("PATCH", `${PROVIDERS}/sink`, { spec: { address: "" } });
    start();
    await postEvent();
    await vi.waitFor(async () => expect(await events()).toContainEqual(expect.stringContaining("Alert/on-call Warning NotificationDispatchFailed")), LIMIT);
    await call("PATCH", `${PROVIDERS}/sink`, { spec: { address: sink.url.href } });
    await vi.waitFor(() => expect(told()).toHaveLength(1), LIMIT);
  });
});

describe("an Alert", () => {
  it("to a Provider that is not supported is warned of it before any event comes", async () => {
    await create(PROVIDERS, sampleProvider({ type: "discord" }, { name: "chat" }));
    await create(ALERTS, sampleAlert({ providerRef: { name: "chat" } }, { name: "to-chat" }));
    start();
    await vi.waitFor(
      async () => expect(await events()).toEqual(['Alert/to-chat Warning FeatureNotSupported provider type "discord" of Provider team/chat is not supported']),
      LIMIT,
    );
  });

  it("loses the finalizer that older versions set (N-006)", async () => {
    await create(ALERTS, { ...sampleAlert(), metadata: { name: "old", finalizers: ["finalizers.fluxcd.io", "example.com/other"] } });
    start();
    await until(`${ALERTS}/old`, (object) => expect(object.metadata.finalizers).toEqual(["example.com/other"]));
    await call("DELETE", `${ALERTS}/on-call`);
    await until(`${ALERTS}/on-call`, (object) => expect(object.kind).toBe("Status"));
  });
});

it("a Provider and a Receiver get the finalizer, and go when they are deleted", async () => {
  await create(RECEIVERS, sampleReceiver());
  start();
  for (const path of [`${PROVIDERS}/sink`, `${RECEIVERS}/push`]) {
    await until(path, (object) => expect(object.metadata.finalizers).toEqual(["finalizers.fluxcd.io"]));
    await call("DELETE", path);
    await until(path, (object) => expect(object.kind).toBe("Status"));
  }
});

describe("a Receiver", () => {
  const secret = (token: string): object => ({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "token", labels: { "reconcile.fluxcd.io/watch": "Enabled" } },
    data: { token: Buffer.from(token).toString("base64") },
  });
  const pathOf = ({ status }: LiveObject): string => (isObject(status) && typeof status["webhookPath"] === "string" ? status["webhookPath"] : "");
  const hook = (path: string, token: string): Promise<number> =>
    post("receiver", path, "{}", { "x-signature": `sha256=${createHmac("sha256", token).update("{}").digest("hex")}` });

  it("turns a signed request into a reconcile request, with the token it was rotated to", async () => {
    await call("POST", SECRETS, secret("first"));
    await create(SOURCES, {
      metadata: { name: "apps" },
      apiVersion: "source.toolkit.fluxcd.io/v1",
      kind: "GitRepository",
      spec: { url: "https://a", interval: "1h" },
    } as never); // why: any object can be created
    await create(RECEIVERS, sampleReceiver());
    start();
    const first = pathOf(await until(`${RECEIVERS}/push`, (object) => expect(pathOf(object)).not.toBe("")));
    await vi.waitFor(async () => expect(await hook(first, "first")).toBe(200), LIMIT);
    await until(`${SOURCES}/apps`, (object) => expect(object.metadata.annotations?.["reconcile.fluxcd.io/requestedAt"]).toMatch(/Z$/));
    await call("PATCH", `${SECRETS}/token`, secret("second"));
    const second = pathOf(await until(`${RECEIVERS}/push`, (object) => expect(["", first]).not.toContain(pathOf(object))));
    await vi.waitFor(
      async () => expect([await hook(first, "first"), await hook(second, "first"), await hook(second, "second")]).toEqual([404, 400, 200]),
      LIMIT,
    );
  });

  it("without its Secret says so, and recovers by the Secret's coming", async () => {
    await create(RECEIVERS, sampleReceiver());
    start();
    await until(`${RECEIVERS}/push`, (object) =>
      expect(object["status"]).toMatchObject({
        conditions: [
          { type: "Reconciling", status: "True", reason: "ProgressingWithRetry" },
          {
            type: "Ready",
            status: "False",
            reason: "TokenNotFound",
            message: "unable to read token from secret 'team/token' error: secrets \"token\" not found",
          },
        ],
        observedGeneration: -1,
      }),
    );
    await call("POST", SECRETS, secret("first"));
    await until(`${RECEIVERS}/push`, (object) =>
      expect(object["status"]).toMatchObject({ conditions: [{ type: "Ready", status: "True", reason: "Succeeded" }], observedGeneration: 1 }),
    );
  });

  it("of a type that is not built is stalled, by name", async () => {
    await create(RECEIVERS, sampleReceiver({ type: "gitlab" }));
    start();
    await until(`${RECEIVERS}/push`, (object) =>
      expect(object["status"]).toMatchObject({
        observedGeneration: 1,
        conditions: [
          { type: "Stalled", status: "True", reason: "FeatureNotSupported" },
          { type: "Ready", status: "False", message: 'Reconciliation failed terminally due to configuration error: spec.type "gitlab" is not supported' },
        ],
      }),
    );
  });
});

it("both servers answer on a replica that does not lead (N-002), and it says that it does not", async () => {
  await call("POST", "/apis/coordination.k8s.io/v1/namespaces/team/leases", {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name: "notification-controller-leader-election" },
    spec: {
      holderIdentity: "another",
      leaseDurationSeconds: 3600,
      acquireTime: new Date().toISOString().replace("Z", "000Z"),
      renewTime: new Date().toISOString().replace("Z", "000Z"),
      leaseTransitions: 0,
    },
  });
  start("--enable-leader-election");
  expect(await postEvent()).toBe(202);
  await vi.waitFor(() => expect(told()).toHaveLength(1), LIMIT);
  expect(await post("receiver", "/hook/none", "")).toBe(404);
  expect((await call("GET", `${PROVIDERS}/sink`)).metadata.finalizers).toBeUndefined();
  const metrics = await (await fetch(await urlOf("metrics", "/metrics"))).text();
  expect(metrics).toContain('\nleader_election_master_status{name="notification-controller-leader-election"} 0\n');
});

it("a port that is in use, and an outbox that cannot be, end the process with a message that names them", async () => {
  const { host } = sink.url;
  start(`--events-addr=${host}`);
  await expect(running).rejects.toThrow(`cannot listen on ${host}: `);
  running = undefined;
  await writeFile(join(cluster.folder, "file"), "");
  start(`--spool-path=${join(cluster.folder, "file", "spool")}`);
  await expect(running).rejects.toThrow(`mkdir ${join(cluster.folder, "file", "spool")}: not a directory`);
  running = undefined;
});
