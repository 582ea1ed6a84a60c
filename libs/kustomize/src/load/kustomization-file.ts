import { ToolkitError, isObject, type JsonValue } from "@plumb/std";
import { parseOne, placeOf, type YamlOptions } from "@plumb/yaml";
import { invalid, within } from "../build-error.ts";
import { yamlLimits } from "../build-limits.ts";
import type { BuildContext } from "../build-context.ts";
import { FieldProblem } from "./fields.ts";
import type { Kustomization } from "./kustomization.ts";
import { readKustomization } from "./read-kustomization.ts";
import type { Loader } from "./loader.ts";

const NAMES = ["kustomization.yaml", "kustomization.yml", "Kustomization"] as const;

export interface KustomizationFile {
  readonly name: string;
  readonly content: Kustomization;
}

/** Finds and reads the kustomization of a directory. @throws {ToolkitError} `invalid`: none, several, or one that cannot be read */
export async function loadKustomization(loader: Loader, { limits, show, warn }: BuildContext): Promise<KustomizationFile> {
  const names = loader.filesAmong(NAMES);
  const [name] = names;
  if (name === undefined) {
    throw new ToolkitError("invalid", `unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '${loader.shownRoot}'`);
  }
  if (names.length > 1) throw invalid(`Found multiple kustomization files under: ${loader.shownRoot}`);
  const bytes = await loader.load(name);
  const path = show(loader.pathOf(name) ?? name);
  const options: YamlOptions = { path, dialect: "kubernetes", limits: { ...yamlLimits(limits), maxObjectLength: limits.maxFileBytes } };
  const value = within("invalid Kustomization", () => parseOne(bytes, options));
  const content = read(value, loader, (way) => {
    const place = placeOf(bytes, way, options);
    return place === undefined ? path : `${path}:${place.line}:${place.column}`;
  });
  for (const warning of deprecations(value)) warn(warning);
  return { name, content };
}

/** @param placeOfValue says where the value stands to which keys and indices lead */
function read(value: JsonValue, loader: Loader, placeOfValue: (way: FieldProblem["way"]) => string): Kustomization {
  try {
    return readKustomization(value, loader.shownRoot);
  } catch (thrown) {
    if (!(thrown instanceof FieldProblem)) throw thrown;
    throw new ToolkitError(thrown.kind, `invalid Kustomization: ${thrown.message} (${placeOfValue(thrown.way)})`, { cause: thrown });
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
