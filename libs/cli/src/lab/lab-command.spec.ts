import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { testHost } from "../testing/test-host.ts";
import { labDown, labUp } from "./lab-command.ts";
import type { Programs } from "./lab.ts";
import { LabRepository } from "./repository.ts";
import { announceEnd, claimFolder, isRunning, readState, writeState, type LabProcess } from "./state.ts";
import type { Output } from "./terminal.ts";

const MAIN = fileURLToPath(new URL("../main.ts", import.meta.url));
const WAIT = { timeout: 60_000, interval: 20 };

const host = testHost();
let root: string;
let folder: string;
let text: string;
let stop: AbortController;
let programs: Programs;
/** Every process that a lab has noted while the test ran. */
let noted: Map<number, LabProcess>;
let watching: NodeJS.Timeout;
const output: Output = {
  write: (part) => {
    text += part;
  },
  isTerminal: false,
  hasColour: false,
  columns: () => undefined,
};

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "plumb-lab-"));
  folder = join(root, "lab");
  text = "";
  stop = new AbortController();
  writeFileSync(join(root, "fails.cjs"), 'console.error("no such flag"); process.exit(7);');
  writeFileSync(join(root, "hangs.cjs"), "setInterval(() => {}, 1000);");
  const fails = join(root, "fails.cjs");
  programs = { plumb: MAIN, notification: fails, source: fails, kustomize: fails };
  vi.stubEnv("NODE_OPTIONS", "--conditions=@plumb/source");
  noted = new Map();
  watching = setInterval(() => {
    for (const record of existsSync(join(folder, "state.json")) ? (readState(folder)?.processes ?? []) : []) noted.set(record.pid, record);
  }, 5);
});
afterEach(() => {
  clearInterval(watching);
  vi.unstubAllEnvs();
  expect([...noted.values()].filter((record) => isRunning(record, host.kill))).toEqual([]);
  rmSync(root, { recursive: true, force: true });
});

const up = (): Promise<number> => labUp({ folder, programs, kubeconfig: undefined, isOnce: true, output, host, cwd: root, signal: stop.signal });

describe("lab up", () => {
  it("ends everything that it started when one thing does not start, and says which", async () => {
    await expect(up()).rejects.toMatchObject({ message: "notification-controller ended with exit code 7: no such flag" });
    expect([...noted.values()].map(({ name }) => name).sort()).toEqual(expect.arrayContaining(["cluster", "git", "sink"]));
    expect(text).toContain("The lab is down.\n");
    expect(existsSync(join(folder, "state.json"))).toBe(false);
  });
  it("ends everything that it started when it is told to stop half way", async () => {
    programs = { ...programs, notification: join(root, "hangs.cjs") };
    const running = up();
    await vi.waitFor(() => expect([...noted.values()].map(({ name }) => name)).toContain("notification-controller"), WAIT);
    stop.abort();
    await expect(running).rejects.toMatchObject({ kind: "cancelled" });
    expect(noted.size).toBe(4);
    expect(text).toContain("The lab is down.\n");
  });
  it.each([false, true])("says that a process has ended, unless somebody has announced it: %s", async (isAnnounced) => {
    programs = { ...programs, notification: join(root, "hangs.cjs") };
    const running = up();
    await vi.waitFor(() => expect([...noted.values()].map(({ name }) => name)).toContain("notification-controller"), WAIT);
    if (isAnnounced) announceEnd(folder);
    for (const { name, pid } of noted.values()) if (name === "sink") host.kill(pid, "SIGTERM");
    await vi.waitFor(() => expect(readState(folder)?.processes).toHaveLength(3), WAIT);
    if (!isAnnounced) await vi.waitFor(() => expect(text).toContain("! sink ended with exit code 0; its log is "), WAIT);
    stop.abort();
    await expect(running).rejects.toMatchObject({ kind: "cancelled" });
    expect(text.includes("! sink ended")).toBe(!isAnnounced);
  });
  it("leaves no folder behind that lab down has removed meanwhile", async () => {
    programs = { ...programs, notification: join(root, "hangs.cjs") };
    const running = up();
    await vi.waitFor(() => expect([...noted.values()].map(({ name }) => name)).toContain("notification-controller"), WAIT);
    rmSync(folder, { recursive: true });
    stop.abort();
    await expect(running).rejects.toMatchObject({ kind: "cancelled" });
    expect(existsSync(folder)).toBe(false);
  });
  it("starts nothing in a folder that it cannot write to", async () => {
    folder = join(root, "fails.cjs", "lab");
    await expect(up()).rejects.toMatchObject({ kind: "denied", message: expect.stringContaining(`the lab cannot write to ${folder}`) });
    expect(noted.size).toBe(0);
  });
  it("touches nothing in a folder that is a user's", async () => {
    mkdirSync(join(folder, "data"), { recursive: true });
    writeFileSync(join(folder, "data", "thesis.txt"), "years of work");
    await expect(up()).rejects.toMatchObject({ kind: "invalid" });
    expect(readFileSync(join(folder, "data", "thesis.txt"), "utf8")).toBe("years of work");
  });
  it("leaves a lab alone that runs", async () => {
    claimFolder(folder);
    writeState(folder, { processes: [{ name: "git", pid: process.pid, startTicks: undefined }, ...ownProcess()] });
    await expect(up()).rejects.toMatchObject({
      kind: "invalid",
      message: expect.stringContaining(`a lab is running in ${folder} already: end it with Ctrl-C where it runs, or with plumb lab down;`),
    });
    rmSync(join(folder, "state.json"));
    noted.clear();
  });
});

/** This very process, as a lab would have noted it. */
function ownProcess(): readonly LabProcess[] {
  const stat = existsSync("/proc/self/stat") ? readFileSync(`/proc/${process.pid}/stat`, "utf8") : undefined;
  return [{ name: "sink", pid: process.pid, startTicks: stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19] }];
}

describe("lab down", () => {
  it("ends a lab that runs elsewhere", async () => {
    programs = { ...programs, notification: join(root, "hangs.cjs") };
    const running = up();
    const ended = expect(running).rejects.toMatchObject({ message: expect.stringContaining("notification-controller ended with SIGTERM") });
    await vi.waitFor(() => expect([...noted.values()].map(({ name }) => name)).toContain("notification-controller"), WAIT);
    await labDown({ folder, output, host });
    await ended;
    expect(text).toContain(`Ended 4 processes; removed ${folder}.\n`);
  });
  it("removes a lab's folder, and says so where none runs", async () => {
    claimFolder(folder);
    expect(await labDown({ folder, output, host })).toBe(0);
    expect([existsSync(folder), text]).toEqual([false, `No lab was running; removed ${folder}.\n`]);
  });
  it("removes nothing from a folder that is no lab's", async () => {
    mkdirSync(join(folder, "data"), { recursive: true });
    expect(await labDown({ folder, output, host })).toBe(0);
    expect([readdirSync(folder), text]).toEqual([["data"], `${folder} is no lab's; nothing was ended or removed.\n`]);
    expect(await labDown({ folder: join(root, "absent"), output, host })).toBe(0);
  });
  it("keeps a repository with work of the user's, and nothing else", async () => {
    claimFolder(folder);
    const repository = new LabRepository(join(folder, "repo"));
    await repository.create();
    await repository.commit("Begin", { "a.txt": "a" });
    writeFileSync(join(folder, "repo", "mine.txt"), "");
    for (const part of ["data", "logs"]) mkdirSync(join(folder, part));
    writeFileSync(join(folder, "kubeconfig"), "");
    await labDown({ folder, output, host });
    expect(readdirSync(folder).sort()).toEqual([".plumb-lab", "repo"]);
    expect(text).toContain("has commits of yours and is kept");
  });
});
