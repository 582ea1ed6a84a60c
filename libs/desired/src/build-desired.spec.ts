import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Worker } from "node:worker_threads";
import { MemoryFileSystem } from "@plumb/files";
import { parseJson } from "@plumb/std";
import { failureOf } from "@plumb/std/testing";
import { afterAll, describe, expect, it } from "vitest";
import { buildDesired, buildDesiredText, type BuildSpec, type Desired } from "./index.ts";

const { signal } = new AbortController();
const base = mkdtempSync(join(tmpdir(), "plumb-desired-"));
afterAll(() => rmSync(base, { recursive: true }));

const configMap = (name: string, more = ""): string => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n${more}`;
const DEPLOYMENT = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 3
  template:
    spec:
      containers:
      - name: web
        image: nginx:1.0
`;
const build = (files: Readonly<Record<string, string>>, spec: BuildSpec = {}): Promise<Desired> =>
  buildDesired(spec, { fileSystem: new MemoryFileSystem(files), signal });
const shown = ({ objects }: Desired): readonly string[] =>
  objects.map(({ object, origin }) => `${object.kind}/${object.metadata.namespace ?? ""}/${object.metadata.name} ${origin?.path}:${origin?.line}`);
describe("a folder without a kustomization", () => {
  it("takes in every manifest below, in the order of a walk, each with file and line", async () => {
    const built = await build({
      "b.yaml": `# a comment\n${configMap("b1")}---\n${configMap("b2")}`,
      "a/z.yml": configMap("z"),
      "a.yaml": configMap("a"),
      "notes.txt": "no",
      "x.json": "no",
    });
    expect(shown(built)).toEqual(["ConfigMap//z a/z.yml:1", "ConfigMap//a a.yaml:1", "ConfigMap//b1 b.yaml:2", "ConfigMap//b2 b.yaml:7"]);
  });

  it("takes in a folder that has a kustomization as a whole, and nothing below it twice", async () => {
    const built = await build({
      "app/kustomization.yaml": "resources: [one.yaml]\nnamePrefix: p-\n",
      "app/one.yaml": configMap("one"),
      "app/sub/two.yaml": configMap("two"),
      "top.yaml": configMap("top"),
    });
    expect(shown(built)).toEqual(["ConfigMap//p-one app/one.yaml:1", "ConfigMap//top top.yaml:1"]);
  });

  it("is nothing when it is empty", async () => {
    expect((await build({ "README.md": "hello" })).objects).toEqual([]);
  });

  it.each<[string, string, string]>([
    ["bad YAML", "a: [", "did not find expected node content (apps/cm.yaml:1:5)"],
    ["a values file", "replicas: 1\n", "failed to decode Kubernetes YAML from apps/cm.yaml: missing Resource metadata (from apps/cm.yaml:1)"],
    ["an object without kind", "apiVersion: v1\nmetadata:\n  name: a\n", "missing kind in object {{v1 } {{a } map[] map[]}} (from apps/cm.yaml:1)"],
    [
      "an object without name",
      `${configMap("a")}---\napiVersion: v1\nkind: ConfigMap\n`,
      "missing metadata.name in object {{v1 ConfigMap} {{ } map[] map[]}} (from apps/cm.yaml:6)",
    ],
  ])("names file and line of %s", async (_, text, words) => {
    const error = await failureOf(build({ "apps/cm.yaml": text, "apps/good.yaml": configMap("good") }));
    expect(error.kind).toBe("invalid");
    expect(error.message).toContain(words);
    expect(error.message).toMatch(/^failed to decode Kubernetes YAML from apps\/cm\.yaml: (MalformedYAMLError: yaml: |missing )/);
  });

  it("does not follow a link to a folder in circles", async () => {
    const fileSystem = new MemoryFileSystem({ "a/x.yaml": configMap("x") });
    fileSystem.symlink("a/loop", "..");
    expect(shown(await buildDesired({}, { fileSystem, signal }))).toEqual(["ConfigMap//x a/x.yaml:1"]);
  });
});

describe("the path", () => {
  it.each(["app", "./app", "/app/", "app/../app", "../../app", "x/../../../app"])("%s is below the root of the artifact", async (path) => {
    expect(shown(await build({ "app/a.yaml": configMap("a"), "other.yaml": "not: looked at" }, { path }))).toEqual(["ConfigMap//a app/a.yaml:1"]);
  });
  it("that does not exist is missing, in Flux's words", async () => {
    expect(await failureOf(build({ "a.yaml": configMap("a") }, { path: "./deploy/none" }))).toMatchObject({
      kind: "missing",
      message: "kustomization path not found: stat /deploy/none: no such file or directory",
    });
    expect(await failureOf(build({ "a.yaml": configMap("a") }, { path: "a.yaml" }))).toMatchObject({
      kind: "invalid",
      message: "open /a.yaml/kustomization.yaml: not a directory",
    });
  });
  it("that is a link to the outside is refused", async () => {
    const fileSystem = new MemoryFileSystem({});
    fileSystem.symlink("out", "../secret");
    expect(await failureOf(buildDesired({ path: "out" }, { fileSystem, signal }))).toMatchObject({
      kind: "invalid",
      message: expect.stringContaining("kustomization path not found"),
    });
  });
});

describe("an existing kustomization", () => {
  it("reaches for files beside it, but never outside of the artifact", async () => {
    expect(
      shown(await build({ "env/prod/kustomization.yaml": "resources: [../../base/a.yaml]\n", "base/a.yaml": configMap("a") }, { path: "env/prod" })),
    ).toEqual(["ConfigMap//a base/a.yaml:1"]);
    const error = await failureOf(build({ "kustomization.yaml": "resources: [../../etc/passwd]\n" }));
    expect(error.kind).toBe("invalid");
    expect(error.message).toMatch(/^kustomize build failed: accumulating resources: /);
  });

  it("names a file that is not there", async () => {
    const error = await failureOf(build({ "kust/kustomization.yaml": "resources: [absent.yaml]\n" }, { path: "kust" }));
    expect(error.kind).toBe("invalid");
    expect(error.message).toContain("kustomize build failed: accumulating resources: accumulation err='accumulating resources from 'absent.yaml': ");
    expect(error.message).toContain("/kust/absent.yaml");
  });

  it("that takes itself in is refused", async () => {
    expect((await failureOf(build({ "kustomization.yaml": "resources: [.]\n" }))).message).toContain("cycle detected");
  });

  it("may be called by each of its names, and may be empty", async () => {
    for (const name of ["kustomization.yaml", "kustomization.yml", "Kustomization"]) {
      expect((await build({ [name]: "resources: [a.yaml]\n", "a.yaml": configMap("a"), "b.yaml": "not: looked at" })).objects).toHaveLength(1);
      expect((await build({ [name]: "" })).objects).toEqual([]);
    }
  });

  it("is read as Flux reads it: fields without regard to case, unknown ones passed over", async () => {
    const built = await build({ "kustomization.yaml": "Resources: [a.yaml]\nNAMESPACE: here\nunheardOf: true\n", "a.yaml": configMap("a") });
    expect(shown(built)).toEqual(["ConfigMap/here/a a.yaml:1"]);
  });

  it.each([
    ["- a\n", "array"],
    ["text\n", "string"],
    ["1\n", "number"],
  ])("that is %j is refused by name", async (text, type) => {
    expect((await failureOf(build({ "x/kustomization.yaml": text }, { path: "x" }))).message).toBe(
      `error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${type} into Go value of type types.Kustomization (in x/kustomization.yaml)`,
    );
  });

  it.each([
    ["resources: x\n", "string", "resources of type []string", "1:12"],
    ["namespace: a\nresources:\n- b.yaml\n- a: b\n", "object", "resources of type string", "4:3"],
    ["images: {a: b}\n", "object", "images of type []types.Image", "1:9"],
    ["commonLabels: true\n", "bool", "commonLabels of type map[string]string", "1:15"],
    ["namespace: 1\n", "number", "namespace of type string", "1:12"],
    ["Components: [[a]]\n", "array", "components of type string", "1:14"],
  ])("whose field is of another type is refused, naming it and its place: %j", async (text, found, field, place) => {
    expect((await failureOf(build({ "kustomization.yaml": text }))).message).toBe(
      `error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${found} into Go struct field Kustomization.${field} (kustomization.yaml:${place})`,
    );
  });

  it("that is no YAML is named with its line", async () => {
    expect((await failureOf(build({ "kustomization.yaml": "resources: [\n" }))).message).toMatch(/yaml: line \d+: .*\(kustomization\.yaml:\d+:\d+\)/);
  });
});

describe("fields of the spec", () => {
  const files = {
    "kustomization.yaml": "resources: [d.yaml]\nnamespace: own\nnamePrefix: own-\nimages:\n- name: nginx\n  newTag: own\n  digest: sha256:own\n",
    "d.yaml": DEPLOYMENT,
  };
  const imageOf = ({ objects }: Desired): unknown => JSON.stringify(objects[0]?.object["spec"]).match(/"image":"([^"]*)"/)?.[1];

  it("take the place of namespace, prefix and suffix", async () => {
    expect(shown(await build(files, { targetNamespace: "t", namePrefix: "p-", nameSuffix: "-s" }))).toEqual(["Deployment/t/p-web-s d.yaml:1"]);
    expect(shown(await build(files))).toEqual(["Deployment/own/own-web d.yaml:1"]);
  });

  it.each<[BuildSpec["images"], string]>([
    [[{ name: "nginx", newName: "mirror/nginx" }], "mirror/nginx:own@sha256:own"],
    [[{ name: "nginx", newTag: "2" }], "nginx:2"],
    [[{ name: "nginx", digest: "sha256:abc" }], "nginx@sha256:abc"],
    [[{ name: "other", newTag: "2" }], "nginx:own@sha256:own"],
  ])("merge the images %j to %s", async (images, image) => {
    expect(imageOf(await build(files, { images: images ?? [] }))).toBe(image);
  });

  it("patch after the kustomization's own patches", async () => {
    const own = `resources: [d.yaml]\npatches:\n- patch: '[{"op": "replace", "path": "/spec/replicas", "value": 5}]'\n  target: {kind: Deployment}\n`;
    const { objects } = await build(
      { ...files, "kustomization.yaml": own },
      {
        patches: [
          {
            patch: '[{"op": "test", "path": "/spec/replicas", "value": 5}, {"op": "replace", "path": "/spec/replicas", "value": 7}]',
            target: { kind: "Deployment", name: "web" },
          },
        ],
      },
    );
    expect(objects[0]?.object["spec"]).toMatchObject({ replicas: 7 });
  });

  it("patch by strategic merge without a target", async () => {
    const { objects } = await build(
      { "d.yaml": DEPLOYMENT },
      { patches: [{ patch: "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\nspec:\n  replicas: 9\n" }] },
    );
    expect(objects[0]?.object["spec"]).toMatchObject({ replicas: 9, template: { spec: { containers: [{ name: "web" }] } } });
  });

  it("say which patch is wrong", async () => {
    const error = await failureOf(build({ "d.yaml": DEPLOYMENT }, { patches: [{ patch: "not a patch" }] }));
    expect(error).toMatchObject({ kind: "invalid", message: expect.stringMatching(/^kustomize build failed: .*not a patch/s) });
  });

  const component = { "c/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nnamePrefix: c-\n", "app/a.yaml": configMap("a") };
  it("add components, missing ones only where that is allowed", async () => {
    expect(shown(await build(component, { path: "app", components: ["../c"] }))).toEqual(["ConfigMap//c-a app/a.yaml:1"]);
    expect(
      (await build(component, { path: "app", components: ["../none", "../../outside", "../c"], ignoreMissingComponents: true })).objects[0]?.object.metadata
        .name,
    ).toBe("c-a");
    expect((await failureOf(build(component, { path: "app", components: ["../none"] }))).message).toContain("/none");
  });
  it.each(["/c", "https://h/c", "git@h:c", "github.com/a/b", "file:///c", "git::x"])("refuse the component %s", async (path) => {
    expect((await failureOf(build(component, { path: "app", components: [path] }))).message).toBe(`component path '${path}' must be local and relative`);
  });

  it("set common metadata over the objects' own", async () => {
    const { objects, digest } = await build(
      { "a.yaml": configMap("a", "  labels: {x: own, y: own}\n") },
      { commonMetadata: { labels: { x: "set" }, annotations: { z: "set" } } },
    );
    expect(objects[0]?.object.metadata).toMatchObject({ labels: { x: "set", y: "own" }, annotations: { z: "set" } });
    expect(digest).toBe((await build({ "a.yaml": configMap("a", "  labels: {x: own, y: own}\n") })).digest);
  });

  it("say with common metadata whose an object is, apart from what the object says itself", async () => {
    const name = "kustomize.toolkit.fluxcd.io/name";
    const { objects } = await build({ "a.yaml": configMap("a", `  labels: {${name}: own}\n`) }, { commonMetadata: { labels: { [name]: "set", team: "x" } } });
    expect(objects[0]).toMatchObject({ object: { metadata: { labels: { [name]: "set", team: "x" } } }, ownerLabels: { [name]: "set" } });
    expect((await build({ "a.yaml": configMap("a", `  labels: {${name}: own}\n`) })).objects[0]?.ownerLabels).toBeUndefined();
  });

  it.each<[string, BuildSpec]>([
    ["spec.postBuild", { postBuild: { substitute: { a: "b" } } }],
    ["spec.decryption", { decryption: { provider: "sops" } }],
  ])("that are not supported are refused by name: %s", async (field, spec) => {
    expect(await failureOf(build({ "a.yaml": configMap("a") }, spec))).toMatchObject({ kind: "invalid", message: `${field} is not supported by this version` });
  });

  it("say where a generated object comes from, only where that is asked for", async () => {
    const generator = { "kustomization.yaml": "resources: [a.yaml]\nconfigMapGenerator:\n- name: g\n  literals: [a=b]\n", "a.yaml": configMap("a") };
    expect(JSON.stringify((await build(generator)).objects)).not.toContain("config.kubernetes.io/origin");
    expect(JSON.stringify((await build(generator, { buildMetadata: ["originAnnotations"] })).objects)).toContain("config.kubernetes.io/origin");
  });
});

describe("what comes out", () => {
  it("takes lists apart and drops kustomizations", async () => {
    const list = `apiVersion: v1\nkind: List\nitems:\n- ${configMap("a").replaceAll("\n", "\n  ")}\n- ${configMap("b").replaceAll("\n", "\n  ")}\n`;
    const built = await build({
      "kustomization.yaml": "resources: [list.yaml, k.yaml]\n",
      "list.yaml": list,
      "k.yaml": "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nmetadata: {name: k}\n",
    });
    expect(built.objects.map(({ object }) => object.metadata.name)).toEqual(["a", "b"]);
  });

  it("refuses an object without apiVersion, with its origin", async () => {
    const error = await failureOf(build({ "kustomization.yaml": "resources: [x.yaml]\n", "x.yaml": "kind: Thing\nmetadata:\n  name: a\n" }));
    expect(error.message).toBe("failed to decode Kubernetes apiVersion, kind and name from: Thing/a (from x.yaml:1)");
  });

  it("has the same digest for the same files and another for any change, and knows nothing of a build before", async () => {
    const one = await build({ "a.yaml": configMap("a", 'data: {x: "1"}\n') });
    await build({ "a.yaml": configMap("b") });
    expect((await build({ "a.yaml": `# comments do not count\n${configMap("a", 'data:\n  x: "1"\n')}` })).digest).toBe(one.digest);
    expect((await build({ "a.yaml": configMap("a", 'data: {x: "2"}\n') })).digest).not.toBe(one.digest);
    expect(one.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it("keeps integers beyond a double's reach, and keys that are names of methods", async () => {
    const files = { "a.yaml": "apiVersion: x/v1\nkind: Thing\nmetadata:\n  name: a\nspec:\n  big: 9007199254740993\n  __proto__: {constructor: 1}\n" };
    const folder = join(base, "exact");
    write(folder, files);
    const { objects } = await buildDesiredText({}, folder, { signal });
    expect(objects).toContain('"big":9007199254740993');
    expect(objects).toContain('"__proto__":{"constructor":1}');
    expect(parseJson(objects)).toMatchObject([{ object: { kind: "Thing" }, origin: { path: "a.yaml", line: 1 } }]);
  });

  it("stops when it is told to", async () => {
    const stop = new AbortController();
    stop.abort();
    expect(await failureOf(buildDesired({}, { fileSystem: new MemoryFileSystem({ "a.yaml": configMap("a") }), signal: stop.signal }))).toMatchObject({
      kind: "cancelled",
    });
  });
});

describe("bad input", () => {
  const anchors = Array.from(
    "bcdefghij",
    (name, index) => `${name}: &${name} [${Array.from({ length: 9 }, () => `*${"abcdefghij"[index]}`).join(",")}]\n`,
  ).join("");

  it.each<[string, string, string]>([
    ["a key twice", configMap("a", "data: {}\ndata: {}\n"), 'mapping key "data" already defined at line 5'],
    ["a tab for an indent", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n\tname: a\n", "found character that cannot start any token (x/a.yaml:4:1)"],
    ["a bomb of aliases", `${configMap("a")}a: &a [x,x,x,x,x,x,x,x,x]\n${anchors}`, "limit maxNodes"],
    ["lists in lists in lists", `${configMap("a")}z: ${"[".repeat(20_000)}${"]".repeat(20_000)}\n`, "limit maxDepth"],
    ["a NUL", `${configMap("a")}z: \0\n`, "control characters are not allowed"],
    ["a name that is a number", configMap("123"), "failed to decode Kubernetes apiVersion, kind and name from: ConfigMap (from x/a.yaml:1)"],
  ])("%s is named with its file and place", async (_, text, words) => {
    const error = await failureOf(build({ "x/a.yaml": text, "b.yaml": configMap("b") }));
    expect(error.kind).toBe("invalid");
    expect(error.message).toContain(words);
    expect(error.message).toContain("x/a.yaml");
  });

  it("a byte order mark and CRLF do no harm", async () => {
    const plain = await build({ "a.yaml": configMap("a", "data: {x: y}\n") });
    expect((await build({ "a.yaml": `\ufeff${configMap("a", "data: {x: y}\n").replaceAll("\n", "\r\n")}` })).digest).toBe(plain.digest);
  });

  it("a file that is too large is named with the limit", async () => {
    const fileSystem = new MemoryFileSystem({ "a.yaml": configMap("a", `data:\n  x: "${"x".repeat(2000)}"\n`) });
    const error = await failureOf(buildDesired({}, { fileSystem, signal, limits: { maxFileBytes: 1000 } }));
    expect(error).toMatchObject({ kind: "invalid", message: expect.stringMatching(/a\.yaml.*1000/) });
  });
});

describe("an artifact on disk", () => {
  it("is not written to", async () => {
    const folder = join(base, "untouched");
    write(folder, { "kustomization.yaml": "resources: [a.yaml]\n", "a.yaml": configMap("a"), "sub/b.yaml": configMap("b") });
    const before = snapshot(folder);
    expect((await buildDesiredText({ targetNamespace: "t" }, folder, { signal })).objects).toContain('"namespace":"t"');
    expect(snapshot(folder)).toEqual(before);
  });

  it("cannot lead to a file outside by a link", async () => {
    const folder = join(base, "links", "artifact");
    write(folder, { "kustomization.yaml": "resources: [link.yaml]\n" });
    write(join(base, "links"), { "secret.yaml": configMap("secret") });
    symlinkSync("../secret.yaml", join(folder, "link.yaml"));
    const error = await failureOf(buildDesiredText({}, folder, { signal }));
    expect(error.kind).toBe("invalid");
    expect(error.message).toContain("link.yaml");
  });

  it("is built in a worker thread from a path and a spec", async () => {
    const folder = join(base, "worker");
    write(folder, { "a.yaml": configMap("a") });
    const program = `
      import { parentPort } from "node:worker_threads";
      import { buildDesiredText } from ${JSON.stringify(new URL("./index.ts", import.meta.url).href)};
      parentPort.postMessage(await buildDesiredText({ targetNamespace: "t" }, ${JSON.stringify(folder)}, { signal: new AbortController().signal }));`;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(program)}`), { execArgv: ["--conditions=@plumb/source"] });
    const [{ objects }] = await once(worker, "message");
    await worker.terminate();
    expect(parseJson(objects)).toMatchObject([{ object: { metadata: { name: "a", namespace: "t" } } }]);
  });
});

/** Every file with its content and time. */
function snapshot(folder: string): readonly string[] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name));
  return files.map((path) => `${path} ${statSync(path).mtimeMs} ${readFileSync(path, "utf8")}`).sort();
}

function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}
