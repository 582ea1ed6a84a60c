import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startAgain } from "./right-node.ts";

let root: string;
let said: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "plumb-node-"));
  mkdirSync(join(root, "libs", "cli", "dist"), { recursive: true });
  said = "";
});
afterEach(() => rmSync(root, { recursive: true }));

/** A stand-in for Node 24 in the checkout, which writes down how it was started. */
function bring(text: string): void {
  mkdirSync(join(root, "node_modules", ".bin"), { recursive: true });
  writeFileSync(join(root, "node_modules", ".bin", "node"), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
}

const again = (env: Readonly<Record<string, string>> = {}): Promise<number> =>
  startAgain({
    version: "20.20.2",
    file: join(root, "libs", "cli", "dist", "main.mjs"),
    args: ["lab", "up"],
    env,
    on: () => undefined,
    writeErr: (text) => {
      said += text;
    },
  });

describe("an older Node", () => {
  it("hands over to the one in the checkout, and ends as that does", async () => {
    bring(`echo "$@" > ${root}/started; exit 7`);
    expect([await again(), said]).toEqual([7, ""]);
    expect((await promisify(execFile)("cat", [join(root, "started")])).stdout).toBe(`${root}/libs/cli/dist/main.mjs lab up\n`);
  });
  it.each<readonly [string, Readonly<Record<string, string>>]>([
    ["there is no other", {}],
    ["the other is older too", { PLUMB_STARTED_AGAIN: "1" }],
  ])("says which one is needed where %s", async (_, env) => {
    if (Object.keys(env).length > 0) bring("exit 0");
    expect(await again(env)).toBe(2);
    expect(said).toMatch(/^plumb: this is Node 20\.20\.2, and plumb needs Node 24 or newer: install that, or use npm start/);
  });
  it("says when the other cannot be started", async () => {
    bring("");
    rmSync(join(root, "node_modules", ".bin", "node"));
    mkdirSync(join(root, "node_modules", ".bin", "node"));
    expect(await again()).toBe(2);
    expect(said).toContain("cannot be started");
  });
});
