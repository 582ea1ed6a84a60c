import { MemoryFileSystem } from "@plumb/files";
import { build, type BuildOptions } from "../build.ts";
import type { Build } from "../emit/emit.ts";

/** Files by their paths. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/** Builds a tree that is given as files, in the order in which it names its objects. */
export function buildFiles(files: Files, options: Partial<BuildOptions> = {}, root = "."): Promise<Build> {
  return build(root, { fileSystem: new MemoryFileSystem(files), order: "fifo", signal: new AbortController().signal, ...options });
}

/** A ConfigMap as text. @param rest whole lines behind its name */
export function configMap(name: string, rest = ""): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n${rest}`;
}
