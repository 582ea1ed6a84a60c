import type { LiveObject } from "@plumb/api";
import { ManualClock } from "@plumb/events/testing";
import { isObject, silentLog, ToolkitError, type JsonObject } from "@plumb/std";
import { applyMergePatch } from "@plumb/patch";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ControlledKind } from "./controlled-kind.ts";
import { HostPlaces, Places } from "./places.ts";
import { RunTools } from "./run-tools.ts";
import { StatusWriter } from "./status.ts";

interface Status {
  a?: number;
  b?: number;
}

let clock: ManualClock;
let written: { readonly atMs: number; readonly status: JsonObject }[];
let live: LiveObject | undefined;
let refuse: ToolkitError | undefined;
let places: Places;
let stop: AbortController;
let run: RunTools<Status>;

beforeEach(async () => {
  clock = new ManualClock(0);
  written = [];
  refuse = undefined;
  stop = new AbortController();
  places = new Places(1);
  live = { apiVersion: "v1", kind: "K", metadata: { name: "a", namespace: "b", uid: "u", resourceVersion: "1", generation: 1 } };
  run = await begin();
});
afterEach(async () => {
  await run.end();
  expect([clock.pending, places.isIdle]).toEqual([0, true]);
});

async function begin(kind: Pick<ControlledKind, "firstRunMessage"> = { firstRunMessage: "Reconciliation in progress" }): Promise<RunTools<Status>> {
  const status = new StatusWriter({
    resource: { group: "g", version: "v1", plural: "ks" },
    fieldManager: "m",
    nowMs: () => clock.nowMs(),
    client: {
      get: async () => live,
      patch: async (_, patch) => {
        if (refuse !== undefined) throw refuse;
        if (live === undefined) throw new ToolkitError("missing", "not found");
        const sent = isObject(patch) && isObject(patch["status"]) ? patch["status"] : {};
        written.push({ atMs: clock.nowMs(), status: sent });
        live = {
          ...live,
          metadata: { ...live.metadata, resourceVersion: String(written.length + 1) },
          status: applyMergePatch(isObject(live["status"]) ? live["status"] : {}, sent),
        };
        return live;
      },
    },
  });
  const release = await places.take(stop.signal);
  if (live === undefined) throw new Error("there is no object");
  return new RunTools<Status>({
    obj: live,
    kind,
    status,
    clock,
    log: silentLog,
    places,
    hosts: new HostPlaces(),
    release,
    signal: stop.signal,
  });
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function pass(ms: number): Promise<void> {
  clock.advance(ms);
  await turn();
}

function shown(): readonly string[] {
  return written.map(({ atMs, status }) => {
    const [condition] = Array.isArray(status["conditions"]) ? status["conditions"].filter((entry) => isObject(entry) && entry["type"] === "Reconciling") : [];
    return `${atMs}: ${isObject(condition) ? String(condition["message"]) : "nothing"}`;
  });
}

describe("progress", () => {
  it("of a run that takes less than a second is never shown", async () => {
    run.tools.progress("fetching");
    await pass(999);
    await run.quiesce();
    await pass(5000);
    expect([written, run.lastProgress]).toEqual([[], "fetching"]);
  });
  it("is shown at most once a second, the newest step each time, and the same step once", async () => {
    for (let step = 0; step < 25; step++) {
      run.tools.progress(`step ${step}`);
      await pass(100);
    }
    run.tools.progress("step 24");
    await pass(500);
    await pass(5000);
    run.tools.progress("step 24");
    await pass(5000);
    const times = written.map(({ atMs }) => atMs);
    expect(times.every((atMs, index) => atMs - (times[index - 1] ?? 0) >= 1000)).toBe(true);
    expect(shown()).toEqual(["1000: step 9", "2000: step 19", "3000: step 24"]);
  });
  it("lets Ready say the progress itself where the kind has no words for a first run", async () => {
    await run.end();
    run = await begin({});
    run.tools.progress("building artifact");
    await pass(1000);
    expect(written[0]?.status["conditions"]).toMatchObject([
      { message: "building artifact" },
      { type: "Ready", status: "Unknown", message: "building artifact" },
    ]);
  });

  it("shows an object that was never ready as in progress, and leaves the word of one that was", async () => {
    run.tools.progress("fetching");
    await pass(1000);
    expect(written[0]?.status["conditions"]).toMatchObject([
      { type: "Reconciling", status: "True", reason: "Progressing" },
      { type: "Ready", status: "Unknown", message: "Reconciliation in progress" },
    ]);
    run.tools.progress("building");
    await pass(1000);
    expect(written.length).toBe(2);
  });
  it("that cannot be stored fails nothing", async () => {
    refuse = new ToolkitError("denied", "no");
    run.tools.progress("fetching");
    await pass(1000);
    refuse = undefined;
    await run.tools.checkpoint({ a: 1 });
    expect(live?.["status"]).toMatchObject({ a: 1 });
  });
});

describe("a checkpoint", () => {
  it("is stored when it resolves, and builds on the ones before though they are asked for at once", async () => {
    await Promise.all([run.tools.checkpoint({ a: 1 }), run.tools.checkpoint({ b: 2 }), run.tools.checkpoint({ a: 3 })]);
    expect(run.latest["status"]).toEqual({ a: 3, b: 2 });
    expect(written.map(({ status }) => status)).toEqual([{ a: 1 }, { b: 2 }, { a: 3 }]);
  });
  it("that says what is stored costs no request", async () => {
    await run.tools.checkpoint({ a: 1 });
    await run.tools.checkpoint({ a: 1 });
    expect(written.length).toBe(1);
  });
  it("says in the same write that nobody is to build on what is being rewritten", async () => {
    run.tools.progress("applying");
    await run.tools.checkpoint({ a: 1 }, { reason: "Progressing", message: "rewriting" });
    expect(written.map(({ status }) => status)).toMatchObject([
      {
        a: 1,
        conditions: [
          { type: "Reconciling", message: "applying" },
          { type: "Ready", status: "Unknown", reason: "Progressing", message: "rewriting" },
        ],
      },
    ]);
  });
  it("rejects when it is refused, so that nothing is written that is not noted", async () => {
    refuse = new ToolkitError("denied", "no");
    await expect(run.tools.checkpoint({ a: 1 })).rejects.toMatchObject({ kind: "denied" });
  });
  it("rejects as cancelled when the object has gone", async () => {
    live = undefined;
    await expect(run.tools.checkpoint({ a: 1 })).rejects.toMatchObject({ kind: "cancelled" });
  });
});

describe("atHost", () => {
  it("gives the worker to another run meanwhile, and has one again before it returns", async () => {
    const answer = Promise.withResolvers<string>();
    const waiting = run.tools.atHost("git.example", () => answer.promise);
    const other = await places.take(stop.signal);
    answer.resolve("answer");
    let isBack = false;
    const back = waiting.then((value) => {
      isBack = true;
      return value;
    });
    await turn();
    expect(isBack).toBe(false);
    other();
    expect(await back).toBe("answer");
    const queue = new AbortController();
    const third = places.take(queue.signal);
    queue.abort(new Error("taken"));
    await expect(third).rejects.toThrow("taken");
  });
  it("has a worker again after a failure too", async () => {
    await expect(run.tools.atHost("git.example", () => Promise.reject(new ToolkitError("unavailable", "no answer")))).rejects.toThrow("no answer");
    expect(places.isIdle).toBe(false);
  });
  it("loses no worker when two hosts are waited for at once", async () => {
    places = new Places(2);
    run = await begin();
    await Promise.all(["a", "b"].map((host) => run.tools.atHost(host, async () => turn())));
    await run.end();
    await Promise.all([places.take(stop.signal), places.take(stop.signal)]).then((releases) => releases.forEach((release) => release()));
  });
  it("says cancelled, and nothing else, of whatever goes wrong once the process is stopping", async () => {
    const waiting = run.tools.atHost("git.example", async () => {
      stop.abort();
      throw new ToolkitError("unavailable", "connection closed");
    });
    await expect(waiting).rejects.toMatchObject({ kind: "cancelled" });
  });
});
