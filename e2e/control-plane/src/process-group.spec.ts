import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { expect, it, vi } from "vitest";

import { ProcessGroup } from "./process-group.ts";

/** True while the process is there and is no zombie that waits to be reaped. */
async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return !/\) Z /.test(stat);
}

const ORPHANED = `
import { ProcessGroup } from ${JSON.stringify(new URL("./process-group.ts", import.meta.url).href)};
const group = await ProcessGroup.open();
const one = await group.start("one", "sleep", ["1000"], process.env);
const two = await group.start("two", "sleep", ["1000"], process.env);
await group.kill(two);
console.log(JSON.stringify({ pid: one.pid, folder: group.folder }));
setInterval(() => undefined, 1000);
`;

it("leaves no process and no folder behind when its parent is killed with SIGKILL", async () => {
  const parent = spawn(process.execPath, ["--input-type=module", "-e", ORPHANED], { stdio: ["ignore", "pipe", "inherit"] });
  try {
    const [line = ""] = await createInterface({ input: parent.stdout })
      [Symbol.asyncIterator]()
      .next()
      .then(({ value }) => [value]);
    const { pid, folder } = JSON.parse(line);
    expect([await isAlive(pid), existsSync(folder)]).toEqual([true, true]);
    parent.kill("SIGKILL");
    await vi.waitFor(async () => expect([await isAlive(pid), existsSync(folder)]).toEqual([false, false]), { timeout: 10_000 });
  } finally {
    parent.kill("SIGKILL");
  }
});

it("is gone after stop, and says how a process ended and what it wrote", async () => {
  const group = await ProcessGroup.open();
  const short = await group.start("short", "sh", ["-c", "echo one; echo two; exit 3"], process.env);
  const long = await group.start("long", "sleep", ["1000"], process.env);
  await short.ended;
  expect([short.end, await group.logTail("short", 1), group.pids]).toEqual(["exit code 3", "two", [long.pid]]);
  await group.stop();
  expect([long.end, await isAlive(long.pid), existsSync(group.folder)]).toEqual(["SIGKILL", false, false]);
});

it("fails on a program that is not there", async () => {
  await using group = await ProcessGroup.open();
  await expect(group.start("none", "/nowhere/none", [], process.env)).rejects.toThrow("ENOENT");
});
