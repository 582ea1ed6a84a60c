import { silentLog, ToolkitError } from "@plumb/std";
import { beforeEach, describe, expect, it } from "vitest";
import { Manager, type Leadership, type ManagerOptions, type Part } from "./manager.ts";

let told: string[];
let stop: AbortController;

beforeEach(() => {
  told = [];
  stop = new AbortController();
});

function aborted(signal: AbortSignal): Promise<void> {
  return signal.aborted ? Promise.resolve() : new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

/** Notes its start and its end; `fail` rejects when it resolves. */
function part(name: string, fail?: Promise<Error>): Part {
  return {
    name,
    async run(signal) {
      told.push(`+${name}`);
      const failure = await Promise.race([aborted(signal), fail ?? new Promise<never>(() => {})]);
      await new Promise((resolve) => setImmediate(resolve));
      told.push(`-${name}`);
      if (failure !== undefined) throw failure;
    },
  };
}

/** Leads for the given terms; then the lease is another's. */
function leadership(...terms: readonly AbortSignal[]): Leadership {
  const left = terms.length === 0 ? [new AbortController().signal] : [...terms];
  return {
    async acquire(signal) {
      signal.throwIfAborted();
      const term = left.shift();
      if (term === undefined) throw new ToolkitError("conflict", "leader election lost");
      told.push("acquired");
      return term;
    },
    async release() {
      told.push("released");
    },
  };
}

function manager(change: Partial<ManagerOptions> = {}): Manager {
  return new Manager({
    always: [part("watch"), part("server")],
    synced: async () => void told.push("synced"),
    leading: [part("loop")],
    leadership: leadership(),
    log: silentLog,
    ...change,
  });
}

async function until(word: string): Promise<void> {
  while (!told.includes(word)) await new Promise((resolve) => setImmediate(resolve));
}

const EVERYTHING = ["+watch", "+server", "synced", "acquired", "+loop", "-loop", "released", "-watch", "-server"];

describe("Manager", () => {
  it("starts watches, then caches, then leads, then reconciles, and stops the other way round", async () => {
    const subject = manager();
    expect(subject.phase).toBe("starting");
    const running = subject.run(stop.signal);
    await until("+loop");
    expect(subject.phase).toBe("leading");
    stop.abort();
    await running;
    expect([subject.phase, told]).toEqual(["stopping", EVERYTHING]);
  });

  it("leads without an election where there is none", async () => {
    const running = manager({ leadership: undefined }).run(stop.signal);
    await until("+loop");
    stop.abort();
    await running;
    expect(told).toEqual(EVERYTHING.filter((word) => word !== "acquired" && word !== "released"));
  });

  it("stays up where there is nothing to reconcile", async () => {
    const subject = manager({ leading: [] });
    const running = subject.run(stop.signal);
    await until("acquired");
    await new Promise((resolve) => setImmediate(resolve));
    expect(subject.phase).toBe("leading");
    stop.abort();
    await running;
    expect(told.at(-1)).toBe("-server");
  });

  it("waits in standby for the lease, and ends from there", async () => {
    const waiting: Leadership = {
      ...leadership(),
      acquire: (signal) => new Promise((_, reject) => signal.addEventListener("abort", () => reject(new ToolkitError("cancelled", "stopped")), { once: true })),
    };
    const subject = manager({ leadership: waiting });
    const running = subject.run(stop.signal);
    while (subject.phase !== "standby") await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    await running;
    expect(told).toEqual(["+watch", "+server", "synced", "-watch", "-server"]);
  });

  it("rejects with a lost lease, its reconcilers stopped before anything else", async () => {
    const lost = new AbortController();
    const running = manager({ leadership: leadership(lost.signal) }).run(stop.signal);
    await until("+loop");
    lost.abort(new ToolkitError("conflict", "leader election lost"));
    await expect(running).rejects.toMatchObject({ kind: "conflict", message: "leader election lost" });
    expect(told).toEqual(EVERYTHING);
  });

  it("stops its reconcilers while the lease cannot be renewed, and runs them again when it leads again", async () => {
    const outage = new AbortController();
    const subject = manager({ leadership: leadership(outage.signal, new AbortController().signal) });
    const running = subject.run(stop.signal);
    await until("+loop");
    told.length = 0;
    outage.abort(new ToolkitError("conflict", "the lease could not be renewed in time"));
    await until("+loop");
    expect([subject.phase, told]).toEqual(["leading", ["-loop", "acquired", "+loop"]]);
    stop.abort();
    await running;
    expect(told.slice(3)).toEqual(["-loop", "released", "-watch", "-server"]);
  });

  it("does not reconcile under a lease that was lost before it began", async () => {
    const lost = AbortSignal.abort(new ToolkitError("conflict", "leader election lost"));
    await expect(manager({ leadership: leadership(lost) }).run(stop.signal)).rejects.toMatchObject({ message: "leader election lost" });
    expect(told.at(-1)).toBe("-server");
  });

  it("rejects with the failure of a reconciler, and stops all else in order", async () => {
    const failure = Promise.withResolvers<Error>();
    const running = manager({ leading: [part("loop"), part("bad", failure.promise)] }).run(stop.signal);
    await until("+bad");
    failure.resolve(new ToolkitError("internal", "broken"));
    await expect(running).rejects.toThrow("broken");
    expect(told.slice(-4)).toEqual(["-loop", "released", "-watch", "-server"]);
  });

  it("rejects with the failure of a server, its reconcilers stopped first", async () => {
    const failure = Promise.withResolvers<Error>();
    const running = manager({ always: [part("watch"), part("server", failure.promise)] }).run(stop.signal);
    await until("+loop");
    failure.resolve(new ToolkitError("unavailable", "address in use"));
    await expect(running).rejects.toThrow("address in use");
    expect(told.filter((word) => word !== "-server").slice(-3)).toEqual(["-loop", "released", "-watch"]);
  });

  it("rejects with a server that fails before the caches are there", async () => {
    const hanging = (signal: AbortSignal): Promise<void> =>
      aborted(signal).then(() => {
        throw new ToolkitError("cancelled", "stopped");
      });
    const running = manager({ always: [part("server", Promise.resolve(new ToolkitError("unavailable", "address in use")))], synced: hanging }).run(stop.signal);
    await expect(running).rejects.toThrow("address in use");
    expect(told).toEqual(["+server", "-server"]);
  });

  it("resolves when a part fails only after it was told to stop", async () => {
    const late: Part = {
      name: "late",
      run: async (signal) => {
        await aborted(signal);
        throw new Error("too late to matter");
      },
    };
    const running = manager({ always: [late], leading: [late, part("loop")] }).run(stop.signal);
    await until("+loop");
    stop.abort();
    await running;
  });
});
