import type { ReadableFileSystem } from "@plumb/files";
import { reworded, ToolkitError } from "@plumb/std";

/**
 * The folder that `spec.path` means, links resolved, relative to the root of the artifact; what would lead above the root stays
 * at the root (K-023).
 *
 * @throws {ToolkitError} in Flux's words: `missing` where there is no such folder, `invalid` where a file is
 */
export function findFolder(path: string | undefined, fileSystem: ReadableFileSystem): string {
  const names: string[] = [];
  for (const name of (path ?? "").split("/")) {
    if (name === "..") names.pop();
    else if (name !== "" && name !== ".") names.push(name);
  }
  const joined = names.join("/") || ".";
  const kind = statOf(joined, fileSystem);
  if (kind === "directory") return fileSystem.resolve(joined);
  if (kind === "file") throw new ToolkitError("invalid", `open /${joined}/kustomization.yaml: not a directory`);
  throw new ToolkitError("missing", `kustomization path not found: stat /${names.join("/")}: no such file or directory`);
}

function statOf(path: string, fileSystem: ReadableFileSystem): "file" | "directory" | undefined {
  try {
    return fileSystem.stat(path)?.kind;
  } catch (thrown) {
    throw thrown instanceof ToolkitError ? reworded(thrown, (message) => `kustomization path not found: ${message}`) : thrown;
  }
}
