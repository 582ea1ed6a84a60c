import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { checkManifests } from "./check-manifests.ts";

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "manifests-"));
  put("package.json", { name: "plumb", license: "Apache-2.0", devDependencies: { typescript: "7.0.2" } });
  put("libs/low/package.json", { name: "@plumb/low", license: "Apache-2.0" });
  put("libs/low/tsconfig.json", { include: ["src"] });
  put("libs/high/package.json", { name: "@plumb/high", license: "Apache-2.0", dependencies: { "@plumb/low": "0.1.0", commander: "15.1.0" } });
  put("libs/high/tsconfig.json", { include: ["src"], references: [{ path: "../../libs/low" }] });
});
afterEach(() => rmSync(root, { recursive: true }));

function put(path: string, content: object): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), JSON.stringify(content));
}

function read(path: string): unknown {
  return JSON.parse(readFileSync(join(root, path), "utf8"));
}

it("finds nothing wrong with manifests that keep the rules", () => {
  expect(checkManifests(root, false)).toEqual([]);
});

it.each(["^15.1.0", "~15.1.0", "15", "15.1", "*", "latest", ">=15.1.0", "15.1.x", "file:../x", ""])("refuses a version that may move: %o", (version) => {
  put("libs/low/package.json", { name: "@plumb/low", license: "Apache-2.0", dependencies: { other: version } });
  expect(checkManifests(root, false)).toEqual([{ file: "libs/low/package.json", rule: `pins other loosely: ${version}` }]);
});

it.each(["devDependencies", "optionalDependencies"])("looks at %s too", (group) => {
  put("package.json", { name: "plumb", license: "Apache-2.0", [group]: { other: "^1.0.0" } });
  expect(checkManifests(root, false)).toEqual([{ file: "./package.json", rule: "pins other loosely: ^1.0.0" }]);
});

it("takes a version before the first release", () => {
  put("libs/low/package.json", { name: "@plumb/low", license: "Apache-2.0", dependencies: { other: "1.0.0-rc.1" } });
  expect(checkManifests(root, false)).toEqual([]);
});

it("refuses a package without the licence", () => {
  put("libs/low/package.json", { name: "@plumb/low" });
  expect(checkManifests(root, false)).toEqual([{ file: "libs/low/package.json", rule: "names no licence Apache-2.0" }]);
});

it("refuses two versions of one dependency", () => {
  put("libs/low/package.json", { name: "@plumb/low", license: "Apache-2.0", dependencies: { commander: "14.0.0" } });
  expect(checkManifests(root, false)).toEqual([{ file: "libs/low/package.json", rule: "has commander 14.0.0 where others have 15.1.0" }]);
});

it("refuses a compiler project that does not refer to its dependencies, and puts it right when asked to", () => {
  put("libs/high/tsconfig.json", { include: ["src"] });
  expect(checkManifests(root, false)).toEqual([
    { file: "libs/high/tsconfig.json", rule: "does not refer to the packages it depends on; run: node scripts/check-manifests.ts --fix" },
  ]);
  expect(read("libs/high/tsconfig.json")).toEqual({ include: ["src"] });
  expect(checkManifests(root, true)).toEqual([]);
  expect(read("libs/high/tsconfig.json")).toEqual({ include: ["src"], references: [{ path: "../../libs/low" }] });
});

it("removes a reference to what is no dependency any more", () => {
  put("libs/low/tsconfig.json", { include: ["src"], references: [{ path: "../../libs/high" }] });
  expect(checkManifests(root, true)).toEqual([]);
  expect(read("libs/low/tsconfig.json")).toEqual({ include: ["src"] });
});
