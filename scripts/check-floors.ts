// Holds imports against the floors: down only, never sideways, through a package's entries, declared in its manifest.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { builtinModules } from "node:module";
import { fileURLToPath } from "node:url";
import { readPackages, sourceFiles, type Package } from "./workspace.ts";

const FLOORS = ["std", "pure", "port", "adapter", "engine", "app"] as const;
const IMPORT = /^\s*(?:import|export)\b[^"';]*?\bfrom\s*"([^"]+)"|^\s*import\s*"([^"]+)"|\bimport\("([^"]+)"\)/gm;

/** Built-in modules that reach the outside, and the packages that may: ports, adapters and the exceptions the design names. */
const IO = new Set(["fs", "fs/promises", "net", "tls", "http", "https", "http2", "dgram", "dns", "dns/promises", "child_process"]);

export interface Violation {
  readonly file: string;
  readonly rule: string;
}

export function checkFloors(root: string): readonly Violation[] {
  const packages = readPackages(root);
  const byName = new Map(packages.map((entry) => [entry.manifest.name, entry]));
  return packages.flatMap((entry) => [
    ...checkManifest(entry, byName),
    ...sourceFiles(root, entry.folder).flatMap((file) => checkFile(root, file, entry, byName)),
  ]);
}

function floorOf({ manifest }: Package): number {
  return FLOORS.findIndex((floor) => floor === manifest.plumb?.floor);
}

function checkManifest(entry: Package, byName: ReadonlyMap<string, Package>): readonly Violation[] {
  const file = `${entry.folder}/package.json`;
  if (entry.folder === "e2e") return [];
  if (floorOf(entry) === -1) return [{ file, rule: `names no floor of ${FLOORS.join(", ")}` }];
  return Object.keys(entry.manifest.dependencies ?? {}).flatMap((name) => {
    const other = byName.get(name);
    return other === undefined || isBelow(entry, other) ? [] : [{ file, rule: `may not depend on ${name}, which is not below it` }];
  });
}

function isBelow(entry: Package, other: Package): boolean {
  return floorOf(other) < floorOf(entry) || entry.folder === "controllers/all-in-one";
}

function checkFile(root: string, file: string, entry: Package, byName: ReadonlyMap<string, Package>): readonly Violation[] {
  const text = readFileSync(join(root, file), "utf8");
  const isShipped = file.startsWith(`${entry.folder}/src/`) && !file.endsWith(".spec.ts") && !file.endsWith(".bench.ts") && !file.includes("/testing/");
  const imported = [...text.matchAll(IMPORT)].map(([, from, bare, dynamic]) => from ?? bare ?? dynamic ?? "");
  return imported.flatMap((specifier) => {
    const rule = brokenRule(specifier, { file, entry, byName, isShipped: isShipped && entry.folder !== "e2e" });
    return rule === undefined ? [] : [{ file, rule: `${rule}: ${specifier}` }];
  });
}

interface Place {
  readonly file: string;
  readonly entry: Package;
  readonly byName: ReadonlyMap<string, Package>;
  /** False for specs, testing folders, scripts and e2e, which may import any package's entries. */
  readonly isShipped: boolean;
}

function brokenRule(specifier: string, { file, entry, byName, isShipped }: Place): string | undefined {
  if (specifier.startsWith(".")) return leaves(file, specifier, entry) ? "leaves its package" : undefined;
  const builtin = specifier.replace(/^node:/, "");
  if (builtinModules.includes(builtin)) {
    if (!specifier.startsWith("node:")) return "names a built-in module without node:";
    return isShipped && IO.has(builtin) && !mayTouch(file, entry) ? "touches I/O above a port or adapter" : undefined;
  }
  const name = specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
  const other = byName.get(name);
  if (other !== undefined) {
    const subpath = `.${specifier.slice(name.length)}`;
    if (!Object.hasOwn(other.manifest.exports ?? {}, subpath)) return "is no entry of the package";
    if (!isShipped || name === entry.manifest.name) return undefined;
    if (subpath === "./testing") return "ships a package's testing entry";
    if (!isBelow(entry, other)) return "imports a package that is not below its own";
  }
  return isShipped && !Object.hasOwn(entry.manifest.dependencies ?? {}, name) ? "is not in its manifest" : undefined;
}

function leaves(file: string, specifier: string, entry: Package): boolean {
  return !join(dirname(file), specifier).startsWith(`${entry.folder}/`);
}

function mayTouch(file: string, entry: Package): boolean {
  const floor = entry.manifest.plumb?.floor;
  return floor === "port" || floor === "adapter" || file.endsWith("server.ts") || file.endsWith("/main.ts") || entry.folder === "libs/cli";
}

if (import.meta.main) {
  const violations = checkFloors(dirname(dirname(fileURLToPath(import.meta.url))));
  for (const { file, rule } of violations) console.error(`${file}: ${rule}`);
  process.exitCode = violations.length > 0 ? 1 : 0;
}
