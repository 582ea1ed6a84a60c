import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { endProcess, Fleet } from "./fleet.ts";
import { testHost } from "../testing/test-host.ts";
import { isRunning, startTicks, type LabProcess } from "./state.ts";

/** To give up after, many times what is expected. */
const WAIT = { timeout: 60_000 };

const PROGRAM = `
const [, , name, ...listening] = process.argv;
const say = (fields) => console.log(JSON.stringify(fields));
if (name === "dies") { console.error("first"); console.error(new Error("the disk is full").stack); process.exit(3); }
if (name === "stubborn") process.on("SIGTERM", () => {});
else process.on("SIGTERM", () => { require("node:fs").appendFileSync(process.env.ENDED, name + "\\n"); process.exit(0); });
console.log("not a log line");
for (const server of listening) say({ msg: "listening", server, address: "127.0.0.1:" + (1000 + server.length) });
setInterval(() => {}, 1000);
`;

const host = testHost();
let folder: string;
let changes: string[][];
let all: Map<string, LabProcess>;
let lines: string[];
let ended: string[];
let stop: AbortController;
let fleet: Fleet;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "plumb-fleet-"));
  writeFileSync(join(folder, "program.cjs"), PROGRAM);
  writeFileSync(join(folder, "ended"), "");
  changes = [];
  all = new Map();
  lines = [];
  ended = [];
  stop = new AbortController();
  fleet = new Fleet({
    host,
    logFolder: join(folder, "logs"),
    signal: stop.signal,
    onEnd: (name, how) => ended.push(`${name}: ${how}`),
    onLine: (name, line) => lines.push(`${name}: ${line}`),
    onChange: (processes) => {
      changes.push(processes.map(({ name }) => name));
      for (const record of processes) all.set(record.name, record);
    },
  });
});
afterEach(async () => {
  await fleet.stop();
  expect([...all.values()].filter((record) => isRunning(record, host.kill))).toEqual([]);
  rmSync(folder, { recursive: true });
});

const launch = (name: string, listensAs: readonly string[], says = listensAs): Promise<Readonly<Record<string, string>>> =>
  fleet.start({ name, file: join(folder, "program.cjs"), args: [name, ...says], env: { ENDED: join(folder, "ended") }, listensAs });

describe("Fleet", () => {
  it("resolves to the addresses when all of them are there, and keeps what is said", async () => {
    expect(await launch("a", ["web", "events"])).toEqual({ web: "127.0.0.1:1003", events: "127.0.0.1:1006" });
    expect(lines[0]).toBe("a: not a log line");
    await vi.waitFor(() => expect(readFileSync(join(folder, "logs", "a.log"), "utf8")).toContain("not a log line\n"), WAIT);
    expect(changes).toEqual([["a"]]);
  });
  it("says with its last words, without where in its code, that a process ended before it listened", async () => {
    await expect(launch("dies", ["web"])).rejects.toMatchObject({
      kind: "unavailable",
      message: "dies ended with exit code 3: first | Error: the disk is full",
    });
    expect(changes.at(-1)).toEqual([]);
  });
  it("tells of a process that ends by itself later, and of none that it ends", async () => {
    await launch("a", ["web"]);
    await launch("b", ["web"]);
    process.kill(all.get("a")?.pid ?? 0, "SIGKILL");
    await vi.waitFor(() => expect(ended).toEqual(["a: SIGKILL"]), WAIT);
    await fleet.stop();
    expect(ended).toEqual(["a: SIGKILL"]);
  });
  it("knows when every process has ended, whoever ended it", async () => {
    let isOver = false;
    void fleet.allEnded.then(() => (isOver = true));
    for (const name of ["a", "b"]) await launch(name, ["web"]);
    for (const name of ["a", "b"]) {
      expect(isOver).toBe(false);
      process.kill(all.get(name)?.pid ?? 0);
      await vi.waitFor(() => expect(ended).toContain(`${name}: exit code 0`), WAIT);
    }
    await fleet.allEnded;
  });
  it("ends the last one first", async () => {
    for (const name of ["a", "b", "c"]) await launch(name, ["web"]);
    await fleet.stop();
    expect(readFileSync(join(folder, "ended"), "utf8")).toBe("c\nb\na\n");
    expect(changes.at(-1)).toEqual([]);
  });
  it("stops waiting for a process when it is told to, and ends it with the others", async () => {
    await launch("a", ["web"]);
    const waiting = launch("b", ["web"], []);
    await vi.waitFor(() => expect(lines).toContain("b: not a log line"), WAIT);
    stop.abort();
    await expect(waiting).rejects.toMatchObject({ kind: "cancelled" });
    await expect(launch("c", ["web"])).rejects.toMatchObject({ kind: "cancelled" });
    await fleet.stop();
    expect(readFileSync(join(folder, "ended"), "utf8")).toBe("b\na\n");
    expect([...all.keys()]).toEqual(["a", "b"]);
  });
  it("makes a process end that will not", async () => {
    await launch("stubborn", ["web"]);
    const record = all.get("stubborn");
    if (record === undefined) throw new Error("it was not started");
    await endProcess(record, host.kill, 100);
    expect(isRunning(record, host.kill)).toBe(false);
  });
  it.runIf(startTicks(process.pid) !== undefined)("leaves a process alone that has the number of one of its own by now", async () => {
    await launch("a", ["web"]);
    const record = all.get("a");
    if (record === undefined) throw new Error("it was not started");
    await endProcess({ ...record, startTicks: "1" }, host.kill);
    expect(isRunning(record, host.kill)).toBe(true);
  });
});
