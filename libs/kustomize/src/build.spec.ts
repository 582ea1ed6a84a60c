import { MemoryFileSystem } from "@plumb/files";
import { ToolkitError } from "@plumb/std";
import { failureOf } from "@plumb/std/testing";
import { describe, expect, it } from "vitest";
import { BuildCache, type BuildOptions } from "./index.ts";
import { buildFiles, configMap, type Files } from "./testing/build-files.ts";

describe("a build", () => {
  it("says where each object was written, or which kustomization made it", async () => {
    const { objects } = await buildFiles(
      {
        "over/kustomization.yaml": "resources: [../base, more.yaml]\nconfigMapGenerator:\n- {name: made, literals: [a=b]}\n",
        "over/more.yaml": `# first\n---\n${configMap("x")}---\n${configMap("y")}`,
        "base/kustomization.yaml": "resources: [list.yaml]\n",
        "base/list.yaml": `apiVersion: v1\nkind: List\nitems:\n- ${configMap("in-list").replaceAll("\n", "\n  ")}`,
      },
      {},
      "over",
    );
    expect(objects.map(({ origin }) => origin)).toStrictEqual([
      { path: "base/list.yaml", line: 4 },
      { path: "over/more.yaml", line: 3 },
      { path: "over/more.yaml", line: 8 },
      { path: "over/kustomization.yaml", line: 1 },
    ]);
  });

  it("quotes a literal that is none, but never one of a Secret", async () => {
    const files = (generator: string) => ({ "kustomization.yaml": `${generator}: [{ name: x, literals: [user=hunter2, hunter3] }]\n` });
    expect((await failureOf(buildFiles(files("configMapGenerator")))).message).toContain(
      "literal sources [user=hunter2 hunter3]: invalid literal source hunter3, expected key=value",
    );
    expect((await failureOf(buildFiles(files("secretGenerator")))).message).toContain(
      "literal sources [user=***** *****]: invalid literal source *****, expected key=value",
    );
  });

  it("keeps the order of accumulation, or sorts by kind when asked", async () => {
    const files = { "kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": `${configMap("a")}---\napiVersion: v1\nkind: Namespace\nmetadata: {name: n}\n` };
    const kinds = async (order: "fifo" | "legacy"): Promise<unknown> => (await buildFiles(files, { order })).objects.map(({ object }) => object["kind"]);
    expect(await kinds("fifo")).toStrictEqual(["ConfigMap", "Namespace"]);
    expect(await kinds("legacy")).toStrictEqual(["Namespace", "ConfigMap"]);
  });

  it("gives the same twice, alone, side by side and from a cache, and leaves the cached base as it was", async () => {
    const files = {
      "base/kustomization.yaml": "resources: [a.yaml]\n",
      "base/a.yaml": configMap("a", "data: {k: v}\n"),
      "o1/kustomization.yaml": "resources: [../base]\nnamePrefix: one-\n",
      "o2/kustomization.yaml": "resources: [../base]\ncommonLabels: {two: x}\n",
    };
    const cache = new BuildCache();
    const text = async (root: string, options: Partial<BuildOptions> = {}): Promise<string> => (await buildFiles(files, options, root)).text();
    const alone = [await text("o1"), await text("o2")];
    expect(await Promise.all([text("o1", { cache }), text("o2", { cache }), text("o1"), text("o2")])).toStrictEqual([...alone, ...alone]);
    expect([await text("o1", { cache }), await text("o2", { cache })]).toStrictEqual(alone);
  });

  it("never sees the schema of another build", async () => {
    const widget = "apiVersion: x.io/v1\nkind: Widget\nmetadata: {name: w}\nspec: {list: [{name: a, v: 1}]}\n";
    const patch = "patches:\n- patch: '{apiVersion: x.io/v1, kind: Widget, metadata: {name: w}, spec: {list: [{name: b}]}}'\n";
    const schema = JSON.stringify({
      definitions: {
        w: {
          "x-kubernetes-group-version-kind": [{ group: "x.io", version: "v1", kind: "Widget" }],
          properties: {
            spec: { properties: { list: { type: "array", items: {}, "x-kubernetes-patch-strategy": "merge", "x-kubernetes-patch-merge-key": "name" } } },
          },
        },
      },
    });
    const own = { "kustomization.yaml": `resources: [w.yaml]\nopenapi: {path: s.json}\n${patch}`, "w.yaml": widget, "s.json": schema };
    const plain = { "kustomization.yaml": `resources: [w.yaml]\n${patch}`, "w.yaml": widget };
    const [merged, replaced] = await Promise.all([buildFiles(own), buildFiles(plain)]);
    expect(merged.objects[0]?.object["spec"]).toStrictEqual({ list: [{ name: "b" }, { name: "a", v: 1 }] });
    expect(replaced.objects[0]?.object["spec"]).toStrictEqual({ list: [{ name: "b" }] });
  });

  it("stops when it is told to", async () => {
    const controller = new AbortController();
    const work = buildFiles({ "kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": configMap("a") }, { signal: controller.signal });
    controller.abort();
    expect((await failureOf(work)).kind).toBe("cancelled");
  });

  it("names what is deprecated, also when it fails then", async () => {
    const warnings: string[] = [];
    const warn = (message: string): void => void warnings.push(message);
    await failureOf(buildFiles({ "kustomization.yaml": "resources: [absent.yaml]\ncommonLabels: {a: b}\n" }, { warn }));
    expect(warnings).toStrictEqual([
      "# Warning: 'commonLabels' is deprecated. Please use 'labels' instead. Run 'kustomize edit fix' to update your Kustomization automatically.",
    ]);
  });

  it("follows a symbolic link that stays inside", async () => {
    const fileSystem = new MemoryFileSystem({ "real/kustomization.yaml": "resources: [a.yaml]\n", "real/a.yaml": configMap("a") });
    fileSystem.symlink("linked", "real");
    expect((await buildFiles({}, { fileSystem }, "linked")).objects).toHaveLength(1);
  });

  it("takes remote files and folders only from a loader that is handed in", async () => {
    const files = { "kustomization.yaml": "resources: ['https://x.test/a.yaml', 'https://github.com/o/r/deploy?ref=v1']\n" };
    expect((await failureOf(buildFiles(files))).message).toContain("remote file 'https://x.test/a.yaml' is not loaded");
    const asked: string[] = [];
    const remote = {
      file: async (url: string) => {
        asked.push(url);
        if (!url.endsWith(".yaml")) throw new ToolkitError("missing", "no such file");
        return Buffer.from(configMap("far"));
      },
      directory: async (url: string) => {
        asked.push(url);
        return {
          fileSystem: new MemoryFileSystem({ "deploy/kustomization.yaml": "resources: [b.yaml]\n", "deploy/b.yaml": configMap("farther") }),
          root: "deploy",
        };
      },
    };
    expect((await buildFiles(files, { remote })).objects.map(({ object }) => object["metadata"])).toStrictEqual([{ name: "far" }, { name: "farther" }]);
    expect(asked).toStrictEqual(["https://x.test/a.yaml", "https://github.com/o/r/deploy?ref=v1", "https://github.com/o/r/deploy?ref=v1"]);
  });
});

const base = { "kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": configMap("a") };

const refusals: readonly (readonly [string, Files, string])[] = [
  ["no kustomization", { "a.yaml": "" }, "unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '/'"],
  ["two kustomizations", { "kustomization.yaml": "", Kustomization: "" }, "Found multiple kustomization files under: /"],
  ["an empty kustomization", { "kustomization.yaml": "# nothing\n" }, "kustomization.yaml is empty"],
  ["an unknown field", { "kustomization.yaml": "resourcez: []\n" }, 'json: unknown field "resourcez" (kustomization.yaml:1:12)'],
  [
    "a value of another type",
    { "kustomization.yaml": "# first\nNamePrefix: 5\n" },
    "invalid Kustomization: json: cannot unmarshal number into Go struct field Kustomization.namePrefix of type string (kustomization.yaml:2:13)",
  ],
  [
    "a value of another type, deep in a list",
    { "kustomization.yaml": "patches:\n- {path: a}\n- path: b\n  Target: {kind: [x]}\n" },
    "cannot unmarshal array into Go struct field patches[1].target.kind of type string (kustomization.yaml:4:18)",
  ],
  ["an item of another type", { "kustomization.yaml": "resources: [a.yaml,\n  7]\n" }, "Kustomization.resources[1] of type string (kustomization.yaml:2:3)"],
  ["text where a list belongs", { "kustomization.yaml": "resources: a\n" }, "Kustomization.resources of type []string (kustomization.yaml:1:12)"],
  [
    "a kustomization that is a list",
    { "kustomization.yaml": "\n- a\n" },
    "cannot unmarshal array into Go value of type types.Kustomization (kustomization.yaml:2:1)",
  ],
  ["an unknown field further in", { "kustomization.yaml": "images: [{name: a, tag: b}]\n" }, 'json: unknown field "tag" in images[0]'],
  ["a number for a text", { "kustomization.yaml": "namePrefix: 5\n" }, "namePrefix of type string"],
  ["a chart", { "kustomization.yaml": "helmCharts: [{name: x}]\n" }, "field helmCharts"],
  ["a file that is missing", { "kustomization.yaml": "resources: [no.yaml]\n" }, "no.yaml"],
  ["itself", { "kustomization.yaml": "resources: [.]\n" }, "cycle detected: candidate root '/' contains visited root '/'"],
  [
    "a cycle",
    { "kustomization.yaml": "resources: [a]\n", "a/kustomization.yaml": "resources: [../b]\n", "b/kustomization.yaml": "resources: [../a]\n" },
    "cycle detected: candidate root '/a' contains visited root '/a'",
  ],
  [
    "a file above its own folder",
    { "kustomization.yaml": "resources: [over]\n", "over/kustomization.yaml": "resources: [../x.yaml]\n", "x.yaml": configMap("x") },
    "security; file '/x.yaml' is not in or below '/over'",
  ],
  ["a path out of everything", { "kustomization.yaml": "resources: [../../etc/passwd]\n" }, "etc/passwd"],
  ["an absolute path", { "kustomization.yaml": "resources: [/etc/passwd]\n" }, "security; file '/etc/passwd'"],
  ["a name with a comma that changes", { ...base, "kustomization.yaml": "resources: [a.yaml]\nnamespace: b\nnamePrefix: 'a,'\nnameSuffix: -c\n" }, "a,a"],
  [
    "a collision of names",
    { "kustomization.yaml": "resources: [a.yaml, b.yaml]\n", "a.yaml": configMap("a"), "b.yaml": configMap("a") },
    "may not add resource with an already registered id: ConfigMap.v1.[noGrp]/a.[noNs]",
  ],
  [
    "a patch for nothing",
    { ...base, "kustomization.yaml": "resources: [a.yaml]\npatches: [{patch: '{kind: X, metadata: {name: y}}'}]\n" },
    "no matches for Id X.[noVer].[noGrp]/y.[noNs]",
  ],
  [
    "a variable without a value",
    { ...base, "kustomization.yaml": "resources: [a.yaml]\nvars: [{name: V, objref: {kind: Secret, name: s, apiVersion: v1}}]\n" },
    "var '{V Secret.v1.[noGrp] {metadata.name}}' cannot be mapped",
  ],
  [
    "a replacement from nothing",
    { ...base, "kustomization.yaml": "resources: [a.yaml]\nreplacements: [{source: {kind: Nothing}, targets: [{select: {kind: ConfigMap}}]}]\n" },
    "nothing selected by Nothing.[noVer].[noGrp]/[noName].[noNs]",
  ],
  ["an object without a kind", { ...base, "a.yaml": "apiVersion: v1\nmetadata: {name: a}\n" }, "missing kind in object"],
  ["no YAML", { ...base, "a.yaml": "a: b: c\n" }, "(a.yaml:1:5)"],
  ["a tab for indentation", { ...base, "a.yaml": "metadata:\n\tname: a\n" }, "(a.yaml:2:1)"],
  ["NUL", { ...base, "a.yaml": configMap("a\0") }, "control characters are not allowed (a.yaml:4:10)"],
  ["invalid UTF-8", { ...base, "a.yaml": new Uint8Array([0x61, 0x3a, 0x20, 0xff]) }, "a.yaml"],
  ["a key twice", { ...base, "a.yaml": configMap("a", "data: {k: 1, k: 2}\n") }, 'mapping key "k" already defined'],
  [
    "an anchor of another document",
    { ...base, "a.yaml": `${configMap("a", "data: {k: &x v}\n")}---\n${configMap("b", "data: {k: *x}\n")}` },
    "unknown anchor 'x' referenced",
  ],
  [
    "a plug-in of others",
    { ...base, "kustomization.yaml": "resources: [a.yaml]\ntransformers: ['{apiVersion: x.io/v1, kind: Mine, metadata: {name: m}}']\n" },
    "'Mine'",
  ],
  [
    "a plug-in that is badly configured, in a file",
    {
      ...base,
      "kustomization.yaml": "resources: [a.yaml]\ntransformers: [t/t.yaml]\n",
      "t/t.yaml": "# how many\napiVersion: builtin\nkind: ReplicaCountTransformer\nmetadata: {name: r}\nreplica:\n  Name: a\n  Count: many\n",
    },
    "replica.count of type int64 (t/t.yaml:7)",
  ],
  [
    "a patch that is no YAML",
    { ...base, "kustomization.yaml": "resources: [a.yaml]\npatches: [{path: p.yaml}]\n", "p.yaml": "kind: [\n" },
    'from [path: "p.yaml"]: MalformedYAMLError: yaml: line 1: did not find expected node content (p.yaml:2:1)',
  ],
  [
    "no regular expression",
    { ...base, "kustomization.yaml": "resources: [a.yaml]\npatches: [{patch: '- {op: test, path: /kind, value: x}', target: {name: '(('}}]\n" },
    "error parsing regexp",
  ],
];

describe("a build refuses, in a deliberate error that names it,", () => {
  it.each(refusals)("%s", async (_, files, message) => {
    const problem = await failureOf(buildFiles(files));
    expect(problem.message).toContain(message);
    expect(problem.kind).not.toBe("internal");
  });
});

describe("keys of prototypes are data", () => {
  it("in objects, patches, generators and labels", async () => {
    const { objects } = await buildFiles({
      "kustomization.yaml":
        'resources: [a.yaml]\ncommonLabels: {constructor: c, __proto__: p}\nconfigMapGenerator: [{name: g, literals: [__proto__=1, constructor=2]}]\npatches:\n- target: {name: a}\n  patch: \'{kind: ConfigMap, metadata: {name: a}, data: {__proto__: patched, toString: x}}\'\n- target: {name: a}\n  patch: \'[{"op": "add", "path": "/data/constructor", "value": "y"}, {"op": "add", "path": "/data/hasOwnProperty", "value": "z"}]\'\n',
      "a.yaml": configMap("a", "data:\n  __proto__: v\n  constructor: w\n"),
    });
    expect(JSON.stringify(objects.map(({ object }) => [object["data"], (object["metadata"] as { labels?: unknown }).labels]))).toBe(
      // why: metadata of what was just built
      JSON.stringify([
        [JSON.parse('{"__proto__":"patched","constructor":"y","toString":"x","hasOwnProperty":"z"}'), JSON.parse('{"__proto__":"p","constructor":"c"}')],
        [JSON.parse('{"__proto__":"1","constructor":"2"}'), JSON.parse('{"__proto__":"p","constructor":"c"}')],
      ]),
    );
    expect(Object.keys(Object.prototype)).toStrictEqual([]);
  });
});
