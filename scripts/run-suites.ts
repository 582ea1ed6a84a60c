// Runs suites one after the other, counts what passed and failed, and ends with one line that says so, whatever happens.
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Suite {
  readonly name: string;
  /** Program and arguments; a program of node_modules/.bin is found. */
  readonly command: readonly string[];
  /** Tests are counted one by one; without it the whole suite is one check. */
  readonly isVitest?: boolean;
}

export interface SuiteOptions {
  /** Folder in which the suites run. */
  readonly root: string;
  /** Whether a suite that cannot run is a failure. */
  readonly isCi: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly write: (text: string) => void;
}

interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly notRun: readonly string[];
}

/** Resolves to the exit code, after the closing line `N passed, N failed`. */
export async function runSuites(suites: readonly Suite[], options: SuiteOptions): Promise<number> {
  const counts: Count[] = [];
  for (const suite of suites) counts.push(await runSuite(suite, options));
  const notRun = counts.flatMap((count) => count.notRun);
  const passed = counts.reduce((sum, count) => sum + count.passed, 0);
  const failed = counts.reduce((sum, count) => sum + count.failed, 0) + (options.isCi ? notRun.length : 0);
  for (const line of notRun) options.write(`${line}\n`);
  options.write(`\n${passed} passed, ${failed} failed\n`);
  return failed > 0 ? 1 : 0;
}

async function runSuite({ name, command, isVitest = false }: Suite, options: SuiteOptions): Promise<Count> {
  options.write(`\n── ${name}\n`);
  const scratch = mkdtempSync(join(tmpdir(), "plumb-test-"));
  const report = join(scratch, "report.json");
  const [program = "", ...args] = isVitest ? [...command, "--reporter=dot", "--reporter=json", `--outputFile.json=${report}`] : command;
  const startedMs = performance.now();
  const { code, notRun } = await execute(program, args, options);
  options.write(`── ${name}: ${code === 0 ? "ok" : "FAILED"} in ${((performance.now() - startedMs) / 1000).toFixed(1)} s\n`);
  const counted = isVitest ? readCount(report) : undefined;
  rmSync(scratch, { recursive: true, force: true });
  if (counted === undefined) return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, notRun };
  return { passed: counted.passed, failed: code === 0 ? counted.failed : Math.max(1, counted.failed), notRun };
}

/** Never rejects: a program that cannot be started is a suite that failed. */
function execute(
  program: string,
  args: readonly string[],
  { root, env, write }: SuiteOptions,
): Promise<{ readonly code: number; readonly notRun: readonly string[] }> {
  return new Promise((resolve) => {
    const path = `${join(root, "node_modules/.bin")}:${env["PATH"] ?? ""}`;
    const child = spawn(program, args, { cwd: root, env: { ...env, NX_DAEMON: "false", NX_TUI: "false", PATH: path }, stdio: ["ignore", "pipe", "pipe"] });
    const notRun = new Set<string>();
    for (const stream of [child.stdout, child.stderr]) {
      let rest = "";
      const look = (line: string): void => {
        const found = /NOT RUN: .*/.exec(line);
        if (found !== null) notRun.add(found[0]);
      };
      stream.setEncoding("utf8").on("data", (chunk: string) => {
        write(chunk);
        const lines = (rest + chunk).split("\n");
        rest = lines.pop() ?? "";
        lines.forEach(look);
      });
      stream.on("end", () => look(rest));
    }
    child.once("error", (error) => {
      write(`${error.message}\n`);
      resolve({ code: 127, notRun: [...notRun] });
    });
    child.once("close", (code) => resolve({ code: code ?? 1, notRun: [...notRun] }));
  });
}

/** Counts what vitest reported; undefined when it ended before it could. */
function readCount(report: string): { readonly passed: number; readonly failed: number } | undefined {
  try {
    const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, "utf8"));
    return { passed: Number(numPassedTests), failed: Number(numFailedTests) };
  } catch {
    return undefined;
  }
}
