import { mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ToolkitError } from "@plumb/std";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { Folder } from "./folder.ts";

const base = mkdtempSync(join(tmpdir(), "plumb-folder-"));
afterAll(() => rmSync(base, { recursive: true }));
const { signal } = new AbortController();

async function* chunks(...texts: (string | Error)[]): AsyncGenerator<Uint8Array, void> {
  for (const text of texts) {
    if (text instanceof Error) throw text;
    yield Buffer.from(text);
  }
}

async function all(stream: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const parts: Uint8Array[] = [];
  for await (const chunk of stream) parts.push(chunk);
  return parts;
}

async function textOf(stream: AsyncIterable<Uint8Array>): Promise<string> {
  return Buffer.concat(await all(stream)).toString();
}

/** How often this process has the file open; its other threads run other tests meanwhile. */
function timesOpen(path: string): number {
  const paths = readdirSync("/proc/self/fd").map((fd) => {
    try {
      return readlinkSync(join("/proc/self/fd", fd));
    } catch {
      return "closed meanwhile";
    }
  });
  return paths.filter((one) => one === realpathSync(path)).length;
}

describe("Folder", () => {
  let root: string;
  let folder: Folder;
  beforeEach(async () => {
    root = join(mkdtempSync(join(base, "case-")), "made", "here");
    folder = await Folder.open(root);
    symlinkSync("..", join(root, "out"));
  });

  it("ends a stream whose reader leaves at any moment, and not the process with it", async () => {
    await folder.write("a", chunks("x".repeat(1000)), { signal });
    const unheard: unknown[] = [];
    const hear = (thrown: unknown): void => void unheard.push(thrown);
    process.on("uncaughtException", hear);
    for (let turns = 0; turns < 40; turns++) {
      const stop = new AbortController();
      const reading = all(folder.stream("a", stop.signal)).catch((thrown: unknown) => thrown);
      for (let turn = 0; turn < turns; turn++) await (turn % 3 === 0 ? new Promise((resolve) => setImmediate(resolve)) : Promise.resolve());
      stop.abort();
      await reading;
    }
    const aborted = all(folder.stream("a", AbortSignal.abort()));
    await expect(aborted).rejects.toMatchObject({ kind: "cancelled" });
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.off("uncaughtException", hear);
    expect(unheard).toEqual([]);
  });

  it("writes a stream as a whole, privately, and gives its size", async () => {
    expect(await folder.write("a/b", chunks("one", "two"), { signal, isDurable: true })).toBe(6);
    expect(await textOf(folder.stream("a/b", signal))).toBe("onetwo");
    expect(statSync(join(root, "a/b")).mode & 0o777).toBe(0o600);
    expect(Buffer.from(await folder.read("a/b", 6)).toString()).toBe("onetwo");
    await expect(folder.read("a/b", 5)).rejects.toThrow("larger than the limit of 5 bytes");
  });

  it("keeps the old file and no piece of the new when the stream fails half way", async () => {
    await folder.write("a", chunks("old"), { signal });
    const broken = new ToolkitError("corrupt", "digest mismatch");
    await expect(folder.write("a", chunks("new", broken), { signal })).rejects.toBe(broken);
    expect(readFileSync(join(root, "a"), "utf8")).toBe("old");
    expect(readdirSync(root).sort()).toEqual(["a", "out"]);
  });

  it("stops writing when it is told to, and leaves nothing", async () => {
    const stop = new AbortController();
    const writing = folder.write(
      "a",
      (async function* () {
        yield Buffer.from("x");
        stop.abort();
        yield Buffer.from("y");
      })(),
      { signal: stop.signal },
    );
    await expect(writing).rejects.toMatchObject({ kind: "cancelled" });
    expect(readdirSync(root)).toEqual(["out"]);
  });

  it("closes the file when a reader leaves early", async () => {
    await folder.write("big", [Buffer.alloc(1_000_000)], { signal });
    for (let round = 0; round < 50; round++) for await (const chunk of folder.stream("big", signal)) if (chunk.length > 0) break;
    await expect.poll(() => timesOpen(join(root, "big"))).toBe(0);
  });

  it.each(["../x", "/x", "out/x", "a\0"])("does not touch %j", async (path) => {
    await expect(folder.write(path, chunks("x"), { signal })).rejects.toMatchObject({ kind: "invalid" });
    await expect(folder.read(path, 10)).rejects.toMatchObject({ kind: "invalid" });
    await expect(folder.remove(path)).rejects.toMatchObject({ kind: "invalid" });
  });

  it("lists what is there with size and time, links as links", async () => {
    writeFileSync(join(root, "file"), "12345");
    mkdirSync(join(root, "sub"));
    const entries = await folder.list(".");
    expect(entries.map(({ name, kind }) => `${name} ${kind}`)).toEqual(["file file", "out link", "sub directory"]);
    expect(entries[0]?.sizeBytes).toBe(5);
    expect(await folder.list("none")).toEqual([]);
  });

  it("moves a link in one step", async () => {
    await folder.symlink("latest", "v1");
    await folder.symlink("latest", "v2");
    expect(readlinkSync(join(root, "latest"))).toBe("v2");
  });

  it("replaces a link and leaves what it leads to, but goes through one to a folder inside", async () => {
    mkdirSync(join(root, "inside"));
    symlinkSync("inside", join(root, "to-folder"));
    symlinkSync("inside/a", join(root, "to-file"));
    await folder.write("to-folder/a", chunks("old"), { signal });
    await folder.write("to-file", chunks("new"), { signal });
    expect([readFileSync(join(root, "inside/a"), "utf8"), readFileSync(join(root, "to-file"), "utf8")]).toEqual(["old", "new"]);
  });

  it("makes one folder though many ask at once", async () => {
    await Promise.all(Array.from({ length: 20 }, (_, index) => folder.write(`deep/er/${index}`, chunks("x"), { signal })));
    expect(readdirSync(join(root, "deep/er"))).toHaveLength(20);
  });

  it("says in Go's words that the disk is full", async () => {
    const full = await Folder.open("/dev");
    await expect(folder.read("none", 1)).rejects.toThrow("open none: no such file or directory");
    const handle = await full.openForAppending("full");
    await expect(handle.write(Buffer.from("x"))).rejects.toThrow("ENOSPC");
    await handle.close();
  });

  it("knows how much space is left", async () => {
    const { freeBytes, totalBytes } = await folder.freeSpace();
    expect(freeBytes).toBeGreaterThan(0);
    expect(totalBytes).toBeGreaterThanOrEqual(freeBytes);
  });

  it("fills a new folder, small files and large, and leaves no piece of one that fails", async () => {
    const fresh = await folder.fresh("deep/new");
    fresh.makeFolder("empty/one");
    expect(await fresh.write("a/b", chunks("one", "two"), 0o444, signal)).toBe(6);
    expect(await fresh.write("a/big", chunks("x".repeat(300_000), "y".repeat(300_000)), 0o444, signal)).toBe(600_000);
    await expect(fresh.write("a/bad", chunks("x".repeat(300_000), new Error("cut")), 0o444, signal)).rejects.toThrow("cut");
    await expect(fresh.write("a/b", chunks("again"), 0o444, signal)).rejects.toMatchObject({ kind: "conflict" });
    await expect(fresh.write("a/b/c", chunks("x"), 0o444, signal)).rejects.toMatchObject({ kind: "conflict" });
    await expect(fresh.write("../x", chunks("x"), 0o444, signal)).rejects.toMatchObject({ kind: "invalid" });
    await expect(folder.fresh("deep/new")).rejects.toMatchObject({ kind: "conflict" });
    expect(readdirSync(join(root, "deep/new/a")).sort()).toEqual(["b", "big"]);
    expect(statSync(join(root, "deep/new/a/big")).mode & 0o733).toBe(0o400);
  });

  it("lets other work go on while it is filled", async () => {
    const fresh = await folder.fresh("many");
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 1);
    for (let index = 0; index < 1000; index++) await fresh.write(`f${index}`, chunks("x"), 0o444, signal);
    clearInterval(timer);
    expect(turns).toBeGreaterThan(1);
  });
});
