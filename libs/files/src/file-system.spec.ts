import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Worker } from "node:worker_threads";
import { ToolkitError } from "@plumb/std";
import { failureOf } from "@plumb/std/testing";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { MemoryFileSystem } from "./memory-file-system.ts";
import { RootedFileSystem } from "./rooted-file-system.ts";
import { describeFileSystem } from "./testing/file-system-contract.ts";

const base = mkdtempSync(join(tmpdir(), "plumb-files-"));
afterAll(() => rmSync(base, { recursive: true }));
const newRoot = (): string => join(mkdtempSync(join(base, "case-")), "root");

describeFileSystem("MemoryFileSystem", () => {
  const fileSystem = new MemoryFileSystem();
  return {
    fileSystem,
    write: (path, text) => fileSystem.write(path, Buffer.from(text)),
    symlink: (path, target) => fileSystem.symlink(path, target),
    makeDirectory: (path) => fileSystem.makeDirectory(path),
    writeExecutable: (path, text) => fileSystem.writeExecutable(path, Buffer.from(text)),
  };
});

describeFileSystem("RootedFileSystem", () => {
  const root = newRoot();
  mkdirSync(root);
  mkdirSync(join(dirname(root), "outside"));
  writeFileSync(join(dirname(root), "outside", "deeper"), "secret");
  return {
    fileSystem: new RootedFileSystem(root),
    write(path, text) {
      mkdirSync(join(root, dirname(path)), { recursive: true });
      writeFileSync(join(root, path), text);
    },
    symlink: (path, target) => symlinkSync(target, join(root, path)),
    makeDirectory: (path) => mkdirSync(join(root, path), { recursive: true }),
    writeExecutable(path, text) {
      writeFileSync(join(root, path), text);
      chmodSync(join(root, path), 0o755);
    },
  };
});

describe("MemoryFileSystem, when it is written to", () => {
  let fileSystem: MemoryFileSystem;
  const text = (path: string): string => Buffer.from(fileSystem.read(path, 1000)).toString();
  beforeEach(() => {
    fileSystem = new MemoryFileSystem({ "a/file": "inside", top: "top" });
    for (const [path, target] of Object.entries({ link: "top", "to-folder": "a", out: "../outside", dangling: "nowhere", self: "self" })) {
      fileSystem.symlink(path, target);
    }
  });

  it("replaces a file and makes its folders", () => {
    fileSystem.write("new/folder/x", Buffer.from("1"));
    fileSystem.write("new/folder/x", Buffer.from("2"));
    expect(text("new/folder/x")).toBe("2");
    expect(fileSystem.list("new/folder")).toEqual([{ name: "x", kind: "file" }]);
  });

  it("replaces a link and leaves what it leads to, but goes through one to a folder inside", () => {
    for (const path of ["link", "out", "to-folder/more"]) fileSystem.write(path, Buffer.from("new"));
    expect([text("link"), text("out"), text("a/more"), text("top")]).toEqual(["new", "new", "new", "top"]);
  });

  it.each(["../x", "/x", "out/x", ".", "", "a/../..", "a\0b", "top/x", "self/x", "a", "dangling/x"])("refuses to write %j", async (path) => {
    const failure = await failureOf((async () => fileSystem.write(path, Buffer.from("x")))());
    expect(["invalid", "conflict"]).toContain(failure.kind);
    expect(fileSystem.stat("nowhere")).toBeUndefined();
  });
});

/** Swaps a folder for a link to one outside, 5,000 times over. */
const SWAP = `
  const { renameSync, symlinkSync, unlinkSync } = require("node:fs");
  const { root, ended } = require("node:worker_threads").workerData;
  for (let count = 0; count < 5000; count++) {
    renameSync(root + "/folder", root + "/aside"); symlinkSync(root + "-outside", root + "/folder");
    unlinkSync(root + "/folder"); renameSync(root + "/aside", root + "/folder");
  }
  Atomics.store(ended, 0, 1);
`;

describe("RootedFileSystem on a disk", () => {
  it("follows an absolute link where its root is that of the disk, and nowhere else", () => {
    const root = newRoot();
    mkdirSync(join(root, "deep/folder"), { recursive: true });
    writeFileSync(join(root, "x"), "x");
    symlinkSync(join(root, "x"), join(root, "deep/folder/link"));
    expect(new RootedFileSystem("/").read(`${root.slice(1)}/deep/folder/link`, 10)).toEqual(Buffer.from("x"));
    expect(() => new RootedFileSystem(root).read("deep/folder/link", 10)).toThrow("outside of the root");
  });

  it("reads the same where nothing changes, and no foreign file where something did all the same", () => {
    const root = newRoot();
    mkdirSync(join(root, "a"), { recursive: true });
    mkdirSync(`${root}-outside`);
    for (const folder of [join(root, "a"), `${root}-outside`]) writeFileSync(join(folder, "x"), folder);
    symlinkSync("a/x", join(root, "link"));
    const fileSystem = new RootedFileSystem(root, { isUnchanging: true });
    for (let i = 0; i < 2; i++) {
      expect(fileSystem.read("link", 1000)).toEqual(Buffer.from(join(root, "a")));
      expect([fileSystem.stat("link"), fileSystem.stat("none"), fileSystem.resolve("link")]).toEqual([
        { kind: "file", sizeBytes: join(root, "a").length, isExecutable: false },
        undefined,
        "a/x",
      ]);
    }
    rmSync(join(root, "a"), { recursive: true });
    symlinkSync(`${root}-outside`, join(root, "a"));
    expect(() => fileSystem.read("link", 1000)).toThrow("outside of the root");
  });

  it("says that its root is missing, or is no folder", () => {
    const file = join(base, "file");
    writeFileSync(file, "");
    expect(() => new RootedFileSystem(join(base, "none"))).toThrow("no such file or directory");
    expect(() => new RootedFileSystem(file)).toThrow("not a directory");
  });

  it("works below a root that is itself reached through a link", () => {
    const root = newRoot();
    mkdirSync(root);
    writeFileSync(join(root, "x"), "x");
    symlinkSync(root, `${root}-link`);
    expect(new RootedFileSystem(`${root}-link`).read("x", 10)).toEqual(Buffer.from("x"));
  });

  it("neither hangs on a FIFO nor reads it", () => {
    const root = newRoot();
    mkdirSync(root);
    execFileSync("sh", ["-c", 'mkfifo "$0"', join(root, "pipe")]);
    const fileSystem = new RootedFileSystem(root);
    expect(() => fileSystem.read("pipe", 10)).toThrow("not a regular file");
    expect(fileSystem.list(".")).toEqual([{ name: "pipe", kind: "other" }]);
  });

  it("does not read a foreign file when a folder is swapped for a link while it reads", async () => {
    const root = newRoot();
    mkdirSync(join(root, "folder"), { recursive: true });
    mkdirSync(`${root}-outside`);
    writeFileSync(join(root, "folder", "x"), "inside");
    writeFileSync(join(`${root}-outside`, "x"), "secret");
    const fileSystem = new RootedFileSystem(root);
    const ended = new Int32Array(new SharedArrayBuffer(4));
    const worker = new Worker(SWAP, { eval: true, workerData: { root, ended } });
    const read = new Set<string>();
    while (Atomics.load(ended, 0) === 0) {
      try {
        read.add(Buffer.from(fileSystem.read("folder/x", 100)).toString());
      } catch (thrown) {
        expect(thrown).toBeInstanceOf(ToolkitError);
      }
    }
    expect([...read]).toEqual(["inside"]);
    await worker.terminate();
  });
});
