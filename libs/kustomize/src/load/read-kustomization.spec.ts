import { MemoryFileSystem } from "@plumb/files";
import { describe, expect, it } from "vitest";
import { build } from "../build.ts";
import type { Build } from "../emit/emit.ts";

const CUP = "apiVersion: example.com/v1\nkind: Cup\nmetadata: {name: one}\n";

function run(kustomization: string): Promise<Build> {
  const files = {
    "kustomization.yaml": `resources: [cup.yaml]\n${kustomization}`,
    "cup.yaml": CUP,
    "crds.yaml": "com.example.v1.Cup: text\n",
    "none.yaml": "~\n",
  };
  return build(".", { fileSystem: new MemoryFileSystem(files), order: "fifo", signal: new AbortController().signal });
}

describe("a kustomization", () => {
  it("may have an empty list of charts, and no chart", async () => {
    expect((await run("helmCharts: []\n")).objects).toHaveLength(1);
    await expect(run("helmCharts: [{name: x}]\n")).rejects.toThrow("field helmCharts");
  });

  it("takes of names that differ in case alone the last in the order of bytes, wherever they stand", async () => {
    for (const text of ["namePrefix: a-\nnameprefix: b-\n", "nameprefix: b-\nnamePrefix: a-\n"])
      expect((await run(text)).objects[0]?.object["metadata"]).toStrictEqual({ name: "b-one" });
  });

  it("may name a file of definitions that is null, and none whose definitions are text", async () => {
    expect((await run("crds: [none.yaml]\n")).objects).toHaveLength(1);
    await expect(run("crds: [crds.yaml]\n")).rejects.toThrow(/crds\.yaml.*com\.example\.v1\.Cup/);
  });
});
