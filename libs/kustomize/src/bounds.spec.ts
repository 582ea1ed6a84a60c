import { failureOf, processorMs } from "@plumb/std/testing";
import { describe, expect, it } from "vitest";
import type { BuildOptions } from "./index.ts";
import { buildFiles, configMap, type Files } from "./testing/build-files.ts";

const base = { "kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": configMap("a") };

function numbered(count: number, text: (i: number) => string): string {
  return Array.from({ length: count }, (_, i) => text(i)).join("");
}

function patchOf(operations: string, kind = "ConfigMap"): string {
  return `resources: [a.yaml]\npatches:\n- target: {kind: '${kind}'}\n  patch: |-\n${operations.replaceAll(/^(?=.)/gm, "    ")}`;
}

/** Forty replacements of the same kind. */
function replacing(from: string, to: string, options = "create: true"): string {
  const one = `- {source: {kind: ConfigMap, fieldPath: ${from}}, targets: [{select: {kind: ConfigMap}, fieldPaths: [${to}], options: {${options}}}]}\n`;
  return `resources: [a.yaml]\nreplacements:\n${one.repeat(40)}`;
}

const limits: readonly (readonly [string, Files, Partial<BuildOptions>, string])[] = [
  ["a large file", { ...base, "a.yaml": configMap("a", `data: {k: ${"x".repeat(2000)}}\n`) }, { limits: { maxFileBytes: 1000 } }, "limit maxFileBytes"],
  [
    "many files",
    { "kustomization.yaml": "configMapGenerator: [{name: a, files: [f, f2]}]\n", f: "x".repeat(600), f2: "x".repeat(600) },
    { limits: { maxBuildBytes: 1000 } },
    "limit maxBuildBytes",
  ],
  ["a million objects", { ...base, "a.yaml": "---\nkind: A\nmetadata: {name: a}\n".repeat(1_000_000) }, {}, "limit maxObjects"],
  ["a million items", { ...base, "a.yaml": `kind: List\nitems:\n${"- {kind: A, metadata: {name: a}}\n".repeat(900_000)}` }, {}, "limit maxObjects"],
  ["a million items, the kind last", { ...base, "a.yaml": `items: [${"{kind: A},".repeat(1_000_000)}]\nkind: List` }, {}, "limit maxObjects"],
  ["a million items of many Lists", { ...base, "a.yaml": `kind: AList\nitems:\n${"- {kind: A}\n".repeat(15_000)}---\n`.repeat(60) }, {}, "limit maxObjects"],
  ["a million objects in one line", { ...base, "a.yaml": `{"items":[${'{"kind":"A"},'.repeat(1_000_000)}{}]}` }, {}, "limit maxObjects"],
  ["a million values", { ...base, "a.yaml": numbered(5, (i) => configMap(`a${i}`, `x:\n${"- [[[[]]]]\n".repeat(60_000)}---\n`)) }, {}, "limit maxFileNodes"],
  ["a million keys", { ...base, "a.yaml": configMap("a", `data: {${"k: v,".repeat(1_000_000)}}\n`) }, {}, "limit maxEntries"],
  ["a million keys in a kustomization", { "kustomization.yaml": `commonLabels:\n${"  k: v\n".repeat(1_000_000)}` }, {}, "limit maxEntries"],
  ["a million items of a list", { ...base, "a.yaml": configMap("a", `data:\n${"- a\n".repeat(1_000_000)}`) }, {}, "limit maxEntries"],
  ["a million empty keys", { ...base, "a.yaml": configMap("a", `data:\n${"  ? \n".repeat(1_000_000)}`) }, {}, "limit maxEntries"],
  ["a million anchors", { ...base, "a.yaml": configMap("a", `data: [${"&a b,".repeat(1_000_000)}]\n`) }, {}, "limit maxEntries"],
  [
    "aliases of a long text",
    { ...base, "a.yaml": configMap("a", `x: &x ${"y".repeat(1_000_000)}\ndata: [${"*x,".repeat(900)}]\n`) },
    {},
    "limit maxCopiedCharacters",
  ],
  [
    "copies of copies by a JSON patch",
    { ...base, "kustomization.yaml": patchOf("- {op: copy, from: /l, path: /l/-}\n".repeat(40)), "a.yaml": configMap("a", "l: [x]\n") },
    {},
    "limit maxCopiedNodes",
  ],
  [
    "copies of copies by replacements",
    { ...base, "kustomization.yaml": replacing("data", "data.a, data.b"), "a.yaml": configMap("a", "data: {k: v}\n") },
    {},
    "limit maxCopiedNodes",
  ],
  [
    "a text that replacements double",
    { ...base, "kustomization.yaml": replacing("data.k", "data.k", "delimiter: '-', index: 9"), "a.yaml": configMap("a", "data: {k: some text}\n") },
    {},
    "limit maxCopiedCharacters",
  ],
  [
    "many labels on many objects",
    {
      "kustomization.yaml": `resources: [a.yaml]\ncommonAnnotations: {${numbered(5000, (i) => `a${i}: b,`)}}\n`,
      "a.yaml": numbered(1000, (i) => `${configMap(`a${i}`)}---\n`),
    },
    {},
    "limit maxCopiedNodes",
  ],
  ["a text of 31 MB", { ...base, "a.yaml": configMap("a", `data: {k: ${"x".repeat(31_000_000)}}\n`) }, {}, "limit maxObjectLength"],
  ["a text of 31 MB in lines", { ...base, "a.yaml": configMap("a", `data:\n  k: |\n${"    a\n".repeat(5_000_000)}`) }, {}, "limit maxObjectLength"],
  ["a number of 31 MB", { ...base, "a.yaml": configMap("a", `data: {k: 1${"_1".repeat(15_000_000)}}\n`) }, {}, "limit maxObjectLength"],
  ["a key of 31 MB", { ...base, "a.yaml": configMap("a", `data: {? ${"x".repeat(31_000_000)} : v}\n`) }, {}, "limit maxObjectLength"],
  ["many long keys", { ...base, "a.yaml": configMap("a", `data:\n${numbered(9000, (i) => `  k${i}${"x".repeat(900)}: v\n`)}`) }, {}, "limit maxObjectLength"],
  ["a tag of 31 MB", { ...base, "a.yaml": configMap("a", `data: {k: !${"%41".repeat(10_000_000)} v}\n`) }, {}, "limit maxObjectLength"],
  [
    "an object of many values",
    {
      ...base,
      "a.yaml": configMap(
        "a",
        numbered(9000, (i) => `l${i}: [${"a,".repeat(60)}]\n`),
      ),
    },
    {},
    "limit maxNodes",
  ],
  ["a million directives", { ...base, "a.yaml": `${numbered(200_000, (i) => `%TAG !a${i}! b\n`)}---\n${configMap("a")}` }, {}, "more than 100 directives"],
  [
    "a file of 32 MB for a ConfigMap",
    { "kustomization.yaml": "configMapGenerator: [{name: a, files: [f]}]\n", f: Buffer.alloc(2 ** 25, 0x61) },
    {},
    "limit maxObjectLength",
  ],
  [
    "a million lines of an env file",
    { "kustomization.yaml": "configMapGenerator: [{name: a, envs: [f]}]\n", f: numbered(1_000_000, (i) => `k${i}=v\n`) },
    {},
    "limit maxEntries",
  ],
  [
    "a million literals",
    { "kustomization.yaml": `configMapGenerator: [{name: a, literals: [${numbered(1_000_000, (i) => `k${i}=v,`)}]}]\n` },
    {},
    "limit maxEntries",
  ],
  ["a long regular expression", { ...base, "kustomization.yaml": patchOf("- {op: test, path: /kind, value: x}\n", "[a-z]".repeat(100_000)) }, {}, "too large"],
  [
    "a million operations of a JSON patch",
    {
      ...base,
      "kustomization.yaml": "resources: [a.yaml]\npatches: [{path: p.json, target: {kind: ConfigMap}}]\n",
      "p.json": `[${'{"op":"add"},'.repeat(1_000_000)}{}]`,
    },
    {},
    "limit maxEntries",
  ],
  ["a path of many folders", { "kustomization.yaml": `resources: [${"a/".repeat(2_000_000)}]\n` }, {}, "file name too long"],
  ["nesting", { ...base, "a.yaml": configMap("a", `data: ${"[".repeat(20_000)}`) }, {}, "limit maxDepth"],
  ["aliases", { ...base, "a.yaml": configMap("a", `x: &x 1\ny: [${"*x,".repeat(2000)}]\n`) }, {}, "limit maxAliases"],
  [
    "aliases of aliases",
    {
      ...base,
      "a.yaml": configMap(
        "a",
        `l0: &l0 [x]\n${Array.from({ length: 30 }, (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(", ")}]\n`).join("")}`,
      ),
    },
    {},
    "limit maxNodes",
  ],
  [
    "merge keys",
    {
      ...base,
      "a.yaml": configMap(
        "a",
        `m0: &m0 {a: b}\n${Array.from({ length: 40 }, (_, i) => `m${i + 1}: &m${i + 1} {<<: [*m${i}, *m${i}], k${i}: {<<: *m${i}}, j${i}: {<<: *m${i}}}\n`).join("")}`,
      ),
    },
    {},
    "limit maxNodes",
  ],
  [
    "kustomizations that each name the next two",
    Object.fromEntries([
      ["kustomization.yaml", "resources: [a0, b0]\n"],
      ...Array.from({ length: 26 }, (_, i) => ["a", "b"].map((name) => [`${name}${i}/kustomization.yaml`, `resources: [../a${i + 1}, ../b${i + 1}]\n`])).flat(),
      ...["a", "b"].map((name) => [`${name}26/kustomization.yaml`, "namePrefix: x\n"]),
    ]),
    {},
    "limit maxKustomizations",
  ],
  [
    "kustomizations inside one another",
    {
      "kustomization.yaml": "resources: [d/]\n",
      ...Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`${"d/".repeat(i + 1)}kustomization.yaml`, "resources: [d]\n"])),
    },
    { limits: { maxDepth: 50 } },
    "limit maxDepth",
  ],
];

describe("a build is bounded:", () => {
  it.each(limits)("%s", async (_, files, options, message) => {
    const before = processorMs();
    expect((await failureOf(buildFiles(files, options))).message).toMatch(new RegExp(message));
    expect(processorMs() - before).toBeLessThan(20_000);
  });

  it.each([
    ["plain", ""],
    ["quoted", '"'],
  ])("%s text of 4 MB, of short words, is kept and folded", async (_, quote) => {
    const before = processorMs();
    const words = "ab cd efg ".repeat(400_000).trim();
    const { objects, text } = await buildFiles({ ...base, "a.yaml": configMap("a", `data: {k: ${quote}${words}${quote}}\n`) });
    expect(objects[0]?.object["data"]).toEqual({ k: words });
    expect(text().match(/^    \S/gm)?.length).toBeGreaterThan(40_000);
    expect(processorMs() - before).toBeLessThan(10_000);
  });

  it.each([
    ["keys", "data:", (i: number) => `  k${i}: v\n`, (i: number) => `  j${i}: w\n`],
    ["named elements", "spec:\n  containers:", (i: number) => `  - {name: a${i}}\n`, (i: number) => `  - {name: b${i}}\n`],
    ["finalizers", "  finalizers:", (i: number) => `  - a${i}\n`, (i: number) => `  - b${i}\n`],
  ])("a patch of 10,000 %s for an object with as many takes a moment", async (_, head, own, added) => {
    const before = processorMs();
    const pod = (item: (i: number) => string): string => `apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n${head}\n${numbered(10_000, item)}`;
    const files = { "kustomization.yaml": "resources: [a.yaml]\npatches: [{path: p.yaml}]\n", "a.yaml": pod(own), "p.yaml": pod(added) };
    expect((await buildFiles(files)).text().split("\n").length).toBeGreaterThan(20_000);
    expect(processorMs() - before).toBeLessThan(10_000);
  });

  it("an error inside many components is told in few words", async () => {
    const component = "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n";
    const folders = Array.from({ length: 40 }, (_, i) => [`${"d/".repeat(i + 1)}kustomization.yaml`, `${component}components: [d]\n`]);
    const { message } = await failureOf(buildFiles({ "kustomization.yaml": "components: [d]\n", ...Object.fromEntries(folders) }));
    expect(message.length).toBeLessThan(100_000);
  });

  it("configurations take time by their number of fields", async () => {
    const before = processorMs();
    const config = `commonLabels:\n${numbered(20_000, (i) => `- {path: a${i}/b}\n`)}nameReference:\n${numbered(5000, (i) => `- {kind: K${i}, fieldSpecs: [{path: a}]}\n`)}`;
    const kustomization = "resources: [a.yaml]\ncommonLabels: {a: b}\nconfigurations: [c.yaml]\n";
    expect((await buildFiles({ ...base, "kustomization.yaml": kustomization, "c.yaml": config })).objects).toHaveLength(1);
    expect(processorMs() - before).toBeLessThan(10_000);
  });

  it("mappings merged into one another take time by their number of keys", async () => {
    const before = processorMs();
    const keys = (name: string): string => numbered(20_000, (i) => `${name}${i}: v, `);
    const { objects } = await buildFiles({ ...base, "a.yaml": configMap("a", `x: &x {${keys("a")}}\ndata: {<<: *x, ${keys("b")}}\n`) });
    expect(Object.keys(objects[0]?.object["data"] ?? {}).length).toBe(40_000);
    expect(processorMs() - before).toBeLessThan(10_000);
  });

  it("a regular expression that explodes elsewhere takes no time here", async () => {
    const { objects } = await buildFiles({
      ...base,
      "a.yaml": configMap("a".repeat(60)),
      "kustomization.yaml": "resources: [a.yaml]\npatches: [{patch: '- {op: add, path: /x, value: y}', target: {name: '(a+)+b'}}]\n",
    });
    expect(objects[0]?.object["x"]).toBeUndefined();
  });
});
