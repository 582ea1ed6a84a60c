import { execFile, spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "plumb-cli-"));
  await writeFile(join(folder, "broken"), "clusters: [\n");
});
afterAll(() => rm(folder, { recursive: true }));

function plumb(...args: readonly string[]): Promise<{ readonly code: number | null; readonly stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ["--conditions=@plumb/source", MAIN, ...args],
      { cwd: folder, env: { PATH: process.env["PATH"] }, timeout: 25_000 },
      (_, __, stderr) => {
        resolve({ code: child.exitCode, stderr });
      },
    );
  });
}

describe("plumb", () => {
  it.each([
    [["lab", "up", "--nonsense"], "error: unknown option '--nonsense'\n"],
    [["nonsense"], "error: unknown command 'nonsense'\n"],
  ])("%j ends with 2 and says what it does not know", async (args, stderr) => {
    expect(await plumb(...args)).toEqual({ code: 2, stderr });
  });

  it.each([
    ["absent", "no such file"],
    ["broken", "not YAML (line 1)"],
  ])("lab up ends with 2 and names the kubeconfig that is %s", async (file, why) => {
    expect(await plumb("lab", "up", "--once", "--kubeconfig", file)).toEqual({ code: 2, stderr: `plumb: kubeconfig ${join(folder, file)}: ${why}\n` });
  });

  it.each<[what: string, interrupt: (child: ChildProcess) => void]>([
    ["interrupted at the terminal", ({ pid }) => process.kill(-(pid ?? 0), "SIGINT")],
    ["told that its terminal is gone", (child) => child.kill("SIGHUP")],
  ])("lab up ends with 130 when it is %s before its story is told, and leaves nothing running", async (what, interrupt) => {
    const lab = join(folder, what);
    const env = { PATH: process.env["PATH"], NODE_OPTIONS: "--conditions=@plumb/source" };
    const child = spawn(process.execPath, [MAIN, "lab", "up", "--dir", lab], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"], detached: true });
    let said = "";
    child.stdout
      .setEncoding("utf8")
      .once("data", () => interrupt(child))
      .on("data", (text: string) => (said += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    const code = await new Promise((resolve) => child.once("close", resolve));
    expect([code, said]).toEqual([130, expect.stringMatching(/^Plumb lab: .*\n(The lab is down\.\n)?$/)]);
    await expect(readFile(join(lab, "state.json"))).rejects.toThrow("ENOENT");
  });
});
