import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { kustomizeBinary } from "@plumb/kustomize/testing";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runBuild } from "./build-command.ts";

const { signal } = new AbortController();
const binary = kustomizeBinary(process.env["XDG_CACHE_HOME"]);
if (binary === undefined) console.warn("NOT RUN beside the real kustomize: there is none, and no Go to build it with");

const configMap = (name: string, metadata = ""): string => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}${metadata}}\ndata: {level: info}\n`;
const FILES = {
  "base/kustomization.yaml": "resources: [service.yaml, namespace.yaml]\ncommonLabels: {app: shop}\n",
  "base/service.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: shop}\nspec: {selector: {app: shop}}\n",
  "base/namespace.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n",
  "outside/kustomization.yaml": "resources: [../base]\nconfigMapGenerator: [{name: settings, files: [../shared.txt]}]\n",
  "safe/kustomization.yaml": "resources: [../base]\nnamePrefix: safe-\n",
  "sorted/kustomization.yaml": "resources: [../base]\nsortOptions: {order: fifo}\n",
  "broken/kustomization.yaml": "resources: [absent.yaml]\ncommonLabels: {a: b}\n",
  "typo/kustomization.yaml": "resorces: [a.yaml]\n",
  "spaces/kustomization.yaml": "resources: [all.yaml]\n",
  "spaces/all.yaml": [
    configMap("A.b", ", namespace: One"),
    configMap("x"),
    configMap("y", ", namespace: default"),
    "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: 'system:x'}\n",
    "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\n",
  ].join("---\n"),
  "climbing/kustomization.yaml": "resources: [a.yaml]\n",
  "climbing/a.yaml": configMap("../../shared"),
  "shared.txt": "greeting\n",
  "out/kept.txt": "kept\n",
};

let root: string;

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), "plumb-build-")));
  for (const [path, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
});
afterEach(() => rmSync(root, { recursive: true }));

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
  /** Every file below the folder that was not there before, and its text. */
  readonly written: Readonly<Record<string, string>>;
}

async function ours(args: readonly string[], cwd = root): Promise<Outcome> {
  let [out, err] = ["", ""];
  const code = await runBuild(args, { cwd, signal, writeOut: (text) => void (out += text), writeErr: (text) => void (err += text) });
  return { code, out, err, written: takeWritten() };
}

function theirs(args: readonly string[], cwd = root): Outcome {
  const { status, stdout, stderr } = spawnSync(binary ?? "", ["build", ...args], { cwd, encoding: "utf8" });
  return { code: status, out: stdout, err: stderr, written: takeWritten() };
}

function takeWritten(): Readonly<Record<string, string>> {
  const paths = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((path) => !Object.hasOwn(FILES, path) && statSync(join(root, path)).isFile());
  const written = Object.fromEntries(paths.sort().map((path) => [path, readFileSync(join(root, path), "utf8")]));
  for (const path of paths) rmSync(join(root, path));
  return written;
}

describe("plumb build", () => {
  it("prints the objects by kind, and says what is deprecated", async () => {
    const { code, out, err } = await ours(["safe"]);
    expect(code).toBe(0);
    expect(out).toMatch(/^apiVersion: v1\nkind: Namespace\n[^]*\n---\napiVersion: v1\nkind: Service\n/);
    expect(err).toMatch(/^# Warning: 'commonLabels' is deprecated\. .*\n$/);
  });

  it("builds the folder that it is called in, and a folder by its absolute path", async () => {
    const { out } = await ours(["safe"]);
    expect(await ours([], join(root, "safe"))).toMatchObject({ code: 0, out });
    expect(await ours([join(root, "safe")])).toMatchObject({ code: 0, out });
  });

  it("shows its flags when asked, and builds nothing", async () => {
    expect(await ours(["-h", "absent"])).toMatchObject({ code: 0, out: expect.stringContaining("plumb build [DIR] [flags]"), err: "" });
  });

  it("fetches nothing", async () => {
    expect(await ours(["https://github.com/o/r//deploy?ref=v1"])).toMatchObject({
      code: 1,
      err: "Error: remote directory 'https://github.com/o/r//deploy?ref=v1' is not loaded: remote resources are not allowed in this build\n",
    });
  });

  it("writes nothing outside the folder to write to, whatever an object is called", async () => {
    expect(await ours(["climbing", "-o", "out"])).toStrictEqual({
      code: 1,
      out: "",
      err: "Error: open out/v1_configmap_../../shared.yaml: the name of an object must not lead elsewhere\n",
      written: {},
    });
  });

  it.each([
    ["ends as by a signal, and says nothing, where nobody reads on", "EPIPE", 141, ""],
    ["says that the disk is full", "ENOSPC", 1, "Error: write /dev/stdout: no space left on device\n"],
  ])("%s", async (_, code, exitCode, said) => {
    let err = "";
    const errno = code === "EPIPE" ? -32 : -28;
    const writeOut = (): never => {
      throw Object.assign(new Error(code), { code, errno });
    };
    expect(await runBuild(["sorted"], { cwd: root, signal, writeOut, writeErr: (text) => void (err += text) })).toBe(exitCode);
    expect(err.replace(/^#.*\n/gm, "")).toBe(said);
  });
});

describe.runIf(binary !== undefined)("beside the real kustomize, plumb build does the same", () => {
  it.each([
    ["with a folder", ["safe"]],
    ["with a slash behind it", ["safe/"]],
    ["with flags before and behind it", ["--load-restrictor", "LoadRestrictionsNone", "outside", "--reorder=none"]],
    ["with an order of the kustomization's own", ["sorted"]],
    ["with a label", ["safe", "--enable-managedby-label"]],
    ["with flags for plug-ins", ["--enable-helm", "--network=false", "-e", "A=b", "--env=C", "--mount", "x", "safe"]],
    ["with a file to write to", ["safe", "-o", "out.yaml"]],
    ["with a file to write to, in one word", ["safe", "-oout.yaml"]],
    ["with a file to write to, behind =", ["safe", "--output=out.yaml"]],
    ["with an empty name of a file to write to", ["safe", "-o", ""]],
    ["with a folder to write to", ["safe", "-o", "out"]],
    ["with a folder to write to, and objects in several namespaces", ["spaces", "-o", "out/"]],
    ["behind --", ["--", "safe"]],
    ["outside the root", ["outside"]],
    ["without a kustomization", ["out"]],
    ["with a folder that has no name", [""]],
    ["with a restriction that has no name", ["outside", "--load-restrictor="]],
    ["with a folder that is not there", ["absent"]],
    ["with a folder in one that is not there", ["absent/deeper"]],
    ["with a file", ["shared.txt"]],
    ["with a folder below a file", ["shared.txt/x"]],
    ["with two folders", ["safe", "base"]],
    ["with a resource that is not there", ["broken"]],
    ["with a file to write to in a folder that is not there", ["safe", "-o", "absent/out.yaml"]],
    ["with a file to write to below a file", ["safe", "-o", "shared.txt/out.yaml"]],
    ["with a folder to write to that is not there", ["safe", "-o", "absent/"]],
    ["with a file to write to that is named as a folder", ["safe", "-o", "shared.txt/"]],
    ["with a flag that there is not", ["safe", "--nonsense=1"]],
    ["with a letter that there is not", ["safe", "-xo"]],
    ["with a flag without its value", ["safe", "--load-restrictor"]],
    ["with a letter without its value", ["safe", "-o"]],
    ["with a switch that is neither on nor off", ["safe", "--enable-helm=maybe"]],
    ["with help that is neither on nor off", ["safe", "-h=maybe"]],
    ["with a flag that has no name", ["--=x"]],
    ["with too many dashes", ["---x"]],
    ["with an order that there is not", ["safe", "--reorder", "x"]],
    ["with a restriction that there is not", ["safe", "--load-restrictor=none"]],
  ])("%s", async (_, args) => {
    expect(await ours(args)).toStrictEqual(theirs(args));
  });

  it("in a folder without a kustomization, without arguments", async () => {
    expect(await ours([])).toStrictEqual(theirs([]));
  });

  it("with an unknown field, but for the words of the place", async () => {
    const { err } = await ours(["typo"]);
    expect(err).toBe('Error: invalid Kustomization: json: unknown field "resorces" (typo/kustomization.yaml:1:11)\n');
    expect(theirs(["typo"]).err).toContain('unknown field "resorces"');
  });
});
