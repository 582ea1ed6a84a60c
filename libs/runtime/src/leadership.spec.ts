import { startTestApiServer, type TestApiServer } from "@plumb/apiserver/testing";
import { createKubeClient, type KubeConnection } from "@plumb/kube";
import { silentLog, systemClock } from "@plumb/std";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { leaseLeadership, type FencedLeadership } from "./leadership.ts";

let server: TestApiServer;
let client: KubeConnection;
const { signal: never } = new AbortController();
const WAIT = { timeout: 60_000, interval: 10 };

beforeEach(async () => {
  server = await startTestApiServer();
  client = createKubeClient({ access: { server: new URL(server.url), credential: { kind: "token", token: server.token } } });
  await client.create(
    { group: "", version: "v1", plural: "namespaces" },
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "flux-system" } },
    { fieldManager: "test", signal: never },
  );
});
afterEach(async () => {
  client.close();
  await server.close();
});

function candidate(identity: string): FencedLeadership {
  const config = { isEnabled: true, leaseDurationMs: 60_000, renewDeadlineMs: 40_000, retryPeriodMs: 50, releaseOnCancel: true };
  return leaseLeadership({ client, config, namespace: "flux-system", leaseName: "x-leader-election", identity, clock: systemClock, log: silentLog });
}

describe("leaseLeadership", () => {
  it("leads one at a time, and hands over at once when the first gives back", async () => {
    const [first, second] = [candidate("a"), candidate("b")];
    await first.acquire(never);
    const waiting = second.acquire(never);
    expect([first.isLeading(), second.isLeading()]).toEqual([true, false]);
    await first.release();
    expect(first.isLeading()).toBe(false);
    await waiting;
    expect(second.isLeading()).toBe(true);
    await second.release();
  });
  it("stops waiting when it is told to, and holds nothing then", async () => {
    const [first, second] = [candidate("a"), candidate("b")];
    await first.acquire(never);
    const stop = new AbortController();
    const waiting = second.acquire(stop.signal);
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ kind: "cancelled" });
    await expect(candidate("c").acquire(AbortSignal.abort())).rejects.toMatchObject({ kind: "cancelled" });
    await first.release();
    expect(second.isLeading()).toBe(false);
  });
  it("says that the lease is lost when somebody else has taken it", async () => {
    const first = candidate("a");
    const term = await first.acquire(never);
    const name = { resource: { group: "coordination.k8s.io", version: "v1", plural: "leases" }, namespace: "flux-system", name: "x-leader-election" };
    const renewTime = `${new Date(Date.now() + 60_000).toISOString().slice(0, -1)}000Z`;
    await client.patch(name, { spec: { holderIdentity: "thief", renewTime } }, { type: "merge", fieldManager: "thief", signal: never });
    await vi.waitFor(() => expect(term.aborted).toBe(true), WAIT);
    await expect(first.acquire(never)).rejects.toMatchObject({ kind: "conflict", message: "leader election lost" });
    expect(first.isLeading()).toBe(false);
    await first.release();
  });
});
