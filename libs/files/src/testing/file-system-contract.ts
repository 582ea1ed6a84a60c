import { ToolkitError } from "@plumb/std";
import { beforeEach, describe, expect, it } from "vitest";
import type { ReadableFileSystem } from "../file-system.ts";

/** A file system under test, and what the interface itself cannot do. */
export interface FileSystemFixture {
  readonly fileSystem: ReadableFileSystem;
  /** Puts a file, parent folders and all. */
  write(path: string, text: string): void;
  symlink(path: string, target: string): void;
  makeDirectory(path: string): void;
  writeExecutable(path: string, text: string): void;
}

/** The promises of `ReadableFileSystem`, run on every implementation. */
export function describeFileSystem(name: string, create: () => FileSystemFixture): void {
  describe(name, () => {
    let made: FileSystemFixture;
    const text = (path: string): string => Buffer.from(made.fileSystem.read(path, 1000)).toString();
    const kindOf = (work: () => unknown): string => {
      try {
        work();
      } catch (thrown) {
        return thrown instanceof ToolkitError ? thrown.kind : String(thrown);
      }
      return "none";
    };
    beforeEach(() => {
      made = create();
      made.write("a/b/file.yaml", "inside");
      made.write("top.yaml", "top");
      made.symlink("a/to-file", "b/file.yaml");
      made.symlink("a/up", "../top.yaml");
      made.symlink("to-folder", "a/b");
      made.symlink("chain", "a/up");
      made.symlink("out", "../outside");
      made.symlink("a/out", "../../outside");
      made.symlink("absolute", "/etc/hostname");
      made.symlink("dangling", "nowhere");
      made.symlink("self", "self");
      made.symlink("ping", "pong");
      made.symlink("pong", "ping");
    });

    it.each([
      ["top.yaml", "top"],
      ["./a//b/./file.yaml", "inside"],
      ["a/b/../../top.yaml", "top"],
      ["a/to-file", "inside"],
      ["a/up", "top"],
      ["to-folder/file.yaml", "inside"],
      ["to-folder/../up", "top"],
      ["chain", "top"],
    ])("reads %s", (path, content) => {
      expect(text(path)).toBe(content);
    });

    it.each([
      ["..", "invalid"],
      ["../x", "invalid"],
      ["a/../../x", "invalid"],
      ["/etc/passwd", "invalid"],
      ["/", "invalid"],
      ["out", "invalid"],
      ["a/out", "invalid"],
      ["absolute", "invalid"],
      ["to-folder/../../../x", "invalid"],
      ["a\0b", "invalid"],
      ["self", "invalid"],
      ["ping", "invalid"],
      [".", "invalid"],
      ["a", "invalid"],
      ["dangling", "missing"],
      ["a/none", "missing"],
      ["none/x", "missing"],
      ["top.yaml/x", "missing"],
      ["top.yaml/..", "missing"],
      ["x".repeat(5000), "missing"],
    ])("refuses to read %s as %s", (path, kind) => {
      expect(kindOf(() => made.fileSystem.read(path, 1000))).toBe(kind);
    });

    it("names the path, and the limit, of a file that is too large", () => {
      expect(() => made.fileSystem.read("top.yaml", 2)).toThrow('file "top.yaml" is larger than the limit of 2 bytes');
      expect(text("top.yaml")).toBe("top");
      expect(made.fileSystem.read("top.yaml", 3).length).toBe(3);
    });

    it("says what is missing in Go's words", () => {
      expect(() => made.fileSystem.read("none.yaml", 10)).toThrow("open none.yaml: no such file or directory");
    });

    it.each([
      ["top.yaml", "file"],
      ["a", "directory"],
      [".", "directory"],
      ["", "directory"],
      ["a/up", "file"],
      ["to-folder", "directory"],
      ["none", undefined],
      ["dangling", undefined],
      ["self", undefined],
      ["top.yaml/x", undefined],
    ])("says what %j is", (path, kind) => {
      expect(made.fileSystem.stat(path)?.kind).toBe(kind);
    });

    it.each(["..", "/etc", "out", "absolute", "a/out/deeper"])("refuses to say what %s outside is", (path) => {
      expect(kindOf(() => made.fileSystem.stat(path))).toBe("invalid");
    });

    it("tells size and whether a file may be executed", () => {
      made.writeExecutable("run.sh", "#!/bin/sh\n");
      expect(made.fileSystem.stat("run.sh")).toEqual({ kind: "file", sizeBytes: 10, isExecutable: true });
      expect(made.fileSystem.stat("top.yaml")).toEqual({ kind: "file", sizeBytes: 3, isExecutable: false });
    });

    it("lists by code unit, and a link that leads out or nowhere as other", () => {
      made.write("a/Z", "");
      made.write("a/ä", "");
      expect(made.fileSystem.list("a")).toEqual([
        { name: "Z", kind: "file" },
        { name: "b", kind: "directory" },
        { name: "out", kind: "other" },
        { name: "to-file", kind: "file" },
        { name: "up", kind: "file" },
        { name: "ä", kind: "file" },
      ]);
      expect(
        made.fileSystem
          .list(".")
          .filter(({ kind }) => kind === "other")
          .map(({ name }) => name),
      ).toEqual(["absolute", "dangling", "out", "ping", "pong", "self"]);
      expect(made.fileSystem.list("to-folder")).toEqual([{ name: "file.yaml", kind: "file" }]);
    });

    it.each([
      ["none", "missing"],
      ["top.yaml", "invalid"],
      ["..", "invalid"],
      ["out", "invalid"],
    ])("does not list %s", (path, kind) => {
      expect(kindOf(() => made.fileSystem.list(path))).toBe(kind);
    });

    it.each([
      ["chain", "top.yaml"],
      ["to-folder/file.yaml", "a/b/file.yaml"],
      ["to-folder", "a/b"],
      [".", "."],
      ["a/b/..", "a"],
    ])("resolves %s to %s", (path, resolved) => {
      expect(made.fileSystem.resolve(path)).toBe(resolved);
    });

    it.each([
      ["none", "missing"],
      ["out", "invalid"],
      ["self", "invalid"],
      ["../a", "invalid"],
    ])("does not resolve %s", (path, kind) => {
      expect(kindOf(() => made.fileSystem.resolve(path))).toBe(kind);
    });

    it("keeps an empty folder", () => {
      made.makeDirectory("empty");
      expect(made.fileSystem.stat("empty")?.kind).toBe("directory");
      expect(made.fileSystem.list("empty")).toEqual([]);
    });
  });
}
