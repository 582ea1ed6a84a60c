import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What the checkers read of a package's manifest. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly license?: string;
  readonly plumb?: { readonly floor?: string };
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

export interface Package {
  /** Folder, relative to the root of the repository. */
  readonly folder: string;
  readonly manifest: Manifest;
}

/** Every package of the repository, in the order of their folders. */
export function readPackages(root: string): readonly Package[] {
  const folders = [...globSync("libs/*", { cwd: root }), ...globSync("controllers/*", { cwd: root }), "e2e"].sort();
  return folders.filter((folder) => existsSync(join(root, folder, "package.json"))).map((folder) => ({ folder, manifest: readManifest(join(root, folder)) }));
}

export function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
}

/** The TypeScript files of a package, relative to the root of the repository. */
export function sourceFiles(root: string, folder: string): readonly string[] {
  return globSync(`${folder}/**/*.ts`, { cwd: root, exclude: (name) => name === "node_modules" || name === "dist" }).sort();
}
