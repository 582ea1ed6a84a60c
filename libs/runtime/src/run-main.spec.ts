import { ToolkitError } from "@plumb/std";
import { describe, expect, it } from "vitest";
import { runMain, type Main, type MainProcess } from "./run-main.ts";

class FakeProcess implements MainProcess {
  readonly argv = ["node", "main.mjs", "--flag=1"];
  readonly env = { POD: "a" };
  readonly said: string[] = [];
  readonly stderr = { write: (text: string) => this.said.push(text) };
  readonly listeners = new Map<string, () => void>();
  exitCode?: number;
  once(signal: string, listener: () => void): void {
    this.listeners.set(signal, listener);
  }
}

async function ended(main: Partial<Main<string>>): Promise<FakeProcess> {
  const process = new FakeProcess();
  await runMain({ name: "it", parse: (args, { env }) => `${args.join(" ")} ${env["POD"]}`, run: async () => undefined, ...main }, process);
  return process;
}

describe("a controller's process", () => {
  it("ends with 0 when it was told to end, by either signal", async () => {
    for (const name of ["SIGINT", "SIGTERM"]) {
      const process = new FakeProcess();
      let config: string | undefined;
      let reason: unknown;
      const running = runMain(
        {
          name: "it",
          parse: (args, { env, hostname }) => `${args.join(" ")} ${env["POD"]} ${typeof hostname}`,
          run: (given, signal) =>
            new Promise((resolve) => {
              config = given;
              signal.addEventListener("abort", () => {
                ({ reason } = signal);
                resolve();
              });
            }),
        },
        process,
      );
      process.listeners.get(name)?.();
      await running;
      expect([config, reason, process.exitCode, process.said]).toEqual(["--flag=1 a string", new Error(`received ${name}`), undefined, []]);
    }
  });

  it.each<readonly [string, Partial<Main<string>>, number, string]>([
    ["2 for a wrong command line", { parse: () => fail(new ToolkitError("invalid", "unknown flag: --flag")) }, 2, "it: unknown flag: --flag\n"],
    ["1 for what fails later, a wrong file too", { run: () => fail(new ToolkitError("invalid", "kubeconfig a: not YAML")) }, 1, "it: kubeconfig a: not YAML\n"],
  ])("ends with %s, and one line that says so", async (_, main, code, said) => {
    const process = await ended(main);
    expect([process.exitCode, process.said]).toEqual([code, [said]]);
  });

  it("shows the stack of a bug, and of nothing else", async () => {
    const { said } = await ended({ run: () => fail(new TypeError("x is not a function")) });
    expect(said.join("")).toMatch(/^it: .*x is not a function\n(.*\n)* {4}at /);
  });
});

function fail(error: Error): never {
  throw error;
}
