import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { testHost } from "../testing/test-host.ts";
import { claimFolder, isLabFolder, isRunning, readState, removeState, startTicks, writeState } from "./state.ts";

const { kill } = testHost();
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "plumb-state-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("the lab's state", () => {
  it("is read as it was written, and nobody else may read it", () => {
    const state = { processes: [{ name: "git", pid: 4_000_000, startTicks: "1" }] };
    writeState(folder, state);
    expect(readState(folder)).toEqual(state);
    expect(statSync(join(folder, "state.json")).mode & 0o777).toBe(0o600);
    removeState(folder);
    removeState(folder);
    expect(readState(folder)).toBeUndefined();
  });
  it.each([
    "",
    "{",
    "null",
    "{}",
    '{"processes":{}}',
    '{"processes":[null]}',
    '{"processes":[{"pid":-1}]}',
    '{"processes":[{"pid":0}]}',
    '{"processes":[{"pid":1}]}',
    '{"processes":[{"pid":"7"}]}',
  ])("of %o is refused, for it could name every process there is", (text) => {
    writeFileSync(join(folder, "state.json"), text);
    expect(() => readState(folder)).toThrow(expect.objectContaining({ kind: "invalid", message: expect.stringContaining("is no lab state") }));
  });
});

describe("isRunning", () => {
  it("knows the process that was started, until it ends", async () => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    const pid = child.pid ?? 0;
    const record = { name: "x", pid, startTicks: startTicks(pid) };
    expect(isRunning(record, kill)).toBe(true);
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("exit", resolve));
    expect(isRunning(record, kill)).toBe(false);
  });
  it.runIf(startTicks(process.pid) !== undefined)("does not take another process for it that has its number by now", () => {
    expect(isRunning({ name: "x", pid: process.pid, startTicks: startTicks(process.pid) }, kill)).toBe(true);
    expect(isRunning({ name: "x", pid: process.pid, startTicks: "1" }, kill)).toBe(false);
    expect(isRunning({ name: "x", pid: process.pid, startTicks: undefined }, kill)).toBe(false);
  });
});

describe("claimFolder", () => {
  it("takes a folder that is absent or empty, and again one that it took", () => {
    const inside = join(folder, "a", "b");
    expect(isLabFolder(inside)).toBe(false);
    claimFolder(inside);
    writeFileSync(join(inside, "kubeconfig"), "");
    claimFolder(inside);
    expect(isLabFolder(inside)).toBe(true);
  });
  it("refuses a folder with anything of a user's in it", () => {
    mkdirSync(join(folder, "data"));
    expect(() => claimFolder(folder)).toThrow(
      expect.objectContaining({ kind: "invalid", message: `${folder} is not empty and no lab's; name another folder with --dir` }),
    );
    expect(isLabFolder(folder)).toBe(false);
  });
  it.skipIf(!existsSync("/proc/self"))("refuses in a moment a folder on a file system that takes none", () => {
    for (const inside of ["/proc/lab", "/proc/none/lab"])
      expect(() => claimFolder(inside)).toThrow(
        expect.objectContaining({ kind: "denied", message: `the lab cannot write to ${inside}: no such file or directory; name another folder with --dir` }),
      );
  });
  it("says which folder it cannot write to", () => {
    writeFileSync(join(folder, "file"), "");
    const inside = join(folder, "file", "lab");
    expect(() => claimFolder(inside)).toThrow(
      expect.objectContaining({ kind: "denied", message: expect.stringContaining(`the lab cannot write to ${inside}: `) }),
    );
  });
});
