import { MemoryFileSystem } from "@plumb/files";
import { ToolkitError } from "@plumb/std";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { build, BuildCache, type BuildLimits } from "../index.ts";
import { anyTree, type Tree } from "../testing/arbitrary-tree.ts";

const { signal } = new AbortController();
const BASE = "resources: [a.yaml]\n";

function configMap(name: string, data = "v"): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {k: ${data}}\n`;
}

/** All that a build tells: objects with their origins and text, or its error. */
async function outcome(tree: Tree, root: string, cache: BuildCache | undefined, limits: Partial<BuildLimits> = {}): Promise<unknown> {
  try {
    const built = await build(root, { fileSystem: new MemoryFileSystem(tree), order: "fifo", signal, limits, ...(cache === undefined ? {} : { cache }) });
    return { objects: built.objects, text: built.text() };
  } catch (thrown) {
    if (thrown instanceof ToolkitError) return { kind: thrown.kind, message: thrown.message };
    throw thrown;
  }
}

describe("builds that share a cache", () => {
  it("come to the same as without one, whatever was built before", async () => {
    for (const cache of [new BuildCache(), new BuildCache(20_000)])
      await fc.assert(
        fc.asyncProperty(anyTree, async (tree) => {
          const alone = await outcome(tree, "overlay", undefined);
          expect(await outcome(tree, "overlay", cache)).toStrictEqual(alone);
          expect(await outcome(tree, "overlay", cache)).toStrictEqual(alone);
        }),
        { numRuns: 60 },
      );
  });

  it("see the content of their own artifact, not that of another at the same path", async () => {
    const cache = new BuildCache();
    const artifacts = ["one", "two"].map((data) => ({ "kustomization.yaml": BASE, "a.yaml": configMap("a", data) }));
    const built = await Promise.all([...artifacts, ...artifacts].map((tree) => outcome(tree, ".", cache)));
    expect(built).toStrictEqual(await Promise.all([...artifacts, ...artifacts].map((tree) => outcome(tree, ".", undefined))));
    expect(built[0]).not.toStrictEqual(built[1]);
  });

  it("name an object's own file where another has the same content", async () => {
    const cache = new BuildCache();
    const tree = {
      "x/kustomization.yaml": BASE,
      "x/a.yaml": configMap("a"),
      "y/kustomization.yaml": BASE,
      "y/a.yaml": configMap("a"),
    };
    for (const root of ["x", "y"]) expect(await outcome(tree, root, cache)).toMatchObject({ objects: [{ origin: { path: `${root}/a.yaml`, line: 1 } }] });
  });

  it("refuse what is beyond their own limits, though a build with wider ones has read it", async () => {
    const cache = new BuildCache();
    const tree = { "kustomization.yaml": BASE, "a.yaml": `${configMap("a")}x: &x [1]\ny: [*x, *x]\nz: [[[[[[]]]]]]\n` };
    expect(await outcome(tree, ".", cache)).toHaveProperty("text");
    for (const limits of [{ maxDepth: 4 }, { maxAliases: 1 }, { maxNodes: 3 }, { maxFileNodes: 10 }, { maxFileBytes: 90 }])
      expect(await outcome(tree, ".", cache, limits)).toStrictEqual(await outcome(tree, ".", undefined, limits));
  });

  it("name the file of a flaw each time", async () => {
    const cache = new BuildCache();
    for (const name of ["b.yaml", "c.yaml"])
      expect(await outcome({ "kustomization.yaml": `resources: [${name}]\n`, [name]: "a: [" }, ".", cache)).toMatchObject({
        message: expect.stringContaining(`(${name}:1:`),
      });
  });
});

describe("the memory of a cache", () => {
  const file = (i: number, pad = 0): Uint8Array => Buffer.from(`${configMap(`n${i}`)}# ${"x".repeat(pad)}\n`);
  const limits: BuildLimits = {
    maxFileBytes: 1e6,
    maxBuildBytes: 1e6,
    maxObjects: 10,
    maxKustomizations: 10,
    maxDepth: 10,
    maxAliases: 10,
    maxFileNodes: 10,
    maxEntries: 10,
    maxObjectLength: 10,
    maxNodes: 10,
    maxCopiedNodes: 10,
    maxCopiedCharacters: 10,
  };

  it("stays within its limit, and what was longest not asked for goes first", () => {
    const one = new BuildCache();
    one.objects(file(0), limits, () => []);
    const cache = new BuildCache(one.bytes * 3);
    const read: number[] = [];
    for (const i of [0, 1, 2, 0, 3, 0, 1, 2]) {
      cache.objects(file(i), limits, () => {
        read.push(i);
        return [];
      });
      expect(cache.bytes).toBeLessThanOrEqual(one.bytes * 3);
    }
    expect(read).toEqual([0, 1, 2, 3, 1, 2]);
  });

  it("holds nothing of a file that is larger than it", () => {
    const cache = new BuildCache(5000);
    cache.objects(file(0, 10_000), limits, () => []);
    expect(cache.bytes).toBe(0);
  });

  it("is reckoned from the nodes, of which a small file may have many", async () => {
    const cache = new BuildCache();
    await outcome({ "kustomization.yaml": BASE, "a.yaml": `${configMap("a")}list: [${"1,".repeat(1000)}]\n` }, ".", cache);
    expect(cache.bytes).toBeGreaterThan(100_000);
  });
});
