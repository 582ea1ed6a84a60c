import { ToolkitError } from "@plumb/std";
import { beforeEach, describe, expect, it } from "vitest";
import type { WritableFileSystem } from "../file-system.ts";

/** A file system under test, and what the interface itself cannot do. */
export interface FileSystemFixture {
  readonly fileSystem: WritableFileSystem;
  symlink(path: string, target: string): void;
  makeDirectory(path: string): void;
  writeExecutable(path: string, text: string): void;
}

/** The promises of `WritableFileSystem`, run on every implementation. */
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
      made.fileSystem.write("a/b/file.yaml", Buffer.from("inside"));
      made.fileSystem.write("top.yaml", Buffer.from("top"));
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
      made.fileSystem.write("a/Z", Buffer.of());
      made.fileSystem.write("a/ä", Buffer.of());
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

    it("replaces a file and makes its folders", () => {
      made.fileSystem.write("new/folder/x", Buffer.from("1"));
      made.fileSystem.write("new/folder/x", Buffer.from("2"));
      expect(text("new/folder/x")).toBe("2");
      expect(made.fileSystem.list("new/folder")).toEqual([{ name: "x", kind: "file" }]);
    });

    it("replaces a link and leaves what it leads to", () => {
      made.fileSystem.write("chain", Buffer.from("new"));
      made.fileSystem.write("out", Buffer.from("new"));
      expect([text("chain"), text("out"), text("top.yaml")]).toEqual(["new", "new", "top"]);
    });

    it("writes through a link to a folder inside", () => {
      made.fileSystem.write("to-folder/more", Buffer.from("more"));
      expect(text("a/b/more")).toBe("more");
    });

    it.each(["../x", "/x", "out/x", "absolute/x", ".", "", "a/../..", "a\0b", "top.yaml/x", "self/x", "a"])("refuses to write %j", (path) => {
      expect(["invalid", "conflict"]).toContain(kindOf(() => made.fileSystem.write(path, Buffer.from("x"))));
    });

    it("makes no folder through a link that leads nowhere", () => {
      expect(["invalid", "conflict"]).toContain(kindOf(() => made.fileSystem.write("dangling/x", Buffer.from("x"))));
      expect(made.fileSystem.stat("nowhere")).toBeUndefined();
    });

    it("removes files, folders and links, and minds nothing that is not there", () => {
      for (const path of ["a/b", "chain", "none", "none/x", "out"]) made.fileSystem.remove(path);
      expect(made.fileSystem.stat("a/b/file.yaml")).toBeUndefined();
      expect(made.fileSystem.list(".").map(({ name }) => name)).not.toContain("chain");
      expect(text("top.yaml")).toBe("top");
    });

    it.each([".", "..", "/x", "out/x"])("refuses to remove %s", (path) => {
      expect(kindOf(() => made.fileSystem.remove(path))).toBe("invalid");
    });

    it("keeps an empty folder", () => {
      made.makeDirectory("empty");
      expect(made.fileSystem.stat("empty")?.kind).toBe("directory");
      expect(made.fileSystem.list("empty")).toEqual([]);
    });
  });
}
