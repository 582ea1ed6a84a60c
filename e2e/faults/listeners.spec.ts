import { randomBytes, randomUUID } from "node:crypto";
import { Agent, request } from "node:http";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { sharedCluster } from "@plumb/e2e/cluster";
import { alerting, at, gitRepository, isReady, NOTIFICATION_VERSION, START_ORDER, targetOf, Toolkit, until } from "@plumb/e2e/toolkit";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { footprintOf } from "./footprint.ts";
import { IS_SOAK, sayLeftToSoak } from "./soak.ts";

const cluster = sharedCluster();
const MAX_MEMORY_MB = 300;

/** What no client sends. */
const NOISE: Readonly<Record<string, Buffer>> = {
  "random bytes": randomBytes(64 * 1024),
  "a TLS hello": Buffer.from("16030100c8010000c40303", "hex"),
  "the preface of HTTP/2": Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
  "no end of headers": Buffer.from(`GET / HTTP/1.1\r\n${"x-a: b\r\n".repeat(100_000)}`),
  "a header of a megabyte": Buffer.from(`GET / HTTP/1.1\r\nhost: x\r\nx-a: ${"b".repeat(1_000_000)}\r\n\r\n`),
  "two lengths": Buffer.from("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab"),
  "a length and chunks": Buffer.from("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"),
  "a negative length": Buffer.from("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n"),
  "a broken chunk": Buffer.from("POST / HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"),
  "an upgrade": Buffer.from("GET / HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n"),
  "a CONNECT": Buffer.from("CONNECT 169.254.169.254:80 HTTP/1.1\r\nhost: x\r\n\r\n"),
  "an expectation": Buffer.from("POST / HTTP/1.1\r\nhost: x\r\nexpect: 200-fine\r\ncontent-length: 3\r\n\r\nabc"),
  "a thousand requests at once": Buffer.from("GET /../../etc/passwd HTTP/1.1\r\nhost: x\r\n\r\n".repeat(1000)),
  "odd ranges": Buffer.from("GET / HTTP/1.1\r\nhost: x\r\nrange: bytes=9-1,--,0-99999999999999999999\r\n\r\n"),
};

sayLeftToSoak("whoever listens");

describe.skipIf(cluster.kind === "absent" || !IS_SOAK)("whoever listens", () => {
  const namespace = `listeners-${randomUUID().slice(0, 8)}`;
  let toolkit: Toolkit;
  let addresses: readonly (readonly [name: string, address: string])[];
  let artifact: string;
  let hook: string;

  beforeAll(async () => {
    if (cluster.kind === "absent") return;
    toolkit = await Toolkit.start({ kubeconfig: cluster.kubeconfig, namespace });
    await toolkit.commit({ "a.yaml": randomBytes(3_000_000).toString("base64") });
    const source = gitRepository(namespace, "app", toolkit.git.url);
    await toolkit.cluster.apply(
      ...alerting(namespace, toolkit.sink.url),
      source,
      { apiVersion: "v1", kind: "Secret", metadata: { name: "hook", namespace }, data: { token: Buffer.from("sesame").toString("base64") } },
      {
        apiVersion: NOTIFICATION_VERSION,
        kind: "Receiver",
        metadata: { name: "hook", namespace },
        spec: { type: "generic", secretRef: { name: "hook" }, resources: [{ kind: "GitRepository", name: "app" }] },
      },
    );
    const ready = await toolkit.cluster.untilObject("an artifact", targetOf(source), isReady);
    artifact = String(at(ready, "status", "artifact", "url"));
    const receiver = { apiVersion: NOTIFICATION_VERSION, kind: "Receiver", namespace, name: "hook" };
    const known = await toolkit.cluster.untilObject("a path to post to", receiver, isReady);
    hook = `http://${toolkit.controller("notification-controller").addresses["receiver"]}${String(at(known, "status", "webhookPath"))}`;
    addresses = START_ORDER.flatMap((name) =>
      Object.entries(toolkit.controller(name).addresses).map(([server, address]) => [`${name} ${server}`, address] as const),
    );
  });
  afterAll(async () => toolkit?.[Symbol.asyncDispose]());

  function open(address: string, bytes: Uint8Array): Socket {
    const { hostname: host, port } = new URL(`tcp://${address}`);
    const socket = connect({ host, port: Number(port) });
    socket.on("error", () => undefined).resume();
    socket.write(bytes);
    return socket;
  }
  /** On a connection of its own. */
  function answerOf(url: string, method = "GET"): Promise<number> {
    return new Promise((resolve, reject) => {
      request(url, { method, agent: false, timeout: 30_000 }, (response) => response.resume().on("end", () => resolve(response.statusCode ?? 0)))
        .on("timeout", () => reject(new Error(`${url} does not answer`)))
        .on("error", reject)
        .end();
    });
  }
  async function allWell(): Promise<void> {
    for (const name of START_ORDER) {
      const { end } = toolkit.controller(name);
      if (end !== undefined) throw new Error(`${name} ended (${end}):\n${(await toolkit.controller(name).log()).slice(-2000)}`);
    }
    for (const [name, address] of addresses) {
      expect([name, await answerOf(`http://${address}/`)]).toEqual([name, expect.any(Number)]);
    }
    expect(await answerOf(artifact)).toBe(200);
    for (const name of START_ORDER) {
      const controller = toolkit.controller(name);
      expect([name, controller.end]).toEqual([name, undefined]);
      expect((await footprintOf(controller.pid)).memoryMb).toBeLessThan(MAX_MEMORY_MB);
    }
  }

  it.each(Object.entries(NOISE))("survives %s", async (_, noise) => {
    const sockets = addresses.flatMap(([, address]) => [open(address, noise), open(address, noise)]);
    await delay(200);
    for (const [index, socket] of sockets.entries()) if (index % 2 === 0) socket.resetAndDestroy();
    await allWell();
    for (const socket of sockets) socket.destroy();
  });

  it.each([
    ["say nothing", ""],
    ["end no header", "GET / HTTP/1.1\r\nhost: x\r\nx-"],
    ["end no body", `POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 3000000\r\n\r\n${"x".repeat(50_000)}`],
  ])("serves others while 1,100 connections to each %s", { timeout: 120_000 }, async (_, start) => {
    const sockets = addresses.flatMap(([, address]) => Array.from({ length: 1100 }, () => open(address, Buffer.from(start))));
    await delay(1000);
    await allWell();
    for (const socket of sockets) socket.destroy();
  });

  it("serves an artifact to others while two hundred read it slowly or leave", { timeout: 120_000 }, async () => {
    const { host, pathname } = new URL(artifact);
    const slow = Array.from({ length: 200 }, () => open(host, Buffer.from(`GET ${pathname} HTTP/1.1\r\nhost: x\r\n\r\n`)).pause());
    await delay(1000);
    for (const [index, socket] of slow.entries()) if (index % 2 === 0) socket.resetAndDestroy();
    await allWell();
    for (const socket of slow) socket.destroy();
  });

  it("takes a flood of web-hooks for one request to look, and a flood of wrong ones for none", { timeout: 120_000 }, async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 50 });
    const post = (url: string): Promise<number> =>
      new Promise((resolve, reject) => {
        request(url, { method: "POST", agent }, (response) => response.resume().on("end", () => resolve(response.statusCode ?? 0)))
          .on("error", reject)
          .end("{}");
      });
    const wrong = await Promise.all(Array.from({ length: 2000 }, () => post(`${hook}x`)));
    const right = await Promise.all(Array.from({ length: 2000 }, () => post(hook)));
    agent.destroy();
    expect([new Set(wrong), new Set(right)]).toEqual([new Set([404]), new Set([200])]);
    await allWell();
  });

  it("takes three thousand events while the sink is away, and loses none", { timeout: 400_000 }, async () => {
    const COUNT = 3000;
    toolkit.sink.answerWith(503);
    const url = `http://${toolkit.controller("notification-controller").addresses["events"]}/`;
    const agent = new Agent({ keepAlive: true, maxSockets: 50 });
    const event = (index: number): string =>
      JSON.stringify({
        involvedObject: { kind: "GitRepository", namespace, name: `object-${index % 500}`, apiVersion: "source.toolkit.fluxcd.io/v1" },
        severity: "info",
        timestamp: new Date().toISOString(),
        message: `event ${index} ${"x".repeat(500)}`,
        reason: "Flood",
        reportingController: "flood",
      });
    const send = (index: number): Promise<number> =>
      new Promise((resolve, reject) => {
        request(url, { method: "POST", agent }, (response) => response.resume().on("end", () => resolve(response.statusCode ?? 0)))
          .on("error", reject)
          .end(event(index));
      });
    const before = toolkit.sink.messages.length;
    const answers = await Promise.all(Array.from({ length: COUNT }, (_, index) => send(index)));
    agent.destroy();
    expect(new Set(answers)).toEqual(new Set([202]));
    await allWell();
    toolkit.sink.answerWith(200);
    await until(
      "every event at the sink",
      () => toolkit.sink.messages.length >= before + COUNT || undefined,
      () => `${toolkit.sink.messages.length - before} of them`,
    );
    const told = toolkit.sink.messages.slice(before).map(({ body }) => /event (\d+) /.exec(body)?.[1]);
    expect(new Set(told).size).toBe(COUNT);
    expect(told.length).toBeLessThan(COUNT + 10);
    await allWell();
  });
});
