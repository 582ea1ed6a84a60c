import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { runSuites, type Suite } from "./run-suites.ts";

let root: string;
let text: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "suites-"));
  text = "";
});
afterEach(() => rmSync(root, { recursive: true }));

const script = (name: string, code: string, isVitest = false): Suite => ({ name, command: [process.execPath, "-e", code, "--"], isVitest });
const reports = (report: string, code = 0): Suite =>
  script(
    "tests",
    `const file = process.argv.find((arg) => arg.startsWith("--outputFile.json=")).slice(18); require("fs").writeFileSync(file, ${JSON.stringify(report)}); process.exitCode = ${code};`,
    true,
  );

function run(suites: readonly Suite[], isCi = false): Promise<number> {
  return runSuites(suites, {
    root,
    isCi,
    env: { PATH: process.env["PATH"] },
    write: (part) => {
      text += part;
    },
  });
}

it.each<[string, readonly Suite[], number, string]>([
  ["nothing to run", [], 0, "0 passed, 0 failed"],
  ["checks that pass", [script("a", ""), script("b", "")], 0, "2 passed, 0 failed"],
  ["a check that fails, and the others all the same", [script("a", "process.exit(3)"), script("b", "")], 1, "1 passed, 1 failed"],
  ["tests one by one", [reports('{"numPassedTests":41,"numFailedTests":2}', 1), script("b", "")], 1, "42 passed, 2 failed"],
  ["a file of tests that could not be read as one failure", [reports('{"numPassedTests":41,"numFailedTests":0}', 1)], 1, "41 passed, 1 failed"],
  ["tests that end before they report", [script("tests", "process.kill(process.pid, 'SIGKILL')", true)], 1, "0 passed, 1 failed"],
  ["tests that report half", [reports('{"numPassed', 1)], 1, "0 passed, 1 failed"],
  ["a program that is not there", [{ name: "a", command: ["no-such-program"] }, script("b", "")], 1, "1 passed, 1 failed"],
])("closes with the count of %s", async (_, suites, code, closing) => {
  expect(await run(suites)).toBe(code);
  expect(text.endsWith(`\n${closing}\n`)).toBe(true);
});

it("names once what cannot run here: a notice on a user's machine, a failure in CI", async () => {
  const suites = [script("a", "console.log('NOT RUN: no Go'); console.error('NOT RUN: no Go'); process.stdout.write('x NOT RUN: no git')")];
  expect(await run(suites)).toBe(0);
  expect(text.endsWith("\nNOT RUN: no Go\nNOT RUN: no git\n\n1 passed, 0 failed\n")).toBe(true);
  expect(await run(suites, true)).toBe(1);
  expect(text.endsWith("\n1 passed, 2 failed\n")).toBe(true);
});
