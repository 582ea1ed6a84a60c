import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { MemoryFileSystem } from "@plumb/files";
import { build } from "@plumb/kustomize";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runBuild, type BuildCommandOptions } from "./build-command.ts";

const { signal } = new AbortController();
const FILES = {
  "base/kustomization.yaml": "resources: [service.yaml, namespace.yaml]\ncommonLabels: {app: shop}\n",
  "base/service.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: shop}\nspec: {selector: {app: shop}}\n",
  "base/namespace.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n",
  "prod/kustomization.yaml": "resources: [../base]\nnamePrefix: prod-\nconfigMapGenerator: [{name: settings, files: [../shared.txt]}]\n",
  "safe/kustomization.yaml": "resources: [../base]\nnamePrefix: safe-\n",
  "shared.txt": "greeting\n",
};

let root: string;
let out: string;
let err: string;

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "plumb-build-")));
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  out = "";
  err = "";
});
afterEach(() => rmSync(root, { recursive: true }));

function run(change: Partial<BuildCommandOptions>): Promise<number> {
  return runBuild({
    folder: "safe",
    outputFile: undefined,
    loadRestrictor: "LoadRestrictionsRootOnly",
    reorder: undefined,
    cwd: root,
    signal,
    writeOut: (text) => {
      out += text;
    },
    writeErr: (text) => {
      err += text;
    },
    ...change,
  });
}

async function expected(folder: string, order: "legacy" | "fifo", restriction: "root-only" | "none"): Promise<string> {
  return (await build(folder, { fileSystem: new MemoryFileSystem(FILES), order, restriction, signal })).text();
}

describe("plumb build", () => {
  it.each<[string, Partial<BuildCommandOptions>, "legacy" | "fifo"]>([
    ["by kind", {}, "legacy"],
    ["by kind when told to", { reorder: "legacy" }, "legacy"],
    ["as the objects come", { reorder: "none" }, "fifo"],
  ])("prints the objects %s", async (_, change, order) => {
    expect(await run(change)).toBe(0);
    expect(out).toBe(await expected("safe", order, "root-only"));
    expect(err.includes("--reorder has been deprecated")).toBe(change.reorder !== undefined);
  });
  it("takes an absolute path, and the folder it is called in", async () => {
    await run({ folder: join(root, "safe") });
    const absolute = out;
    out = "";
    await run({ folder: ".", cwd: join(root, "safe") });
    expect([out, absolute]).toEqual([await expected("safe", "legacy", "root-only"), out]);
  });
  it("reads a file outside only when it is allowed to", async () => {
    expect(await run({ folder: "prod" })).toBe(1);
    expect([out, err]).toEqual(["", expect.stringMatching(new RegExp(`^Error: .*security; file '${root}/shared.txt' is not in or below '${root}/prod'`, "m"))]);
    expect(await run({ folder: "prod", loadRestrictor: "LoadRestrictionsNone" })).toBe(0);
    expect(out).toBe(await expected("prod", "legacy", "none"));
  });
  it("writes to a file, and says nothing then", async () => {
    expect(await run({ outputFile: "out.yaml" })).toBe(0);
    expect([readFileSync(join(root, "out.yaml"), "utf8"), out]).toEqual([await expected("safe", "legacy", "root-only"), ""]);
  });
  it.each<[string, Partial<BuildCommandOptions>, string]>([
    ["a folder that is not there", { folder: "absent" }, "no such file or directory"],
    [
      "a folder without a kustomization",
      { folder: "/" },
      "unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '/'",
    ],
    ["a file", { folder: "shared.txt" }, "shared.txt"],
    ["an order that there is not", { reorder: "x" }, "illegal flag value --reorder x; legal values: [legacy none]"],
    [
      "a restriction that there is not",
      { loadRestrictor: "x" },
      "illegal flag value --load-restrictor x; legal values: [LoadRestrictionsRootOnly LoadRestrictionsNone]",
    ],
    ["an output below a folder that is not there", { outputFile: "absent/out.yaml" }, "absent/out.yaml: no such file or directory"],
    ["an output that is a folder", { outputFile: "base" }, "base is a folder; -o takes a file"],
  ])("ends with 1 for %s", async (_, change, message) => {
    expect(await run(change)).toBe(1);
    expect(
      err
        .split("\n")
        .filter((line) => line.startsWith("Error: "))
        .join(),
    ).toContain(message);
    expect(out).toBe("");
  });
});
