import type { ServerResponse } from "node:http";
import { isObject, parseJson, systemClock, type Clock, type ToolkitError } from "@plumb/std";
import { afterEach, describe, expect, it } from "vitest";
import { createKubeClient, type KubeConnection } from "./client.ts";
import { LeaderLease, type LeaseOptions } from "./lease.ts";
import { ScriptedServer, sendJson, statusBody, type SeenRequest } from "./testing/index.ts";

const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A server that keeps one Lease, with the API server's locking, and can be made not to answer. */
class LeaseServer {
  readonly server: ScriptedServer = new ScriptedServer((request, response) => this.#answer(request, response));
  answers: "yes" | "never" | 401 | 403 = "yes";
  spec: Record<string, unknown> | undefined;
  version = 0;

  #answer({ method, body }: SeenRequest, response: ServerResponse): void {
    if (this.answers === "never") return;
    if (this.answers === 401) return sendJson(response, 401, statusBody(401, "Unauthorized", "Unauthorized"));
    if (this.answers === 403) return sendJson(response, 403, statusBody(403, "Forbidden", "leases is forbidden"));
    const sent = body === "" ? {} : parseJson(body);
    if (!isObject(sent)) throw new Error("no object");
    const spec = isObject(sent["spec"]) ? sent["spec"] : {};
    if (method === "POST" && this.spec !== undefined) return sendJson(response, 409, statusBody(409, "AlreadyExists", "exists"));
    if (method !== "POST" && this.spec === undefined) return sendJson(response, 404, statusBody(404, "NotFound", 'leases "l" not found', { name: "l" }));
    if (method === "PATCH" && isObject(sent["metadata"]) && sent["metadata"]["resourceVersion"] !== `${this.version}`)
      return sendJson(response, 409, statusBody(409, "Conflict", "modified"));
    if (method !== "GET") {
      this.version++;
      this.spec = { ...this.spec, ...spec };
    }
    sendJson(response, 200, {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: { name: "l", namespace: "flux-system", uid: "u", resourceVersion: `${this.version}` },
      spec: this.spec,
    });
  }
}

/** The machine's clock, which a test can set forward as a stop of the process does. */
class JumpingClock implements Clock {
  aheadMs = 0;
  nowMs(): number {
    return systemClock.nowMs() + this.aheadMs;
  }
  monotonicMs(): number {
    return systemClock.monotonicMs() + this.aheadMs;
  }
  after(delayMs: number, run: () => void): ReturnType<Clock["after"]> {
    return systemClock.after(delayMs, run);
  }
}

interface Candidate {
  readonly lease: LeaderLease;
  readonly clock: JumpingClock;
  readonly errors: ToolkitError[];
  stop(): Promise<void>;
}

async function leaseServer(): Promise<{ held: LeaseServer; client: KubeConnection }> {
  const held = new LeaseServer();
  await held.server.listen();
  const client = createKubeClient({ access: held.server.access });
  closers.push(
    () => held.server.close(),
    () => client.close(),
  );
  return { held, client };
}

function candidate(client: KubeConnection, identity: string, options: Partial<LeaseOptions> = {}): Candidate {
  const clock = new JumpingClock();
  const errors: ToolkitError[] = [];
  const lease = new LeaderLease({
    client,
    namespace: "flux-system",
    name: "l",
    identity,
    leaseDurationMs: 60_000,
    renewDeadlineMs: 40_000,
    retryPeriodMs: 100,
    releasesOnCancel: true,
    clock,
    onError: (error) => errors.push(error),
    ...options,
  });
  const stop = new AbortController();
  const running = lease.run(stop.signal);
  const end = (): Promise<void> => {
    stop.abort();
    return running;
  };
  closers.push(end);
  return { lease, clock, errors, stop: end };
}

/** For what happens when a lease lapses; everything else is tried with one that a busy machine cannot lose. */
const SHORT = { leaseDurationMs: 3_000, renewDeadlineMs: 2_000 };

describe("leader election", () => {
  it("writes the lease as other clients do, and renews it", async () => {
    const { held, client } = await leaseServer();
    const { lease } = candidate(client, "pod-1");
    expect(lease.isLeading()).toBe(false);
    await lease.won;
    expect(lease.isLeading()).toBe(true);
    const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    expect(held.spec).toEqual({ holderIdentity: "pod-1", leaseDurationSeconds: 60, renewTime: time, acquireTime: time, leaseTransitions: 0 });
    const { version, server } = held;
    const asked = server.seen.length;
    await expect.poll(() => held.version).toBeGreaterThan(version + 2);
    expect(lease.isLeading()).toBe(true);
    // a renewal that a busy machine lost is followed by a read; none is followed by a second lease
    expect(server.seen.slice(asked).filter(({ method }) => method !== "PATCH" && method !== "GET")).toEqual([]);
  });

  it("lets one of many lead, and another only after that one has given up", async () => {
    const { held, client } = await leaseServer();
    const all = ["a", "b", "c"].map((identity) => candidate(client, identity));
    await Promise.race(all.map(({ lease }) => lease.won));
    const leader = all.find(({ lease }) => lease.isLeading());
    const others = all.filter((other) => other !== leader);
    expect(others.map(({ lease }) => lease.isLeading())).toEqual([false, false]);
    const stopping = leader?.stop();
    expect(leader?.lease.isLeading()).toBe(false);
    await stopping;
    await Promise.race(others.map(({ lease }) => lease.won));
    expect(others.filter(({ lease }) => lease.isLeading())).toHaveLength(1);
    expect(held.spec?.["leaseTransitions"]).toBe(1);
    expect(all.flatMap(({ errors }) => errors)).toEqual([]);
  });

  it("follows a leader that vanished, and not before its time is over", async () => {
    const { held, client } = await leaseServer();
    held.spec = { holderIdentity: "gone", leaseDurationSeconds: 1, renewTime: "2020-01-01T00:00:00.000000Z", leaseTransitions: 4 };
    const startedMs = performance.now();
    const { lease } = candidate(client, "next");
    await lease.won;
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(990);
    expect(held.spec).toMatchObject({ holderIdentity: "next", leaseTransitions: 5 });
  });

  it.each(["never", 401, 403] as const)("rests when the API server answers %s in time, says so, and leads again where nobody else has", async (answers) => {
    const { held, client } = await leaseServer();
    const { lease, errors } = candidate(client, "a", SHORT);
    await lease.won;
    held.answers = answers;
    await lease.lapsed;
    expect(lease.isLeading()).toBe(false);
    expect(errors.length).toBeGreaterThan(0);
    const transitions = held.spec?.["leaseTransitions"];
    held.answers = "yes";
    await lease.won;
    expect([lease.isLeading(), held.spec?.["leaseTransitions"]]).toEqual([true, transitions]);
  });

  it.each([
    ["another holds it", { holderIdentity: "b", leaseDurationSeconds: 1 }],
    ["another has held it and given it up", { holderIdentity: "", leaseDurationSeconds: 1 }],
    ["it is gone", undefined],
  ])("is over when it comes back from an outage and %s, and writes nothing", async (_, spec) => {
    const { held, client } = await leaseServer();
    const { lease } = candidate(client, "a", SHORT);
    await lease.won;
    held.answers = "never";
    await lease.lapsed;
    held.version++;
    held.spec = spec;
    held.answers = "yes";
    await lease.lost;
    expect([lease.isLeading(), held.spec]).toEqual([false, spec]);
  });

  it("survives a short outage", async () => {
    const { held, client } = await leaseServer();
    const { lease } = candidate(client, "a");
    await lease.won;
    held.answers = 403;
    await new Promise((done) => setTimeout(done, 250));
    held.answers = "yes";
    const { version } = held;
    await expect.poll(() => held.version).toBeGreaterThan(version + 6);
    expect(lease.isLeading()).toBe(true);
  });

  it("is not leading at the first question after the process was stopped for a while", async () => {
    const { client } = await leaseServer();
    const { lease, clock } = candidate(client, "a");
    await lease.won;
    clock.aheadMs = 60_000;
    expect(lease.isLeading()).toBe(false);
    await expect.poll(() => lease.isLeading()).toBe(true);
  });

  it("gives way at once when another holds the lease", async () => {
    const { held, client } = await leaseServer();
    const { lease } = candidate(client, "a");
    await lease.won;
    held.version++;
    held.spec = { ...held.spec, holderIdentity: "usurper" };
    await lease.lost;
    expect(held.spec?.["holderIdentity"]).toBe("usurper");
  });

  it("goes on leading when somebody else changed the lease without taking it, or deleted it", async () => {
    const { held, client } = await leaseServer();
    const { lease } = candidate(client, "a");
    await lease.won;
    held.version++;
    const { version } = held;
    await expect.poll(() => held.version).toBeGreaterThan(version + 1);
    held.spec = undefined;
    await expect.poll(() => held.spec?.["holderIdentity"]).toBe("a");
    expect(lease.isLeading()).toBe(true);
  });

  it("gives the lease up although a renewal was just stored whose answer it did not wait for", async () => {
    const { held, client } = await leaseServer();
    const { lease, stop } = candidate(client, "a");
    await lease.won;
    held.version++;
    await stop();
    expect(held.spec?.["holderIdentity"]).toBe("");
  });

  it("keeps the lease when it is not to be released", async () => {
    const { held, client } = await leaseServer();
    const { lease, stop } = candidate(client, "a", { releasesOnCancel: false });
    await lease.won;
    await stop();
    expect(held.spec?.["holderIdentity"]).toBe("a");
  });

  it.each([
    [{ leaseDurationMs: 40_000 }, "the lease duration must be greater than the renew deadline"],
    [{ retryPeriodMs: 40_000 }, "the renew deadline must be greater than the retry period and its jitter"],
  ])("refuses %j", (durations, message) => {
    expect(() => candidate(createKubeClient({ access: { server: new URL("http://127.0.0.1:1"), credential: { kind: "none" } } }), "a", durations)).toThrow(
      message,
    );
  });
});
