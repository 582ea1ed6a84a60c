import { spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeFully } from "./write-fully.ts";

const LONG = "äöü\n".repeat(200_000);
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "plumb-write-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("a text", () => {
  it("is written whole to a file", () => {
    const file = openSync(join(folder, "all"), "w");
    writeFully(file, LONG);
    closeSync(file);
    expect(readFileSync(join(folder, "all"), "utf8")).toBe(LONG);
  });

  it("is written whole to a pipe that blocks nobody, and whose reader is slow", async () => {
    // The child's standard output is one pipe with the program that made it non-blocking: a shell's job control may do that.
    const program = `
      import { writeFully } from ${JSON.stringify(new URL("./write-fully.ts", import.meta.url).href)};
      process.stdout._handle.setBlocking?.(false);
      writeFully(1, "äöü\\n".repeat(200_000));`;
    const child = spawn(process.execPath, ["--conditions=@plumb/source", "--input-type=module", "-e", program], { stdio: ["ignore", "pipe", "inherit"] });
    await new Promise((resolve) => child.stdout.once("readable", resolve));
    expect(await text(child.stdout)).toBe(LONG);
  });

  it("fails where nobody reads", () => {
    const file = openSync("/dev/null", "r");
    expect(() => writeFully(file, "x")).toThrow("EBADF");
    closeSync(file);
  });
});
