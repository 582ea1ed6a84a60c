import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
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
    const child = execFile(process.execPath, ["--conditions=@plumb/source", MAIN, ...args], { cwd: folder, env: { PATH: process.env["PATH"] }, timeout: 25_000 }, (_, __, stderr) => {
      resolve({ code: child.exitCode, stderr });
    });
  });
}

describe("plumb", () => {
  it.each([
    [["lab", "up", "--nonsense"], "error: unknown option '--nonsense'\n"],
    [["nonsense"], "error: unknown command 'nonsense'\n"],
  ])("%j ends with 2 and says what it does not know", async (args, stderr) => {
    expect(await plumb(...args)).toEqual({ code: 2, stderr });
  });

  it.each([["absent", "no such file"], ["broken", "not YAML (line 1)"]])("lab up ends with 2 and names the kubeconfig that is %s", async (file, why) => {
    expect(await plumb("lab", "up", "--once", "--kubeconfig", file)).toEqual({ code: 2, stderr: `plumb: kubeconfig ${join(folder, file)}: ${why}\n` });
  });
});
