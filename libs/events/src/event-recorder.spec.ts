import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { LiveObject, Manifest, Notice } from "@plumb/api";
import { Spool } from "@plumb/files";
import { createHttpClient } from "@plumb/http";
import { kubeError } from "@plumb/kube/testing";
import type { Notifier } from "@plumb/runtime";
import { noMeter, silentLog, ToolkitError, type JsonValue } from "@plumb/std";
import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from "vitest";
import { EventRecorder } from "./event-recorder.ts";
import type { CanWriteEvents } from "./kubernetes-events.ts";
import type { EventSpool } from "./post-queue.ts";
import { ManualClock, SinkServer } from "./testing/index.ts";

const apps: LiveObject = {
  apiVersion: "kustomize.toolkit.fluxcd.io/v1",
  kind: "Kustomization",
  metadata: { name: "apps", namespace: "team", uid: "u1", resourceVersion: "7", annotations: { "event.toolkit.fluxcd.io/cluster": "blue", other: "x" } },
};
const named = (name: string): LiveObject => ({ ...apps, metadata: { ...apps.metadata, name, uid: name } });
const failed: Notice = { severity: "error", reason: "BuildFailed", message: "kustomize build failed: no such file" };
const info = (message: string): Notice => ({ severity: "info", reason: "Progressing", message });

/** The cluster's Events by name, kept as the API server would. */
class EventStore implements CanWriteEvents {
  readonly events = new Map<string, Record<string, unknown>>();
  requests = 0;
  failNext: ToolkitError[] = [];

  create(_resource: unknown, object: Manifest): Promise<LiveObject> {
    this.requests += 1;
    const failure = this.failNext.shift();
    if (failure !== undefined) return Promise.reject(failure);
    this.events.set(object.metadata.name, { ...object });
    return Promise.resolve({ ...object, metadata: { ...object.metadata, uid: "e", resourceVersion: "1" } });
  }

  patch({ name }: { readonly name: string }, patch: JsonValue): Promise<LiveObject> {
    this.requests += 1;
    const event = this.events.get(name);
    if (event === undefined) return Promise.reject(new ToolkitError("missing", `events "${name}" not found`));
    Object.assign(event, patch);
    return Promise.resolve({ apiVersion: "v1", kind: "Event", metadata: { name, uid: "e", resourceVersion: "2" } });
  }

  get all(): readonly Record<string, unknown>[] {
    return [...this.events.values()];
  }
}

const http = createHttpClient();

let sink: SinkServer;
let folder: string;
let store: EventStore;
let clock: ManualClock;
const stops: (() => Promise<void>)[] = [];

beforeEach(async () => {
  sink = await SinkServer.start();
  folder = mkdtempSync(join(tmpdir(), "plumb-events-"));
  store = new EventStore();
  clock = new ManualClock();
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
  await sink.close();
  rmSync(folder, { recursive: true });
});

interface Running {
  readonly recorder: EventRecorder;
  readonly stop: () => Promise<void>;
}

function start(options: { spool?: EventSpool; url?: URL | undefined } = {}): Running {
  const recorder = new EventRecorder({
    reporter: { controller: "kustomize-controller", instance: "pod-1" },
    client: store,
    eventsUrl: "url" in options ? options.url : sink.url,
    http,
    spool: options.spool,
    clock,
    log: silentLog,
    meter: noMeter,
  });
  const end = new AbortController();
  const running = recorder.run(end.signal);
  let ticking: NodeJS.Timeout | undefined;
  const stop = async (): Promise<void> => {
    end.abort();
    ticking ??= setInterval(() => clock.advance(10), 1);
    await running;
    clearInterval(ticking);
  };
  stops.push(stop);
  return { recorder, stop };
}

const bodies = (): Record<string, unknown>[] => sink.requests.map(({ body }) => JSON.parse(body) as Record<string, unknown>); // why: written as an object
const messages = (): unknown[] => bodies().map((event) => event["message"]);
const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 60_000, interval: 2 });

it("is what the runtime tells people through", () => {
  expectTypeOf<EventRecorder>().toExtend<Notifier>();
});

describe("what is posted", () => {
  it("is the event as Flux's controllers write it, the object's own metadata included (C-029)", async () => {
    const { recorder } = start();
    await recorder.notify(apps, [{ ...failed, metadata: { "kustomize.toolkit.fluxcd.io/revision": "main@sha1:1" } }]);
    await until(() =>
      expect(bodies()).toEqual([
        {
          involvedObject: {
            apiVersion: "kustomize.toolkit.fluxcd.io/v1",
            kind: "Kustomization",
            namespace: "team",
            name: "apps",
            uid: "u1",
            resourceVersion: "7",
          },
          severity: "error",
          timestamp: "2026-01-02T03:04:05Z",
          message: "kustomize build failed: no such file",
          reason: "BuildFailed",
          metadata: { "event.toolkit.fluxcd.io/cluster": "blue", "kustomize.toolkit.fluxcd.io/revision": "main@sha1:1" },
          reportingController: "kustomize-controller",
          reportingInstance: "pod-1",
        },
      ]),
    );
    expect(sink.requests[0]).toMatchObject({ method: "POST", url: "/", headers: { "content-type": "application/json" } });
  });

  it("is nothing for a trace, which becomes a Kubernetes Event alone (C-026)", async () => {
    const { recorder, stop } = start();
    await recorder.notify(apps, [{ ...info("stored artifact"), severity: "trace" }]);
    await stop();
    expect(sink.requests).toEqual([]);
    expect(store.all).toMatchObject([{ type: "Normal", message: "stored artifact" }]);
  });

  it("is nothing for an object without a namespace (C-028)", async () => {
    const { recorder, stop } = start();
    const { namespace: _, ...metadata } = apps.metadata;
    await recorder.notify({ ...apps, metadata }, [failed]);
    await stop();
    expect(sink.requests).toEqual([]);
  });

  it("holds no credential of a URL, and no more than a message may", async () => {
    const { recorder } = start();
    await recorder.notify(apps, [info(`clone https://me:hunter2@git/x ${"é".repeat(40_000)}`)]);
    await until(() => expect(messages()).toHaveLength(1));
    const [message] = messages();
    expect(message).not.toContain("hunter2");
    expect(Buffer.byteLength(String(message))).toBeLessThanOrEqual(39_000);
    expect(message).toMatch(/é\.\.\.$/);
  });

  it("is nothing where no address is given", async () => {
    const { recorder, stop } = start({ url: undefined });
    await recorder.notify(apps, [failed]);
    await stop();
    expect(sink.requests).toEqual([]);
    expect(store.all).toHaveLength(1);
  });
});

describe("a receiver that is in trouble", () => {
  it.each([500, 503])("and answers %d is asked again until it takes the event", async (status) => {
    sink.answer = () => ({ status: sink.requests.length < 3 ? status : 202 });
    const { recorder } = start();
    await recorder.notify(apps, [failed]);
    await until(() => {
      clock.advance(1000);
      expect(sink.requests).toHaveLength(3);
    });
  });

  it("and whose proxy says 429 is asked again, for that does not mean that the event was told", async () => {
    sink.answer = () => (sink.requests.length < 3 ? { status: 429, headers: { "retry-after": "1" } } : { status: 202 });
    const { recorder } = start();
    await recorder.notify(apps, [failed]);
    await until(() => {
      clock.advance(1000);
      expect(sink.requests).toHaveLength(3);
    });
  });

  it("gets an event although the wall clock was set by a day meanwhile", async () => {
    sink.answer = () => ({ status: sink.requests.length < 2 ? 503 : 202 });
    const { recorder } = start();
    await recorder.notify(apps, [info("one")]);
    await until(() => expect(sink.requests).toHaveLength(1));
    clock.set(86_400_000);
    await until(() => {
      clock.advance(1000);
      expect(sink.requests).toHaveLength(2);
    });
  });

  it.each([429, 400, 404, 413])("and answers %d is not asked again", async (status) => {
    sink.answer = () => ({ status, headers: { "x-ratelimit-limit": "1" } });
    const { recorder } = start();
    await recorder.notify(apps, [info("one")]);
    await recorder.notify(apps, [info("two")]);
    await until(() => {
      clock.advance(60_000);
      expect(messages()).toEqual(["one", "two"]);
    });
  });

  it("and hangs delays neither a reconcile nor another object's events", async () => {
    sink.answer = ({ body }) => (body.includes("stuck") ? "hang" : { status: 202 });
    const { recorder } = start();
    const lanes = Array.from({ length: 12 }, (_, index) => named(`object-${index}`));
    await recorder.notify(named("stuck"), [info("stuck")]);
    for (const object of lanes) await recorder.notify(object, [info(object.metadata.name)]);
    await until(() => expect(new Set(messages()).size).toBeGreaterThan(lanes.length / 2));
  });

  it("gets an object's events in the order in which they were told", async () => {
    sink.answer = () => ({ status: sink.requests.length % 3 === 0 ? 202 : 500 });
    const { recorder } = start();
    for (let index = 0; index < 10; index++) await recorder.notify(apps, [info(`message ${index}`)]);
    await until(() => {
      clock.advance(31_000);
      expect([...new Set(messages())]).toEqual(Array.from({ length: 10 }, (_, index) => `message ${index}`));
    });
  });

  it("takes no more memory than a bound, the oldest going first and never what is on disk", async () => {
    const spool = await Spool.open(folder, { maxEntries: 10, maxBytes: 1_000_000 });
    const { recorder } = start({ spool, url: new URL("http://127.0.0.1:1/") });
    await recorder.notify(apps, [{ ...info("durable"), isDurable: true }]);
    for (let index = 0; index < 6000; index++) await recorder.notify(named(`o${index}`), [info("x")]);
    expect(spool.count).toBe(1);
    await spool.close();
  });
});

describe("a durable notice", () => {
  const open = (): Promise<Spool> => Spool.open(folder, { maxEntries: 100, maxBytes: 1_000_000 });

  it("is on disk when notify resolves, and is sent by the next process", async () => {
    sink.answer = () => ({ status: 503 });
    const first = await open();
    const before = start({ spool: first });
    await before.recorder.notify(apps, [{ ...failed, isDurable: true }]);
    expect(first.count).toBe(1);
    await before.stop();
    await first.close();
    sink.answer = () => ({ status: 202 });
    sink.requests.length = 0;

    const second = await open();
    start({ spool: second });
    await until(() => expect(messages()).toEqual([failed.message]));
    await until(() => expect(second.count).toBe(0));
    await second.close();
  });

  it.each([202, 429])("leaves the disk when it is answered with %d", async (status) => {
    sink.answer = () => ({ status, headers: { "x-ratelimit-limit": "1" } });
    const spool = await open();
    const { recorder } = start({ spool });
    await recorder.notify(apps, [{ ...failed, isDurable: true }]);
    await until(() => expect(spool.count).toBe(0));
    await spool.close();
  });

  it("that finds the disk full is told all the same", async () => {
    const spool = await Spool.open(folder, { maxEntries: 0, maxBytes: 0 });
    const { recorder } = start({ spool });
    await recorder.notify(apps, [{ ...failed, isDurable: true }]);
    await until(() => expect(messages()).toEqual([failed.message]));
    await spool.close();
  });

  it("that the disk does not give back is not forgotten", async () => {
    const spool = await open();
    await spool.add(Buffer.from(JSON.stringify({ involvedObject: {} })));
    const failing: EventSpool = {
      add: (bytes) => spool.add(bytes),
      list: () => spool.list(),
      remove: (id) => spool.remove(id),
      read: () => Promise.reject(new ToolkitError("unavailable", "read log: input/output error")),
    };
    const { recorder } = start({ spool: failing });
    await recorder.notify(apps, [failed]);
    await until(() => expect(messages()).toEqual([failed.message]));
    expect(spool.count).toBe(1);
    await spool.close();
  });

  it("does not stop the others when what is on disk is not an event", async () => {
    const spool = await open();
    await spool.add(Buffer.from("{"));
    await spool.add(Buffer.from("[]"));
    const { recorder } = start({ spool });
    await recorder.notify(apps, [failed]);
    await until(() => expect(messages()).toEqual([failed.message]));
    expect(spool.count).toBe(0);
    await spool.close();
  });
});

describe("Kubernetes Events", () => {
  it("say what kubectl describe shows", async () => {
    const { recorder, stop } = start();
    await recorder.notify(apps, [failed]);
    await stop();
    expect(store.all).toMatchObject([
      {
        apiVersion: "v1",
        kind: "Event",
        type: "Warning",
        reason: "BuildFailed",
        message: failed.message,
        count: 1,
        metadata: {
          namespace: "team",
          name: expect.stringMatching(/^apps\.[0-9a-f]{16}$/),
          annotations: { "event.toolkit.fluxcd.io/cluster": "blue" },
        },
        involvedObject: { kind: "Kustomization", namespace: "team", name: "apps", uid: "u1" },
        source: { component: "kustomize-controller" },
        firstTimestamp: "2026-01-02T03:04:05Z",
      },
    ]);
  });

  it("that are equal are one object with a count (C-026)", async () => {
    const { recorder, stop } = start();
    for (let index = 0; index < 3; index++) {
      await recorder.notify(apps, [failed]);
      clock.advance(60_000);
    }
    await stop();
    expect(store.all).toMatchObject([{ count: 3, firstTimestamp: "2026-01-02T03:04:05Z", lastTimestamp: "2026-01-02T03:06:05Z" }]);
  });

  it("are not counted up after ten minutes, nor when the cluster has dropped the first", async () => {
    const { recorder, stop } = start();
    await recorder.notify(apps, [failed]);
    await until(() => expect(store.all).toHaveLength(1));
    clock.advance(11 * 60_000);
    await recorder.notify(apps, [failed]);
    await until(() => expect(store.all).toHaveLength(2));
    store.events.clear();
    await recorder.notify(apps, [failed]);
    await stop();
    expect(store.all).toMatchObject([{ count: 1 }]);
  });

  it("are at most two for one run, errors first, and none for a quiet one", async () => {
    const { recorder, stop } = start();
    const done = (message: string): Notice => ({ ...info(message), reason: "ReconciliationSucceeded" });
    await recorder.notify(named("a"), [done("1"), info("2"), done("3")]);
    await recorder.notify(named("b"), [failed, info("2"), done("3")]);
    await recorder.notify(named("c"), [{ ...info("Reconciliation finished"), isQuiet: true }]);
    await until(() => expect(messages()).toHaveLength(7));
    await stop();
    expect(store.all.map((event) => event["message"])).toEqual(["2", "3", failed.message, "3"]);
  });

  it("that follow each other for one reason are one, so that none of their words is lost", async () => {
    const { recorder, stop } = start();
    await recorder.notify(named("a"), [info("A configured"), info("B deleted"), { ...info("finished"), reason: "ReconciliationSucceeded" }]);
    await until(() => expect(messages()).toHaveLength(3));
    await stop();
    expect(store.all.map((event) => event["message"])).toEqual(["A configured\nB deleted", "finished"]);
  });

  it("are suppressed for an object that never stops talking, which costs its neighbours nothing", async () => {
    const { recorder, stop } = start();
    for (let index = 0; index < 100; index++) await recorder.notify(apps, [info(`no ${index}`)]);
    await recorder.notify(named("quiet"), [info("hello")]);
    await stop();
    expect(store.all).toHaveLength(26);
  });

  it("are tried again when the API server is throttled, away or does not know who asks, and given up when it refuses them", async () => {
    store.failNext = [
      new ToolkitError("throttled", "slow down", { retryAfterMs: 1000 }),
      new ToolkitError("unavailable", "no answer"),
      kubeError({ status: 401, body: "" }),
    ];
    const { recorder } = start();
    await recorder.notify(named("a"), [failed]);
    await until(() => {
      clock.advance(1000);
      expect(store.all).toHaveLength(1);
    });
    store.failNext = [new ToolkitError("denied", "forbidden")];
    await recorder.notify(named("b"), [failed]);
    await recorder.notify(named("c"), [failed]);
    await until(() => expect(store.all).toHaveLength(2));
    expect(store.requests).toBe(6);
  });

  it("have a name that Kubernetes takes, however long the object's is", async () => {
    const { recorder, stop } = start();
    await recorder.notify(named("a".repeat(253)), [failed]);
    await stop();
    expect([...store.events.keys()][0]).toMatch(/^a{236}\.[0-9a-f]{16}$/);
  });
});

it("gets the last words out before the process ends, and does not wait for ever", async () => {
  const { recorder, stop } = start();
  await recorder.notify(apps, [failed]);
  await stop();
  expect(messages()).toEqual([failed.message]);
  sink.answer = () => "hang";
  const hanging = start();
  await hanging.recorder.notify(apps, [info("never")]);
  await hanging.stop();
  expect(clock.pending).toBe(0);
});
