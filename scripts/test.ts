// Runs every check there is and counts them; what a machine cannot run is named, and fails where CI is set.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const isCi = process.env["CI"] === "true";
const onlyChanged = process.argv.includes("--changed");

interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly notRun: readonly string[];
}

interface Suite {
  readonly name: string;
  /** Program and arguments; a program of node_modules/.bin is found. */
  readonly command: readonly string[];
  /** Tests are counted one by one; without it the whole suite is one check. */
  readonly isVitest?: boolean;
}

const changed = onlyChanged ? ["--changed", "HEAD", "--passWithNoTests"] : [];

const SUITES: readonly Suite[] = [
  { name: "lint", command: ["oxlint", "--deny-warnings"] },
  { name: "floors", command: ["node", "scripts/check-floors.ts"] },
  { name: "manifests", command: ["node", "scripts/check-manifests.ts"] },
  { name: "types", command: ["tsc", "--noEmit", "-p", "tsconfig.json"] },
  { name: "dead code", command: ["knip", "--no-progress"] },
  { name: "bundles", command: ["nx", "run-many", "-t", "bundle", "--outputStyle=static"] },
  { name: "unit, component and conformance", command: ["vitest", "run", ...changed], isVitest: true },
  { name: "contract, journeys and faults", command: ["vitest", "run", "--config", "e2e/vitest.config.ts", ...changed], isVitest: true },
];

async function runSuite({ name, command, isVitest = false }: Suite): Promise<Count> {
  console.log(`\n── ${name}`);
  const scratch = mkdtempSync(join(tmpdir(), "plumb-test-"));
  const report = join(scratch, "report.json");
  const [program = "", ...args] = isVitest ? [...command, "--reporter=default", "--reporter=json", `--outputFile.json=${report}`] : command;
  const startedMs = performance.now();
  const { code, notRun } = await execute(program, args);
  console.log(`── ${name}: ${code === 0 ? "ok" : "FAILED"} in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
  const counted = isVitest ? readCount(report) : undefined;
  rmSync(scratch, { recursive: true, force: true });
  if (counted === undefined) return { passed: code === 0 ? 1 : 0, failed: code === 0 ? 0 : 1, notRun };
  return { passed: counted.passed, failed: code === 0 ? counted.failed : Math.max(1, counted.failed), notRun };
}

function execute(program: string, args: readonly string[]): Promise<{ readonly code: number; readonly notRun: readonly string[] }> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, NX_DAEMON: "false", NX_TUI: "false", NO_COLOR: "1", PATH: `${join(root, "node_modules/.bin")}:${process.env["PATH"] ?? ""}` };
    const child = spawn(program, args, { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] });
    const notRun = new Set<string>();
    for (const [stream, out] of [[child.stdout, process.stdout], [child.stderr, process.stderr]] as const) {
      let rest = "";
      stream.on("data", (chunk: Buffer) => {
        out.write(chunk);
        const lines = (rest + chunk.toString()).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) {
          const found = /NOT RUN: .*/.exec(line);
          if (found !== null) notRun.add(found[0]);
        }
      });
    }
    child.once("error", reject);
    child.once("close", (code) => resolve({ code: code ?? 1, notRun: [...notRun] }));
  });
}

/** Counts what vitest reported; undefined when it ended before it could. */
function readCount(report: string): { readonly passed: number; readonly failed: number } | undefined {
  if (!existsSync(report)) return undefined;
  const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, "utf8"));
  return { passed: Number(numPassedTests), failed: Number(numFailedTests) };
}

const counts: Count[] = [];
for (const suite of SUITES) counts.push(await runSuite(suite));
const notRun = counts.flatMap((count) => count.notRun);
const passed = counts.reduce((sum, count) => sum + count.passed, 0);
const failed = counts.reduce((sum, count) => sum + count.failed, 0) + (isCi ? notRun.length : 0);
for (const line of notRun) console.log(line);
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
