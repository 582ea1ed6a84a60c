import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env, execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/** Starts a controller from source, and waits for its end. Killed after 100 seconds, its code is null. */
export function runToEnd(main: URL, args: readonly string[]): Promise<{ readonly code: number | null; readonly stderr: string; readonly stdout: string }> {
  const command = ["--conditions=@plumb/source", fileURLToPath(main), ...args];
  return new Promise((resolve) => {
    const child = execFile(execPath, command, { env: { PATH: env["PATH"] }, timeout: 100_000, killSignal: "SIGKILL" }, (_, stdout, stderr) =>
      resolve({ code: child.exitCode, stdout, stderr }),
    );
  });
}

export interface ProcessSubject {
  /** Such as `kustomize-controller`. */
  readonly name: string;
  readonly main: URL;
  /** Command lines that this controller refuses, and what it says of each. */
  readonly refused: readonly (readonly [args: readonly string[], message: string])[];
  /** Flags with which it keeps to a folder and to free ports. */
  readonly flags: (folder: string) => readonly string[];
}

/** How every controller's process ends when it cannot start. */
export function controllerProcessContract({ name, main, refused, flags }: ProcessSubject): void {
  describe("the process", () => {
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), `plumb-${name}-main-`));
    });
    afterAll(() => rm(folder, { recursive: true }));

    it.each([[["--nonsense"], "unknown flag: --nonsense"] as const, ...refused])("ends with 2 and one line for %j", async (args, message) => {
      expect(await runToEnd(main, args)).toEqual({ code: 2, stdout: "", stderr: `${name}: ${message}\n` });
    });

    it.each<[string, string | undefined, RegExp]>([
      ["is not there", undefined, /no such file/],
      ["is not YAML", "clusters: [\n", /line 2|line 1/],
      ["names a context that it does not hold", "apiVersion: v1\nkind: Config\ncurrent-context: gone\n", /gone/],
    ])("ends with 1 and one line, naming the file, for a kubeconfig that %s", async (_, text, message) => {
      const file = join(folder, `kubeconfig-${message.source.length}`);
      if (text !== undefined) await writeFile(file, text);
      const { code, stdout, stderr } = await runToEnd(main, [`--kubeconfig=${file}`, ...flags(folder)]);
      expect([code, stdout]).toEqual([1, ""]);
      expect(stderr).toMatch(new RegExp(`^${name}: .+\n$`));
      expect(stderr).toContain(file);
      expect(stderr).toMatch(message);
    });

    it("ends with 1 and one line where there is no cluster at all", async () => {
      const { code, stderr } = await runToEnd(main, flags(folder));
      expect(code).toBe(1);
      expect(stderr).toMatch(new RegExp(`^${name}: .+\n$`));
    });
  });
}
