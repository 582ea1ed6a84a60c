import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { MemoryFileSystem } from "@plumb/files";
import { ToolkitError } from "@plumb/std";
import { compareKeys, parseDocuments, stringify } from "@plumb/yaml";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { build } from "./index.ts";
import { anyTree, type Tree } from "./testing/arbitrary-tree.ts";
import { kustomizeBinary } from "./testing/kustomize-binary.ts";

const binary = kustomizeBinary(process.env["XDG_CACHE_HOME"]);
const RUNS = Number(process.env["PLUMB_DIFFERENTIAL_RUNS"] ?? "300");
const folder = mkdtempSync(join(tmpdir(), "plumb-kustomize-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const PORTION = 250;
let count = 0;

/** What kustomize prints, or undefined when it refuses. */
function theirs(tree: Tree, root: string): string | undefined {
  const home = join(folder, String(count++));
  for (const [path, text] of Object.entries(tree)) {
    mkdirSync(dirname(join(home, path)), { recursive: true });
    writeFileSync(join(home, path), text);
  }
  const { status, stdout } = spawnSync(binary ?? "", ["build", join(home, root)], { encoding: "utf8", maxBuffer: 2 ** 28 });
  rmSync(home, { recursive: true });
  return status === 0 ? stdout : undefined;
}

async function ours(tree: Tree, root: string): Promise<string | undefined> {
  try {
    return (await build(root, { fileSystem: new MemoryFileSystem(tree), order: "legacy", signal: new AbortController().signal })).text();
  } catch (thrown) {
    if (thrown instanceof ToolkitError && thrown.kind !== "internal") return undefined;
    throw thrown;
  }
}

/** Whether go-yaml's order of keys has no cycle (`8` < `25a` < `2b` < `8`): kustomize prints those at random. */
function isOrderable(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return true;
  const keys = Array.isArray(value) ? [] : Object.keys(value).toSorted(compareKeys);
  return keys.every((key, i) => keys.slice(i + 1).every((later) => compareKeys(key, later) < 0)) && Object.values(value).every(isOrderable);
}

describe.runIf(binary !== undefined)("beside the real kustomize", () => {
  it(
    `builds or refuses ${RUNS} generated trees alike, byte for byte`,
    async () => {
      await fc.assert(
        fc.asyncProperty(anyTree, async (tree) => {
          expect(await ours(tree, "overlay")).toBe(theirs(tree, "overlay"));
        }),
        { numRuns: RUNS },
      );
    },
    RUNS * 2000 + 60_000,
  );

  it("reads and writes 5,000 generated documents alike", () => {
    const leaf = fc.oneof(
      fc.string({ unit: "grapheme", maxLength: 12 }),
      fc.string({ unit: fc.constantFrom("a", " ", "\n", ":", "#", "-", "'", '"', "\t", "1", ".", "e", "{", ",", "[", "&", "é", "😀"), maxLength: 100 }),
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.boolean(),
      fc.constant(null),
    );
    const text = (value: unknown): string => JSON.stringify(value).replaceAll(/[\u007f-\u009f]/g, "");
    // A key `<<` is a merge to kustomize even where YAML says it is data.
    const key = fc.string({ maxLength: 6 }).filter((name) => name !== "<<");
    const documents = fc
      .sample(fc.object({ key, values: [leaf], maxDepth: 3, maxKeys: 5 }), { numRuns: 5000 })
      .filter((value) => isOrderable(value) && JSON.stringify(value).isWellFormed() && !/[\ufffe\uffff]/.test(JSON.stringify(value)));
    // In portions, for kustomize takes the square of the time for twice the objects.
    for (let start = 0; start < documents.length; start += PORTION) {
      const resources = documents
        .slice(start, start + PORTION)
        .map((spec, i) => `apiVersion: x.io/v1\nkind: Foo\nmetadata: {name: n${String(i).padStart(3, "0")}}\nspec: ${text(spec)}\n`)
        .join("---\n");
      const written = parseDocuments(resources)
        .map(({ value }) => stringify(value))
        .join("---\n");
      expect(written).toBe(theirs({ "kustomization.yaml": "resources: [all.yaml]\n", "all.yaml": resources }, "."));
    }
  }, 120_000);
});
