import type { JsonValue } from "@plumb/std";
import { invalid } from "../build-error.ts";
import type { FieldSpec } from "../config/field-spec.ts";
import { Fields } from "./fields.ts";
import type {
  Selector,
  Patch,
  GeneratorOptions,
  GeneratorArgs,
  Image,
  Replica,
  Label,
  ReplacementOptions,
  ReplacementSource,
  ReplacementTarget,
  Replacement,
  Variable,
  SortOptions,
  Kustomization,
} from "./kustomization.ts";

const NO_TEXTS: ReadonlyMap<string, string> = new Map();
const HELM_FIELDS = ["helmCharts", "helmGlobals", "helmChartInflationGenerator"] as const;

/**
 * Reads a kustomization. @param directory as shown in messages
 * @throws {ToolkitError} `invalid`: an unknown field, a wrong type, an empty file, a wrong kind, a field that needs Helm
 */
export function readKustomization(value: JsonValue, directory: string): Kustomization {
  const fields = new Fields(value, "strict", "Kustomization");
  const apiVersion = fields.text("apiVersion");
  const kind = fields.text("kind") || "Kustomization";
  fields.object("metadata", readMetadata);
  refuseCharts(fields, directory);
  const kustomization = readFields(fields, kind);
  fields.end();
  if (isEmptyKustomization(value)) throw invalid("kustomization.yaml is empty");
  const problems: string[] = [];
  if (kind !== "Kustomization" && kind !== "Component") problems.push("kind should be Kustomization or Component");
  const required = kind === "Component" ? "kustomize.config.k8s.io/v1alpha1" : "kustomize.config.k8s.io/v1beta1";
  if (apiVersion !== "" && apiVersion !== required) problems.push(`apiVersion for ${kind} should be ${required}`);
  if (problems.length > 0) throw invalid(`Failed to read kustomization file under ${directory}:\n${problems.join("\n")}`);
  return kustomization;
}

/** An empty list of charts asks for nothing. */
function refuseCharts(fields: Fields, directory: string): void {
  for (const name of HELM_FIELDS) {
    const value = fields.any(name);
    if (value === undefined || (Array.isArray(value) && value.length === 0)) continue;
    throw invalid(`field ${name} of the kustomization under ${directory} is not supported: charts are not inflated during a build`);
  }
}

function readFields(fields: Fields, kind: string): Kustomization {
  return {
    kind,
    openapi: fields.textMap("openapi") ?? NO_TEXTS,
    namePrefix: fields.text("namePrefix"),
    nameSuffix: fields.text("nameSuffix"),
    namespace: fields.text("namespace"),
    commonLabels: fields.textMap("commonLabels") ?? NO_TEXTS,
    labels: fields.list("labels", readLabel),
    commonAnnotations: fields.textMap("commonAnnotations") ?? NO_TEXTS,
    patchesStrategicMerge: fields.texts("patchesStrategicMerge"),
    patchesJson6902: fields.list("patchesJson6902", readPatch),
    patches: fields.list("patches", readPatch),
    images: [...fields.list("images", readImage), ...fields.list("imageTags", readImage)],
    replacements: fields.list("replacements", readReplacement),
    replicas: fields.list("replicas", readReplica),
    vars: fields.list("vars", readVariable),
    sortOptions: fields.object("sortOptions", readSortOptions),
    resources: [...fields.texts("resources"), ...fields.texts("bases")],
    components: fields.texts("components"),
    crds: fields.texts("crds"),
    configMapGenerator: fields.list("configMapGenerator", readEntryArgs),
    secretGenerator: fields.list("secretGenerator", (args) => ({ ...readEntryArgs(args), type: args.text("type") })),
    generatorOptions: fields.object("generatorOptions", readGeneratorOptions),
    configurations: fields.texts("configurations"),
    generators: fields.texts("generators"),
    transformers: fields.texts("transformers"),
    validators: fields.texts("validators"),
    buildMetadata: fields.texts("buildMetadata"),
  };
}

/** Go compares the struct with an empty one: an empty list counts as content, an empty text does not. */
function isEmptyKustomization(value: JsonValue): boolean {
  if (value === null || typeof value !== "object") return true;
  return Object.entries(value).every(([name, field]) => {
    const lower = name.toLowerCase();
    if (lower === "apiversion" || lower === "kind" || field === null || field === undefined || field === "") return true;
    return (lower === "bases" || lower === "imagetags") && Array.isArray(field) && field.length === 0;
  });
}

function readMetadata(fields: Fields): void {
  fields.text("name");
  fields.text("namespace");
  fields.textMap("labels");
  fields.textMap("annotations");
}

export function readSelector(fields: Fields): Selector {
  return { ...readResourceId(fields.embedded()), annotationSelector: fields.text("annotationSelector"), labelSelector: fields.text("labelSelector") };
}

export function readPatch(fields: Fields): Patch {
  return {
    path: fields.text("path"),
    patch: fields.text("patch"),
    target: fields.object("target", readSelector),
    options: fields.object("options", (options) => ({ allowNameChange: options.flag("allowNameChange"), allowKindChange: options.flag("allowKindChange") })),
  };
}

export function readGeneratorOptions(fields: Fields): GeneratorOptions {
  return {
    labels: fields.textMap("labels"),
    annotations: fields.textMap("annotations"),
    disableNameSuffixHash: fields.flag("disableNameSuffixHash"),
    immutable: fields.flag("immutable"),
  };
}

/** An entry of a kustomization may name one file of variables by `env`, which means nothing to a plug-in. */
function readEntryArgs(fields: Fields): GeneratorArgs {
  const env = fields.text("env");
  const args = readGeneratorArgs(fields);
  return env === "" ? args : { ...args, envs: [...args.envs, env] };
}

export function readGeneratorArgs(fields: Fields): GeneratorArgs {
  return {
    name: fields.text("name"),
    namespace: fields.text("namespace"),
    behavior: fields.text("behavior"),
    literals: fields.texts("literals"),
    files: fields.texts("files"),
    envs: fields.texts("envs"),
    type: "",
    options: fields.object("options", readGeneratorOptions),
  };
}

export function readImage(fields: Fields): Image {
  return {
    name: fields.text("name"),
    newName: fields.text("newName"),
    tagSuffix: fields.text("tagSuffix"),
    newTag: fields.text("newTag"),
    digest: fields.text("digest"),
  };
}

export function readReplica(fields: Fields): Replica {
  return { name: fields.text("name"), count: fields.integer("count") };
}

export function readFieldSpec(fields: Fields): FieldSpec {
  const gvk = fields.embedded();
  return { group: gvk.text("group"), version: gvk.text("version"), kind: gvk.text("kind"), path: fields.text("path"), create: fields.flag("create") };
}

function readLabel(fields: Fields): Label {
  return {
    pairs: fields.textMap("pairs") ?? NO_TEXTS,
    includeSelectors: fields.flag("includeSelectors"),
    includeTemplates: fields.flag("includeTemplates"),
    fields: fields.list("fields", readFieldSpec),
  };
}

function readReplacementOptions(fields: Fields): ReplacementOptions {
  fields.text("encoding");
  return { delimiter: fields.text("delimiter"), index: fields.index("index"), create: fields.flag("create") };
}

export function readReplacement(fields: Fields): Replacement {
  return {
    source: fields.object("source", (source) => ({
      ...readResourceId(source.embedded()),
      fieldPath: source.text("fieldPath"),
      options: source.object("options", readReplacementOptions),
    })),
    sourceValue: fields.optionalText("sourceValue"),
    targets: fields.has("targets") ? fields.list("targets", readReplacementTarget) : undefined,
    path: fields.text("path"),
  };
}

function readResourceId(fields: Fields): Omit<ReplacementSource, "fieldPath" | "options"> {
  return {
    group: fields.text("group"),
    version: fields.text("version"),
    kind: fields.text("kind"),
    name: fields.text("name"),
    namespace: fields.text("namespace"),
  };
}

function readReplacementTarget(fields: Fields): ReplacementTarget {
  return {
    select: fields.object("select", readSelector),
    reject: fields.list("reject", readSelector),
    fieldPaths: fields.texts("fieldPaths"),
    options: fields.object("options", readReplacementOptions),
  };
}

function readVariable(fields: Fields): Variable {
  const name = fields.text("name");
  const target = fields.object("objref", (object) => {
    const apiVersion = object.text("apiVersion").split("/");
    const [first = "", second] = apiVersion;
    const isGiven = object.text("apiVersion") !== "";
    return {
      group: isGiven && apiVersion.length === 2 ? first : object.text("group"),
      version: isGiven && apiVersion.length <= 2 ? (second ?? first) : object.text("version"),
      kind: object.text("kind"),
      objectName: object.text("name"),
      namespace: object.text("namespace"),
    };
  });
  const fieldPath = fields.object("fieldref", (field) => field.text("fieldPath")) ?? "";
  return { name, group: "", version: "", kind: "", objectName: "", namespace: "", ...target, fieldPath: fieldPath || "metadata.name" };
}

export function readSortOptions(fields: Fields): SortOptions {
  return {
    order: fields.text("order"),
    legacy: fields.object("legacySortOptions", (legacy) => ({ orderFirst: legacy.texts("orderFirst"), orderLast: legacy.texts("orderLast") })),
  };
}
