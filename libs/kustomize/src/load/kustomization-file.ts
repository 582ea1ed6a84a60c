import { ToolkitError } from "@plumb/std";
import { parseOne } from "@plumb/yaml";
import { invalid, prefixed, within } from "../build-error.ts";
import type { BuildLimits } from "../build-limits.ts";
import { readKustomization, type Kustomization } from "./kustomization.ts";
import type { Loader } from "./loader.ts";

const NAMES = ["kustomization.yaml", "kustomization.yml", "Kustomization"] as const;

export interface KustomizationFile {
  readonly name: string;
  readonly content: Kustomization;
}

/** Finds and reads the kustomization of a directory. @throws {ToolkitError} `invalid`: none, several, or one that cannot be read */
export async function loadKustomization(loader: Loader, limits: BuildLimits): Promise<KustomizationFile> {
  const names = loader.filesAmong(NAMES);
  const [name] = names;
  if (name === undefined) {
    throw new ToolkitError("invalid", `unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '${loader.shownRoot}'`);
  }
  if (names.length > 1) throw invalid(`Found multiple kustomization files under: ${loader.shownRoot}`);
  const bytes = await loader.load(name);
  const path = loader.pathOf(name);
  const value = within("invalid Kustomization", () =>
    parseOne(bytes, { path, dialect: "kubernetes", limits: { maxBytes: limits.maxFileBytes, maxDepth: limits.maxDepth, maxAliases: limits.maxAliases, maxNodes: limits.maxNodes } }),
  );
  try {
    return { name, content: readKustomization(value, loader.shownRoot) };
  } catch (thrown) {
    if (!(thrown instanceof ToolkitError) || !thrown.message.startsWith("json:")) throw thrown;
    throw prefixed(`invalid Kustomization`, new ToolkitError(thrown.kind, `${thrown.message} (in ${path ?? name})`, { cause: thrown }));
  }
}
