import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { checkFloors } from "./check-floors.ts";

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "floors-"));
  put("libs/low/package.json", JSON.stringify({ name: "@plumb/low", plumb: { floor: "pure" }, exports: { ".": {} } }));
  put("libs/beside/package.json", JSON.stringify({ name: "@plumb/beside", plumb: { floor: "pure" }, exports: { ".": {} } }));
  put(
    "libs/high/package.json",
    JSON.stringify({ name: "@plumb/high", plumb: { floor: "engine" }, exports: { ".": {} }, dependencies: { "@plumb/low": "0.1.0" } }),
  );
});
afterEach(() => rmSync(root, { recursive: true }));

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

it("lets an import go down", () => {
  put("libs/high/src/a.ts", 'import { b } from "@plumb/low";\n');
  expect(checkFloors(root)).toEqual([]);
});

it.each([
  ["up", "libs/low/src/a.ts", 'import { b } from "@plumb/high";', "imports a package that is not below its own"],
  ["sideways", "libs/low/src/a.ts", 'import { b } from "@plumb/beside";', "imports a package that is not below its own"],
  ["to a deep path", "libs/high/src/a.ts", 'import { b } from "@plumb/low/src/b.ts";', "is no entry of the package"],
  ["to what the manifest does not name", "libs/high/src/a.ts", 'import { b } from "@plumb/beside";', "is not in its manifest"],
  ["out of its package", "libs/high/src/a.ts", 'import { b } from "../../low/src/b.ts";', "leaves its package"],
  ["to the disk from a pure package", "libs/low/src/a.ts", 'import { readFileSync } from "node:fs";', "touches I/O above a port or adapter"],
])("refuses an import %s", (_, file, text, rule) => {
  put(file, `${text}\n`);
  expect(checkFloors(root).map((violation) => violation.rule)).toEqual([expect.stringContaining(rule)]);
});

it("lets a spec import any package's entry", () => {
  put("libs/low/src/a.spec.ts", 'import { b } from "@plumb/high";\n');
  expect(checkFloors(root)).toEqual([]);
});

it("refuses a package that names no floor", () => {
  put("libs/lost/package.json", JSON.stringify({ name: "@plumb/lost" }));
  expect(checkFloors(root)).toEqual([{ file: "libs/lost/package.json", rule: expect.stringContaining("names no floor") }]);
});
