import { MemoryFileSystem } from "@plumb/files";
import { describe, expect, it } from "vitest";
import { build } from "../build.ts";

describe("a resource that is not there", () => {
  it.each([
    ["gone/for/good.yaml", "/here/gone"],
    ["sub/good.yaml", "/here/sub/good.yaml"],
    ["../other/base", "/other"],
  ])("%s is refused with the first part of its path that is missing, as the system call names it", async (path, absent) => {
    const fileSystem = new MemoryFileSystem({ "here/kustomization.yaml": `resources: [${path}]\n`, "here/sub/x.txt": "" });
    const building = build("here", { fileSystem, order: "fifo", signal: new AbortController().signal });
    await expect(building).rejects.toThrow(`lstat ${absent}: no such file or directory`);
  });
});
