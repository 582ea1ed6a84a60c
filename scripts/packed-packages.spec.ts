import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { extract } from "tar";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readManifest, readPackages, type Manifest } from "./workspace.ts";

const run = promisify(execFile);
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const PUBLISHED = ["@plumb/std", "@plumb/yaml", "@plumb/kustomize"];
const WITHIN_MS = 240_000;

/** An empty folder into which the packages were unpacked as npm would, with nothing but their declared dependencies. */
let home: string;

/** `names` and all that they depend on. */
function closure(names: readonly string[]): ReadonlyMap<string, { readonly folder: string; readonly manifest: Manifest; readonly isOurs: boolean }> {
  const ours = new Map(readPackages(root).map((entry) => [entry.manifest.name, entry]));
  const found = new Map<string, { readonly folder: string; readonly manifest: Manifest; readonly isOurs: boolean }>();
  const left = [...names];
  for (let name = left.pop(); name !== undefined; name = left.pop()) {
    if (found.has(name)) continue;
    const folder = ours.get(name)?.folder ?? join("node_modules", name);
    const manifest = readManifest(join(root, folder));
    found.set(name, { folder, manifest, isOurs: ours.has(name) });
    left.push(...Object.keys(manifest.dependencies ?? {}));
  }
  return found;
}

async function unpack(tarball: string, into: string): Promise<void> {
  mkdirSync(into, { recursive: true });
  await extract({ file: tarball, cwd: into, strip: 1 });
}

/**
 * A copy of the sources with links to what is installed, so that what is built here is no other check's business; without
 * hidden folders, which come and go while other tests run.
 */
function copySources(to: string): void {
  for (const name of ["package.json", "tsconfig.base.json"]) cpSync(join(root, name), join(to, name));
  for (const { folder } of readPackages(root))
    cpSync(join(root, folder), join(to, folder), { recursive: true, filter: (path) => !/^(dist|node_modules|\..*)$/.test(basename(path)) });
  mkdirSync(join(to, "node_modules/@plumb"), { recursive: true });
  for (const name of readdirSync(join(root, "node_modules")))
    if (name !== "@plumb") symlinkSync(join(root, "node_modules", name), join(to, "node_modules", name));
  for (const { folder, manifest } of readPackages(root))
    if (manifest.name.startsWith("@plumb/")) symlinkSync(join(to, folder), join(to, "node_modules", manifest.name));
}

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "plumb-packed-"));
  const sources = join(home, "sources");
  copySources(sources);
  const packages = closure(PUBLISHED);
  const ours = [...packages.values()].filter(({ isOurs }) => isOurs);
  const tsc = join(root, "node_modules/typescript/bin/tsc");
  const built = await run(process.execPath, [tsc, "-b", ...ours.map(({ folder }) => join(sources, folder))], { cwd: sources }).catch(
    (failure: { readonly stdout: string }) => failure,
  );
  expect(built.stdout).toBe("");
  for (const { folder, manifest } of ours) {
    const tarballs = join(home, "tarballs");
    mkdirSync(tarballs, { recursive: true });
    const { stdout } = await run("npm", ["pack", "--offline", "--ignore-scripts", "--json", "--pack-destination", tarballs], {
      cwd: join(sources, folder),
      env: { ...process.env, npm_config_cache: join(home, "npm") },
    });
    const file = readdirSync(tarballs).find((name) => stdout.includes(name));
    if (file === undefined) throw new Error(`npm packed nothing of ${manifest.name}`);
    await unpack(join(tarballs, file), join(home, "empty/node_modules", manifest.name));
  }
  for (const [name, { folder, isOurs }] of packages) if (!isOurs) cpSync(join(root, folder), join(home, "empty/node_modules", name), { recursive: true });
  rmSync(sources, { recursive: true });
}, WITHIN_MS);
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** Runs a module in the empty folder, with Node as a user has it. */
async function inEmptyFolder(text: string): Promise<string> {
  writeFileSync(join(home, "empty", "try.mjs"), text);
  const { stdout } = await run(process.execPath, ["try.mjs"], { cwd: join(home, "empty"), env: { PATH: process.env["PATH"] } });
  return stdout;
}

describe("a package, packed and installed in an empty folder", () => {
  it.each(PUBLISHED)("%s imports by every entry that it names", async (name) => {
    const { exports = {} } = readManifest(join(home, "empty/node_modules", name));
    const entries = Object.keys(exports)
      .filter((entry) => entry !== "./testing")
      .map((entry) => join(name, entry));
    expect(entries.length).toBeGreaterThan(0);
    for (const entry of entries)
      expect(Number(await inEmptyFolder(`console.log(Object.keys(await import(${JSON.stringify(entry)})).length)`))).toBeGreaterThan(0);
  });
  it.each(PUBLISHED)("%s brings its types, its licence and its README, and no test", (name) => {
    const folder = join(home, "empty/node_modules", name);
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
    expect(files).toEqual(expect.arrayContaining(["package.json", "LICENSE", "README.md", "dist/index.js", "dist/index.d.ts"]));
    expect(files.filter((file) => /\.spec\.|(^|\/)(src|testing)(\/|$)|tsbuildinfo/.test(file))).toEqual([]);
    expect(JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))).toMatchObject({ license: "Apache-2.0" });
  });
  it("builds a folder as the README of @plumb/kustomize shows it, and its types fit", async () => {
    const overlay = join(home, "empty/overlays/prod");
    mkdirSync(overlay, { recursive: true });
    writeFileSync(join(overlay, "kustomization.yaml"), "resources: [a.yaml]\nnamePrefix: x-\n");
    writeFileSync(join(overlay, "a.yaml"), "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
    const readme = readFileSync(join(home, "empty/node_modules/@plumb/kustomize/README.md"), "utf8");
    const example = /^```ts\n([^]*?)^```$/m.exec(readme)?.[1] ?? "";
    expect(await inEmptyFolder(example)).toBe("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x-a\n");
    writeFileSync(join(home, "empty", "try.mts"), example);
    const options = ["--noEmit", "--strict", "--module", "nodenext", "--target", "es2024", "--types", "node", "--typeRoots", join(root, "node_modules/@types")];
    const checked = await run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), ...options, "try.mts"], { cwd: join(home, "empty") }).catch(
      (failure: { readonly stdout: string }) => failure,
    );
    expect(checked.stdout).toBe("");
  });
});
