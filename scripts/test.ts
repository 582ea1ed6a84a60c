// Runs every check there is; with --changed those that are cheap, and the tests of what has changed since HEAD or --changed=REF.
// What a machine cannot run is named, and fails where CI is set.
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { runSuites, type Suite } from "./run-suites.ts";

const args = process.argv.slice(2);
const unknown = args.find((arg) => !/^--changed(=.+)?$/.test(arg));
const isWhole = args.length === 0;
const changed = isWhole ? [] : ["--changed", args.at(-1)?.split("=")[1] ?? "HEAD", "--passWithNoTests"];

const SUITES: readonly Suite[] = [
  { name: "lint", command: ["oxlint", "--deny-warnings"] },
  { name: "format", command: ["oxfmt", "--check"] },
  { name: "floors", command: ["node", "scripts/check-floors.ts"] },
  { name: "manifests", command: ["node", "scripts/check-manifests.ts"] },
  { name: "types", command: ["tsc", "--noEmit", "-p", "tsconfig.json"] },
  { name: "dead code", command: ["knip", "--no-progress"] },
  { name: "bundles", command: ["nx", "run-many", "-t", "bundle", "--outputStyle=static"] },
  { name: "unit, component and conformance", command: ["vitest", "run", ...changed], isVitest: true },
  { name: "contract, journeys and faults", command: ["vitest", "run", "--config", "e2e/vitest.config.ts", ...changed], isVitest: true },
];

if (unknown === undefined) {
  process.exitCode = await runSuites(SUITES, {
    root: dirname(dirname(fileURLToPath(import.meta.url))),
    isCi: process.env["CI"] === "true",
    env: process.env,
    write: (text) => void process.stdout.write(text),
  });
} else {
  console.error(`unknown argument ${unknown}; known: --changed, --changed=REF`);
  process.exitCode = 2;
}
