import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "plumb-notification-main-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Starts the process and waits for its end. */
function start(args: readonly string[]): Promise<{ readonly code: number | null; readonly stderr: string; readonly stdout: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ["--conditions=@plumb/source", MAIN, ...args],
      { env: { PATH: process.env["PATH"] }, timeout: 25_000 },
      (_, stdout, stderr) => {
        resolve({ code: child.exitCode, stdout, stderr });
      },
    );
  });
}

describe("the process", () => {
  it.each([
    [["--nonsense"], "unknown flag: --nonsense"],
    [["--concurrent=0"], "--concurrent must be at least 1, got 0"],
  ])("ends with 2 and one line for %j", async (args, message) => {
    expect(await start(args)).toEqual({ code: 2, stdout: "", stderr: `notification-controller: ${message}\n` });
  });

  it.each<[string, string | undefined, RegExp]>([
    ["is not there", undefined, /no such file/],
    ["is not YAML", "clusters: [\n", /line 2|line 1/],
    ["names a context that it does not hold", "apiVersion: v1\nkind: Config\ncurrent-context: gone\n", /gone/],
  ])("ends with 1 and one line, naming the file, for a kubeconfig that %s", async (_, text, message) => {
    const file = join(folder, `kubeconfig-${message.source.length}`);
    if (text !== undefined) await writeFile(file, text);
    const { code, stdout, stderr } = await start([
      `--kubeconfig=${file}`,
      `--spool-path=${join(folder, "spool")}`,
      "--events-addr=127.0.0.1:0",
      "--receiverAddr=127.0.0.1:0",
      "--health-addr=127.0.0.1:0",
      "--metrics-addr=127.0.0.1:0",
    ]);
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^notification-controller: .+\n$/);
    expect(stderr).toContain(file);
    expect(stderr).toMatch(message);
  });
});
