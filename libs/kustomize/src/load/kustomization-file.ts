import { ToolkitError, isObject, type JsonValue } from "@plumb/std";
import { parseOne } from "@plumb/yaml";
import { invalid, prefixed, within } from "../build-error.ts";
import type { BuildContext } from "../build-context.ts";
import { readKustomization, type Kustomization } from "./kustomization.ts";
import type { Loader } from "./loader.ts";

const NAMES = ["kustomization.yaml", "kustomization.yml", "Kustomization"] as const;

export interface KustomizationFile {
  readonly name: string;
  readonly content: Kustomization;
}

/** Finds and reads the kustomization of a directory. @throws {ToolkitError} `invalid`: none, several, or one that cannot be read */
export async function loadKustomization(loader: Loader, { limits, warn }: BuildContext): Promise<KustomizationFile> {
  const names = loader.filesAmong(NAMES);
  const [name] = names;
  if (name === undefined) {
    throw new ToolkitError("invalid", `unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '${loader.shownRoot}'`);
  }
  if (names.length > 1) throw invalid(`Found multiple kustomization files under: ${loader.shownRoot}`);
  const bytes = await loader.load(name);
  const path = loader.pathOf(name);
  const value = within("invalid Kustomization", () =>
    parseOne(bytes, {
      path,
      dialect: "kubernetes",
      limits: { maxBytes: limits.maxFileBytes, maxDepth: limits.maxDepth, maxAliases: limits.maxAliases, maxNodes: limits.maxNodes },
    }),
  );
  for (const warning of deprecations(value)) warn(warning);
  try {
    return { name, content: readKustomization(value, loader.shownRoot) };
  } catch (thrown) {
    if (!(thrown instanceof ToolkitError) || !thrown.message.startsWith("json:")) throw thrown;
    throw prefixed(`invalid Kustomization`, new ToolkitError(thrown.kind, `${thrown.message} (in ${path ?? name})`, { cause: thrown }));
  }
}

const INSTEAD = {
  bases: "resources",
  commonLabels: "labels",
  imageTags: "images",
  patchesJson6902: "patches",
  patchesStrategicMerge: "patches",
  vars: "replacements",
} as const;

/** What kustomize says of fields that have a successor. */
function deprecations(value: JsonValue): readonly string[] {
  if (!isObject(value)) return [];
  const given = new Set(Object.entries(value).flatMap(([name, field]) => (field === null ? [] : [name.toLowerCase()])));
  return Object.entries(INSTEAD).flatMap(([name, successor]) => {
    if (!given.has(name.toLowerCase())) return [];
    return [
      `# Warning: '${name}' is deprecated. Please use '${successor}' instead. ${name === "vars" ? "[EXPERIMENTAL] " : ""}Run 'kustomize edit fix' to update your Kustomization automatically.`,
    ];
  });
}
