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

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function plumb(...args: readonly string[]): Promise<Ended> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ["--conditions=@plumb/source", MAIN, ...args],
      { cwd: folder, env: { PATH: process.env["PATH"] }, timeout: 100_000, maxBuffer: 2 ** 24 },
      (_, stdout, stderr) => {
        resolve({ code: child.exitCode, stdout, stderr });
      },
    );
  });
}

describe("plumb", () => {
  it.each([
    [["lab", "up", "--nonsense"], "error: unknown option '--nonsense'\n"],
    [["nonsense"], "error: unknown command 'nonsense'\n"],
    [["lab", "up", "--once", "--stay"], "error: option '--stay' cannot be used with option '--once'\n"],
  ])("%j ends with 2 and says what it cannot make sense of", async (args, stderr) => {
    expect(await plumb(...args)).toEqual({ code: 2, stdout: "", stderr: `${stderr}--help behind a command tells what it takes\n` });
  });

  it.each([
    ["absent", "no such file"],
    ["broken", "not YAML (line 1)"],
  ])("lab up ends with 2 and names the kubeconfig that is %s", async (file, why) => {
    expect(await plumb("lab", "up", "--once", "--kubeconfig", file)).toMatchObject({ code: 2, stderr: `plumb: kubeconfig ${join(folder, file)}: ${why}\n` });
  });

  it("lists its commands", async () => {
    const { code, stdout } = await plumb("--help");
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^ {2}lab .*\n {2}build .*\n {2}help /m)]);
  });

  it("build prints a folder, whole or as much as somebody reads", async () => {
    const names = Array.from({ length: 2000 }, (_, i) => `cm-${i}`);
    await writeFile(join(folder, "kustomization.yaml"), "resources: [all.yaml]\n");
    await writeFile(
      join(folder, "all.yaml"),
      names.map((name) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {x: ${"x".repeat(1000)}}\n`).join("---\n"),
    );
    const { code, stdout, stderr } = await plumb("build");
    expect([code, stderr, stdout.match(/^ {2}name: cm-/gm)?.length]).toEqual([0, "", names.length]);
    const child = spawn(process.execPath, ["--conditions=@plumb/source", MAIN, "build", folder], { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
    child.stdout.once("data", () => child.stdout.destroy());
    expect([await new Promise((resolve) => child.once("close", resolve)), said]).toEqual([141, ""]);
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
