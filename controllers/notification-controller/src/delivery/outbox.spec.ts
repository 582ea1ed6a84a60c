import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ManualClock } from "@plumb/events/testing";
import { Spool } from "@plumb/files";
import { noMeter, silentLog, ToolkitError } from "@plumb/std";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { encodeDelivery, type Attempt, type Delivery } from "./delivery.ts";
import { Outbox, type OutboxSpool } from "./outbox.ts";
import { sampleEvent } from "../testing/samples.ts";

const LIMITS = { maxEntries: 1000, maxBytes: 10_000_000 };
const delivered: Attempt = { kind: "delivered" };
const outage: Attempt = { kind: "failed", message: "503", isOutage: true };
const misconfigured: Attempt = { kind: "failed", message: "401", isOutage: false };

let folder: string;
let spool: Spool;
let clock: ManualClock;
let tried: string[];
let warnings: string[];
/** What comes of a try; may be changed at any time. */
let answer: (label: string) => Attempt | Promise<Attempt>;
const ends: (() => Promise<void>)[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "plumb-outbox-"));
  spool = await Spool.open(folder, LIMITS);
  clock = new ManualClock();
  tried = [];
  warnings = [];
  answer = () => delivered;
});
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  await spool.close();
  rmSync(folder, { recursive: true });
});

/** `provider:object/number`. */
function delivery(label: string): Delivery {
  const [, provider = "", name = ""] = /^(.*):(.*)\//.exec(label) ?? [];
  const event = sampleEvent({ message: label, involvedObject: { kind: "Kustomization", namespace: "team", name } });
  return { event, alert: { namespace: "team", name: "on-call", uid: "u-alert" }, provider, acceptedMs: clock.nowMs() };
}

function newOutbox(on: OutboxSpool): Outbox {
  return new Outbox({
    spool: on,
    clock,
    log: silentLog,
    finished: noMeter.counter("", ""),
    warn: (_delivery, reason, message) => warnings.push(`${reason}: ${message}`),
    attempt: async ({ event }) => {
      tried.push(event.message);
      return answer(event.message);
    },
  });
}

function open(on: OutboxSpool = spool): { readonly outbox: Outbox; readonly stop: () => Promise<void> } {
  const outbox = newOutbox(on);
  const end = new AbortController();
  const running = outbox.run(end.signal);
  const stop = async (): Promise<void> => {
    end.abort();
    await running;
  };
  ends.push(stop);
  return { outbox, stop };
}

const until = (check: () => void): Promise<void> => vi.waitFor(check, { timeout: 60_000, interval: 1 });
const untilTimePassing = (stepMs: number, check: () => void): Promise<void> =>
  until(() => {
    clock.advance(stepMs);
    check();
  });
const numbers = (object: string, count: number): string[] => Array.from({ length: count }, (_, index) => `sink:${object}/${index}`);

describe("a delivery", () => {
  it("is on disk when it is accepted, and off it when it is made", async () => {
    const gate = Promise.withResolvers<Attempt>();
    answer = () => gate.promise;
    const { outbox } = open();
    await outbox.accept([delivery("sink:a/0")]);
    expect(spool.count).toBe(1);
    gate.resolve(delivered);
    await until(() => expect([spool.count, outbox.count]).toEqual([0, 0]));
    expect(tried).toEqual(["sink:a/0"]);
  });

  it("that a killed process left is made by the next one", async () => {
    answer = () => outage;
    const first = open();
    await first.outbox.accept(numbers("a", 3).map(delivery));
    await first.stop();
    await spool.close();
    tried = [];
    answer = () => delivered;
    spool = await Spool.open(folder, LIMITS);
    open();
    await until(() => expect(spool.count).toBe(0));
    expect(tried).toEqual(numbers("a", 3));
  });

  it("is made again until it is taken, an object's in their order", async () => {
    let left = 5;
    answer = () => (left-- > 0 ? outage : delivered);
    const { outbox } = open();
    await outbox.accept(numbers("a", 3).map(delivery));
    await untilTimePassing(60_000, () => expect(spool.count).toBe(0));
    expect(tried).toEqual([...Array.from({ length: 5 }, () => "sink:a/0"), ...numbers("a", 3)]);
  });

  it("that is accepted while the disk is full is refused, all of it or nothing", async () => {
    await spool.close();
    spool = await Spool.open(folder, { ...LIMITS, maxEntries: 2 });
    const { outbox } = open();
    answer = () => outage;
    await expect(outbox.accept(numbers("a", 3).map(delivery))).rejects.toThrow("the spool is full");
    expect([spool.count, outbox.count]).toEqual([0, 0]);
  });

  it("that cannot be read from the disk does not hold up the others", async () => {
    await spool.add(Buffer.from("{"));
    await spool.add(Buffer.from('{"event":1}'));
    const { outbox } = open();
    await outbox.accept([delivery("sink:a/0")]);
    await until(() => expect(spool.count).toBe(0));
    expect(tried).toEqual(["sink:a/0"]);
  });
});

describe("a disk that fails while it is read", () => {
  const failing = (fails: () => boolean): OutboxSpool => ({
    add: (bytes) => spool.add(bytes),
    list: () => spool.list(),
    remove: (id) => spool.remove(id),
    read: (id) => (fails() ? Promise.reject(new ToolkitError("unavailable", "read log: input/output error")) : spool.read(id)),
  });

  it("delays a delivery and does not lose it", async () => {
    let fails = 3;
    const { outbox } = open(failing(() => fails-- > 0));
    await outbox.accept([delivery("sink:a/0")]);
    await untilTimePassing(10_000, () => expect(spool.count).toBe(0));
    expect(tried).toEqual(["sink:a/0"]);
  });

  it("ends the process at its start instead of forgetting what it left", async () => {
    await spool.add(encodeDelivery(delivery("sink:a/0")));
    const outbox = newOutbox(failing(() => true));
    await expect(outbox.run(new AbortController().signal)).rejects.toThrow("input/output error");
    expect(spool.count).toBe(1);
  });
});

describe("a Provider", () => {
  it("that hangs delays no other", async () => {
    const gate = Promise.withResolvers<Attempt>();
    answer = (label) => (label.startsWith("hangs") ? gate.promise : delivered);
    const { outbox } = open();
    await outbox.accept(["hangs:a/0", "hangs:b/0", "well:a/0"].map(delivery));
    await until(() => expect(outbox.count).toBe(2));
    gate.resolve(delivered);
  });

  it("gets four messages at once, and one object's one after the other", async () => {
    const gate = Promise.withResolvers<Attempt>();
    answer = () => gate.promise;
    const { outbox } = open();
    await outbox.accept([...numbers("same", 5), ...Array.from({ length: 20 }, (_, index) => `sink:${index}/0`)].map(delivery));
    await until(() => expect(tried).toHaveLength(4));
    await new Promise((resolve) => setImmediate(resolve));
    expect(tried.toSorted()).toEqual(["sink:0/0", "sink:1/0", "sink:2/0", "sink:same/0"]);
    gate.resolve(delivered);
    await until(() => expect(outbox.count).toBe(0));
    expect(tried.filter((label) => label.includes("same"))).toEqual(numbers("same", 5));
  });

  it("that is away is asked by one message at a time, with back-off, and then gets everything", async () => {
    answer = () => outage;
    const { outbox } = open();
    const labels = Array.from({ length: 200 }, (_, index) => `sink:object-${index}/0`);
    const complaints = (): readonly string[] => warnings.filter((text) => text.includes("503"));
    await outbox.accept(labels.map(delivery));
    await until(() => expect(complaints()).toHaveLength(1));
    for (let second = 0; second < 30 * 60; second += 10) {
      clock.advance(10_000);
      await new Promise((resolve) => setImmediate(resolve));
    }
    const wasted = tried.length;
    expect(wasted).toBeLessThan((30 * 60) / 10 + 10);
    answer = () => delivered;
    await untilTimePassing(1000, () => expect(outbox.count).toBe(0));
    expect(new Set(tried.slice(wasted))).toEqual(new Set(labels));
    expect(complaints()).toHaveLength(1);
  });

  it("that asks for a pause gets it", async () => {
    answer = () => ({ ...outage, retryAfterMs: 90_000 });
    const { outbox } = open();
    await outbox.accept([delivery("sink:a/0")]);
    await until(() => expect(clock.pending).toBe(1));
    clock.advance(89_999);
    expect(tried).toHaveLength(1);
    answer = () => delivered;
    clock.advance(1);
    await until(() => expect(outbox.count).toBe(0));
  });

  it.each([-86_400_000 * 2, 86_400_000 * 2])("that is away gets what waits when it is back, though the wall clock was set by %d ms", async (aheadMs) => {
    answer = () => misconfigured;
    const { outbox } = open();
    await outbox.accept([delivery("sink:a/0")]);
    await until(() => expect(clock.pending).toBe(1));
    clock.set(aheadMs);
    await until(() => {
      clock.advance(1000);
      expect(tried).toHaveLength(2);
    });
    answer = () => delivered;
    await untilTimePassing(1000, () => expect(outbox.count).toBe(0));
    expect(tried).toHaveLength(3);
  });

  it("that never takes one message gets all the others, and the poison is given up after a day", async () => {
    answer = (label) => (label.includes("poison") ? outage : delivered);
    const { outbox } = open();
    await outbox.accept(["sink:poison/0", "sink:poison/1", ...Array.from({ length: 20 }, (_, index) => `sink:${index}/0`)].map(delivery));
    await untilTimePassing(1000, () => expect(outbox.count).toBe(2));
    await untilTimePassing(60 * 60_000, () => expect(outbox.count).toBe(0));
    expect(spool.count).toBe(0);
  });

  it("that refuses a message does not get it again, and its owner hears why", async () => {
    answer = () => ({ kind: "refused", reason: "FeatureNotSupported", message: "no" });
    const { outbox } = open();
    await outbox.accept(numbers("a", 2).map(delivery));
    await until(() => expect(outbox.count).toBe(0));
    expect(tried).toEqual(numbers("a", 2));
    expect(warnings).toEqual(["FeatureNotSupported: no", "FeatureNotSupported: no"]);
  });

  it("that is wrongly configured gets what waits when it is set right", async () => {
    answer = () => misconfigured;
    const { outbox } = open();
    await outbox.accept([delivery("sink:a/0")]);
    await until(() => expect(clock.pending).toBe(1));
    answer = () => delivered;
    outbox.wake("team", "sink");
    await until(() => expect(outbox.count).toBe(0));
  });

  it("that stays wrongly configured loses what waits after ten minutes, and not one message each half minute", async () => {
    answer = () => misconfigured;
    const { outbox } = open();
    await outbox.accept(Array.from({ length: 100 }, (_, index) => delivery(`sink:${index}/0`)));
    await until(() => expect(clock.pending).toBe(1));
    clock.advance(11 * 60_000);
    await untilTimePassing(1, () => expect([outbox.count, spool.count]).toEqual([0, 0]));
    expect(tried.length).toBeLessThan(10);
    expect(warnings).toEqual(["NotificationDispatchFailed: 401", "NotificationDispatchFailed: 401"]);
  });
});

it("lets the tries under way end before it stops, so that they are not made twice", async () => {
  const gate = Promise.withResolvers<Attempt>();
  answer = () => gate.promise;
  const { outbox, stop } = open();
  await outbox.accept([delivery("sink:a/0")]);
  await until(() => expect(tried).toHaveLength(1));
  const stopped = stop();
  gate.resolve(delivered);
  await stopped;
  expect(spool.count).toBe(0);
  expect(clock.pending).toBe(0);
});
