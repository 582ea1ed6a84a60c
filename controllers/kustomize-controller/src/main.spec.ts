import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "plumb-kustomize-main-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** Starts the process and waits for its end. */
function start(args: readonly string[]): Promise<{ readonly code: number | null; readonly stderr: string; readonly stdout: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ["--conditions=@plumb/source", MAIN, ...args],
      { env: { PATH: process.env["PATH"] }, timeout: 25_000, killSignal: "SIGKILL" },
      (_, stdout, stderr) => {
        resolve({ code: child.exitCode, stdout, stderr });
      },
    );
  });
}

describe("the process", () => {
  it.each([
    [["--nonsense"], "unknown flag: --nonsense"],
    [["--concurrent-ssa=0"], "--concurrent-ssa must be at least 1, got 0"],
    [["--feature-gates=ObjectLevelWorkloadIdentity=true"], "--feature-gates: ObjectLevelWorkloadIdentity=true is not supported"],
  ])("ends with 2 and one line for %j", async (args, message) => {
    expect(await start(args)).toEqual({ code: 2, stdout: "", stderr: `kustomize-controller: ${message}\n` });
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
      `--cache-path=${join(folder, "cache")}`,
      "--health-addr=127.0.0.1:0",
      "--metrics-addr=127.0.0.1:0",
    ]);
    expect(code).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^kustomize-controller: .+\n$/);
    expect(stderr).toContain(file);
    expect(stderr).toMatch(message);
  });

  it.each<[string, readonly string[], string]>([
    ["a cache that cannot be", ["--cache-path=FILE/cache"], "FILE/cache"],
    ["a spool that cannot be", ["--spool-path=FILE/spool"], "FILE/spool"],
    ["an address that is not its own", ["--health-addr=192.0.2.1:1"], "192.0.2.1:1"],
  ])("ends, and names it, for %s", async (_, args, named) => {
    const file = join(folder, "kubeconfig");
    const contexts = [{ name: "it", context: { cluster: "it", user: "it" } }];
    await writeFile(
      file,
      JSON.stringify({
        apiVersion: "v1",
        kind: "Config",
        "current-context": "it",
        contexts,
        clusters: [{ name: "it", cluster: { server: "http://127.0.0.1:1" } }],
        users: [{ name: "it", user: { token: "x" } }],
      }),
    );
    const { code, stderr } = await start([
      `--kubeconfig=${file}`,
      `--cache-path=${join(folder, "cache")}`,
      "--health-addr=127.0.0.1:0",
      "--metrics-addr=127.0.0.1:0",
      "--log-level=error",
      ...args.map((arg) => arg.replace("FILE", file)),
    ]);
    expect(code).toBeGreaterThan(0);
    expect(stderr).toMatch(/^kustomize-controller: .+\n$/);
    expect(stderr).toContain(named.replace("FILE", file));
  });
});
