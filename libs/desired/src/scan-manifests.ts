import type { ReadableFileSystem } from "@plumb/files";
import { ToolkitError } from "@plumb/std";

/** In the order in which they are looked for. */
export const KUSTOMIZATION_NAMES = ["kustomization.yaml", "kustomization.yml", "Kustomization"] as const;

/** Files and folders that a generated kustomization may name. */
const MAX_RESOURCES = 20_000;
const MAX_DEPTH = 200;

/** The first kustomization file of a folder. */
export function kustomizationIn(folder: string, fileSystem: ReadableFileSystem): string | undefined {
  return KUSTOMIZATION_NAMES.find((name) => fileSystem.stat(inFolder(folder, name))?.kind === "file");
}

/**
 * What a generated kustomization takes in (K-024), relative to `folder` and beginning with `./`: every `.yaml` and `.yml` below,
 * in the order of a lexical walk; a folder with a kustomization of its own as a whole. A link to a folder is not followed.
 *
 * @throws {ToolkitError} `invalid` when there is too much, or it lies too deep
 */
export function scanManifests(folder: string, fileSystem: ReadableFileSystem): readonly string[] {
  const found: string[] = [];
  const visit = (path: string, shown: string, depth: number): void => {
    if (depth > MAX_DEPTH) throw new ToolkitError("invalid", `folders are nested deeper than ${MAX_DEPTH} at '${shown}'`);
    for (const { name, kind } of fileSystem.list(path)) {
      const inside = inFolder(path, name);
      if (kind === "directory" && fileSystem.resolve(inside) === inside) {
        if (kustomizationIn(inside, fileSystem) === undefined) visit(inside, `${shown}/${name}`, depth + 1);
        else found.push(`${shown}/${name}`);
      } else if (kind === "file" && /\.ya?ml$/.test(name)) found.push(`${shown}/${name}`);
      if (found.length > MAX_RESOURCES) throw new ToolkitError("invalid", `there are more than ${MAX_RESOURCES} files to build`);
    }
  };
  visit(folder, ".", 0);
  return found;
}

export function inFolder(folder: string, name: string): string {
  return folder === "." ? name : `${folder}/${name}`;
}
