// Holds the packages' manifests against the rules of the house; with --fix writes what can be derived.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { readManifest, readPackages, type Manifest, type Package } from "./workspace.ts";

const EXACT = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;

export interface Violation {
  readonly file: string;
  readonly rule: string;
}

export function checkManifests(root: string, mayFix: boolean): readonly Violation[] {
  const packages = readPackages(root);
  const everything = [{ folder: ".", manifest: readManifest(root) }, ...packages];
  return [...everything.flatMap(checkVersions), ...oneVersionEach(everything), ...packages.flatMap((entry) => checkReferences(root, entry, packages, mayFix))];
}

function dependenciesOf({ dependencies, devDependencies, optionalDependencies }: Manifest): readonly (readonly [name: string, version: string])[] {
  return [dependencies, devDependencies, optionalDependencies].flatMap((group) => Object.entries(group ?? {}));
}

function checkVersions({ folder, manifest }: Package): readonly Violation[] {
  const file = `${folder}/package.json`;
  const loose = dependenciesOf(manifest).filter(([, version]) => !EXACT.test(version));
  const rules = loose.map(([name, version]) => `pins ${name} loosely: ${version}`);
  if (manifest.license !== "Apache-2.0") rules.push("names no licence Apache-2.0");
  return rules.map((rule) => ({ file, rule }));
}

/** Two versions of one dependency are two bodies of code that behave alike, mostly. */
function oneVersionEach(packages: readonly Package[]): readonly Violation[] {
  const first = new Map<string, string>();
  return packages.flatMap(({ folder, manifest }) =>
    dependenciesOf(manifest).flatMap(([name, version]) => {
      const known = first.get(name) ?? version;
      first.set(name, known);
      return known === version ? [] : [{ file: `${folder}/package.json`, rule: `has ${name} ${version} where others have ${known}` }];
    }),
  );
}

/** A package's compiler project refers to those of its dependencies, so that `tsc -b` builds them first. */
function checkReferences(root: string, { folder, manifest }: Package, packages: readonly Package[], mayFix: boolean): readonly Violation[] {
  const file = `${folder}/tsconfig.json`;
  if (!existsSync(join(root, file))) return [];
  const config = JSON.parse(readFileSync(join(root, file), "utf8"));
  const folders = new Map(packages.map((entry) => [entry.manifest.name, entry.folder]));
  const wanted = Object.keys(manifest.dependencies ?? {})
    .flatMap((name) => folders.get(name) ?? [])
    .sort()
    .map((path) => ({ path: `../../${path}` }));
  if (JSON.stringify(config.references ?? []) === JSON.stringify(wanted)) return [];
  if (!mayFix) return [{ file, rule: "does not refer to the packages it depends on; run: node scripts/check-manifests.ts --fix" }];
  const { references: _stale, ...rest } = config;
  writeFileSync(join(root, file), `${JSON.stringify(wanted.length === 0 ? rest : { ...rest, references: wanted }, undefined, 2)}\n`);
  return [];
}

if (import.meta.main) {
  const violations = checkManifests(dirname(dirname(fileURLToPath(import.meta.url))), process.argv.includes("--fix"));
  for (const { file, rule } of violations) console.error(`${file}: ${rule}`);
  process.exitCode = violations.length > 0 ? 1 : 0;
}
