import { MemoryFileSystem } from "@plumb/files";
import { describe, expect, it } from "vitest";
import { build, type BuildOptions } from "../build.ts";

const COFFEE = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: coffee\ndata:\n  taste: mild\n";

async function built(kustomization: string, options: Partial<BuildOptions> = {}): Promise<string> {
  const files = { "kustomization.yaml": `resources: [coffee.yaml]\n${kustomization}`, "coffee.yaml": COFFEE };
  return (await build(".", { fileSystem: new MemoryFileSystem(files), order: "fifo", signal: new AbortController().signal, ...options })).text();
}

const validator = (kind: string, rest: string): string => `validators:\n- |-\n  {apiVersion: builtin, kind: ${kind}, metadata: {name: v}, ${rest}}\n`;
const merge = (patch: string, target = "coffee"): string => validator("PatchTransformer", `patch: '${patch}', target: {name: ${target}}`);
const label = validator("LabelTransformer", "labels: {validated-by: me}, fieldSpecs: [{path: metadata/labels, create: true}]");

const STRONG = "{kind: x, metadata: {name: x}, data: {taste: strong}}";
const STRONG_BEFORE = `patches:\n- patch: '${STRONG}'\n  target: {name: coffee}\n`;

describe("a validator that patches, compared by how Go holds an object", () => {
  it.each([
    ["gives a field another value", merge(STRONG)],
    ["sets what is there already, from another line", merge("{kind: x, metadata: {name: x}, data: {taste: mild}}")],
    ["only tests, and so writes the object anew", merge('[{"op": "test", "path": "/data/taste", "value": "mild"}]')],
    ["says what a patch has said before, a column further", STRONG_BEFORE + merge(STRONG.replace("data: ", "data:  "))],
    ["removes the object", merge("{kind: x, metadata: {name: x}, $patch: delete}")],
  ])("is refused when it %s", async (_, kustomization) => {
    await expect(built(kustomization)).rejects.toThrow("validator shouldn't modify the resource map");
  });

  it.each([
    ["selects nothing", merge(STRONG, "tea")],
    ["says what a patch has said before, in the same place", STRONG_BEFORE + merge(STRONG)],
    ["says so in quotes, for the style of what is there stays", STRONG_BEFORE + merge(STRONG.replace("strong", '"strong"'))],
    ["adds the one label that a validator may leave", label],
    ["adds that label to others that the build has set", `labels: [{pairs: {a: b}}]\n${label}`],
  ])("is accepted when it %s", async (_, kustomization) => {
    expect(await built(kustomization)).toContain("name: coffee\n");
  });
});

it("A tree with validators, which is built twice, warns once and of everything", async () => {
  const warnings: string[] = [];
  const kustomization = `commonLabels: {a: b}\n${merge(STRONG, "tea")}vars:\n- {name: V, objref: {kind: ConfigMap, name: coffee, apiVersion: v1}}\n`;
  await built(kustomization, { warn: (message) => warnings.push(message) });
  expect(warnings.map((message) => message.split(" ").slice(0, 4).join(" "))).toEqual(expect.arrayContaining(["well-defined vars that were"]));
  expect(new Set(warnings).size).toBe(warnings.length);
});
