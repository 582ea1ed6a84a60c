import type { ReadableFileSystem } from "@plumb/files";
import { isObject, ToolkitError, type JsonObject, type JsonValue } from "@plumb/std";
import { parseOne, placeOf } from "@plumb/yaml";
import type { BuildSpec } from "./build-spec.ts";
import { checkFieldType } from "./check-field-type.ts";
import { inFolder, kustomizationIn, KUSTOMIZATION_NAMES, scanManifests } from "./scan-manifests.ts";

/** A kustomization file to build from. */
export interface GeneratedKustomization {
  /** Its file in the folder. */
  readonly name: string;
  readonly content: JsonObject;
  /** Files and folders that a scan found; undefined where the folder has a kustomization. */
  readonly scanned: readonly string[] | undefined;
}

const MAX_KUSTOMIZATION_BYTES = 32 * 2 ** 20;
const TYPE = { apiVersion: "kustomize.config.k8s.io/v1beta1", kind: "Kustomization" } as const;

/** Every field of a kustomization of v5.8. Flux reads the file of `spec.path` into these and drops the rest. */
const FIELDS = [
  "apiVersion",
  "kind",
  "metadata",
  "openapi",
  "namePrefix",
  "nameSuffix",
  "namespace",
  "commonLabels",
  "labels",
  "commonAnnotations",
  "patchesStrategicMerge",
  "patchesJson6902",
  "patches",
  "images",
  "imageTags",
  "replacements",
  "replicas",
  "vars",
  "sortOptions",
  "resources",
  "components",
  "crds",
  "bases",
  "configMapGenerator",
  "secretGenerator",
  "helmGlobals",
  "helmCharts",
  "helmChartInflationGenerator",
  "generatorOptions",
  "configurations",
  "generators",
  "transformers",
  "validators",
  "buildMetadata",
] as const;
const FIELD_BY_LOWER: ReadonlyMap<string, string> = new Map(FIELDS.map((name) => [name.toLowerCase(), name]));

/**
 * The kustomization of `folder` with the fields of the spec in it (K-024 to K-026); where there is none, one over everything
 * below the folder.
 *
 * @param folder relative to the root of the artifact, links resolved
 * @throws {ToolkitError} `invalid` for a file that cannot be read and for a component that is not local
 */
export function generateKustomization(folder: string, spec: BuildSpec, fileSystem: ReadableFileSystem): GeneratedKustomization {
  const name = kustomizationIn(folder, fileSystem);
  const scanned = name === undefined ? scanManifests(folder, fileSystem) : undefined;
  const own = name === undefined ? ofScanned(scanned ?? []) : ofFile(inFolder(folder, name), fileSystem);
  return { name: name ?? KUSTOMIZATION_NAMES[0], content: withSpec(own, folder, spec, fileSystem), scanned };
}

/** Kustomize refuses a kustomization in which nothing stands; a namespace that nobody is in is something. */
function ofScanned(scanned: readonly string[]): JsonObject {
  return scanned.length === 0 ? { ...TYPE, namespace: "_placeholder" } : { ...TYPE, resources: scanned };
}

function ofFile(path: string, fileSystem: ReadableFileSystem): JsonObject {
  const bytes = fileSystem.read(path, MAX_KUSTOMIZATION_BYTES);
  const value = parseOne(bytes, { path, dialect: "kubernetes" });
  if (value !== null && !isObject(value)) {
    const found = Array.isArray(value) ? "array" : typeof value;
    throw new ToolkitError(
      "invalid",
      `error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${found} into Go value of type types.Kustomization (in ${path})`,
    );
  }
  const content: Record<string, JsonValue | undefined> = { ...TYPE };
  for (const [key, field] of Object.entries(value ?? {})) {
    const known = FIELD_BY_LOWER.get(key.toLowerCase());
    if (known === undefined || field === null || field === undefined) continue;
    checkFieldType(known, field, (way) => {
      const place = placeOf(bytes, [key, ...way], { path });
      return place === undefined ? path : `${path}:${place.line}:${place.column}`;
    });
    content[known] = field;
  }
  return listOf(content, "resources").length === 0 ? { ...content, buildMetadata: ["originAnnotations"] } : content;
}

function withSpec(own: JsonObject, folder: string, spec: BuildSpec, fileSystem: ReadableFileSystem): JsonObject {
  const { targetNamespace, namePrefix, nameSuffix, patches = [], images = [], buildMetadata = [] } = spec;
  const components = componentsOf(folder, spec, fileSystem);
  return {
    ...own,
    ...(targetNamespace === undefined ? {} : { namespace: targetNamespace }),
    ...(namePrefix === undefined ? {} : { namePrefix }),
    ...(nameSuffix === undefined ? {} : { nameSuffix }),
    ...(patches.length === 0
      ? {}
      : { patches: [...listOf(own, "patches"), ...patches.map(({ patch, target }) => (target === undefined ? { patch } : { patch, target: { ...target } }))] }),
    ...(components.length === 0 ? {} : { components: [...listOf(own, "components"), ...components] }),
    ...(images.length === 0 ? {} : { images: mergedImages(listOf(own, "images"), images) }),
    ...(buildMetadata.length === 0 ? {} : { buildMetadata }),
  };
}

function componentsOf(folder: string, { components = [], ignoreMissingComponents }: BuildSpec, fileSystem: ReadableFileSystem): readonly string[] {
  return components.filter((component) => {
    if (!isLocal(component)) throw new ToolkitError("invalid", `component path '${component}' must be local and relative`);
    return ignoreMissingComponents !== true || isThere(cleaned(inFolder(folder, component)), fileSystem);
  });
}

/** What lies outside of the artifact is not there. */
function isThere(path: string, fileSystem: ReadableFileSystem): boolean {
  try {
    return fileSystem.stat(path) !== undefined;
  } catch (thrown) {
    if (thrown instanceof ToolkitError && thrown.kind === "invalid") return false;
    throw thrown;
  }
}

/** As kustomize tells a repository from a folder. */
function isLocal(path: string): boolean {
  const lower = path.toLowerCase();
  const isRemote = ["git::", "gh:", "ssh://", "https://", "http://", "git@", "github.com:", "github.com/"].some(
    (start) => lower.startsWith(start) && lower.length > start.length,
  );
  return !isRemote && !path.startsWith("/") && !lower.startsWith("file:///");
}

/** A path without `.` and `..`, as it is joined in Go; what climbs over the root keeps its `..`. */
function cleaned(path: string): string {
  const names: string[] = [];
  for (const name of path.split("/")) {
    if (name === ".." && names.length > 0 && names.at(-1) !== "..") names.pop();
    else if (name !== "" && name !== ".") names.push(name);
  }
  return names.join("/") || ".";
}

/** A new name replaces the name; a new tag or digest replaces both, for both select the version. */
function mergedImages(own: readonly JsonValue[], images: NonNullable<BuildSpec["images"]>): readonly JsonValue[] {
  const result = [...own];
  for (const { name, newName = "", newTag = "", digest = "" } of images) {
    const index = result.findIndex((image) => isObject(image) && image["name"] === name);
    const found = result[index];
    const version = newTag === "" && digest === "" ? {} : { newTag, digest };
    const change = { ...(newName === "" ? {} : { newName }), ...version };
    if (isObject(found)) result[index] = { ...found, ...change };
    else result.push({ name, ...change });
  }
  return result;
}

/** A field that must be a list; whatever else it is, the build refuses with its own words. */
function listOf(content: JsonObject, name: string): readonly JsonValue[] {
  const value = content[name];
  return Array.isArray(value) ? value : [];
}
