import type { ToolkitError } from "@plumb/std";
import { decodeNode, stringify, type YamlNode } from "@plumb/yaml";
import { invalid, prefixed } from "../build-error.ts";
import type { BuildContext } from "../build-context.ts";
import type { FieldSpec } from "../config/field-spec.ts";
import { generateConfigMap, generateSecret } from "../generate/config-map-secret.ts";
import { generateIamPolicy } from "../generate/iam-policy.ts";
import { FieldProblem, Fields } from "../load/fields.ts";
import type { GeneratorArgs } from "../load/kustomization.ts";
import { readFieldSpec, readGeneratorArgs, readImage, readPatch, readReplacement, readReplica, readSelector } from "../load/read-kustomization.ts";
import type { Loader } from "../load/loader.ts";
import { fieldOf } from "../node/fields.ts";
import { idText } from "../resource/resource-id.ts";
import type { Resource } from "../resource/resource.ts";
import { hashTransform } from "./hash.ts";
import { imageTransform } from "./images.ts";
import { entriesTransform } from "./labels-annotations.ts";
import { prefixTransform, suffixTransform } from "./name-affix.ts";
import { namespaceTransform, type SubjectMode } from "./namespace.ts";
import { json6902Transform, mergePatchesTransform, patchTransform } from "./patches.ts";
import { replacementTransform } from "./replacements.ts";
import { replicaTransform } from "./replicas.ts";
import type { Transform } from "./transform.ts";
import { valueAddTransform } from "./value-add.ts";

/** The configuration of a plug-in and what it may use. */
interface PluginInput {
  readonly config: Resource;
  readonly fields: Fields;
  readonly loader: Loader;
  readonly context: BuildContext;
}

type MakeTransform = (input: PluginInput) => Transform | Promise<Transform>;
type Generate = (input: PluginInput) => Promise<Resource>;

const GENERATORS: Readonly<Record<string, Generate>> = {
  ConfigMapGenerator: ({ config, fields, loader, context }) => generateConfigMap(generatorArgs(config, fields), loader, context, config.origin),
  SecretGenerator: ({ config, fields, loader, context }) =>
    generateSecret({ ...generatorArgs(config, fields), type: fields.embedded().text("type") }, loader, context, config.origin),
  IAMPolicyGenerator: async ({ config, fields, context }) => generateIamPolicy(fields.embedded(), context, config.origin),
};

const SUBJECT_MODES: readonly SubjectMode[] = ["defaultOnly", "none", "allServiceAccounts"];

const TRANSFORMERS: Readonly<Record<string, MakeTransform>> = {
  AnnotationsTransformer: ({ fields, context: { growth } }) =>
    entriesTransform({ entries: fields.textMap("annotations") ?? new Map(), fieldSpecs: specs(fields), growth }),
  LabelTransformer: ({ fields, context: { growth } }) =>
    entriesTransform({ entries: fields.textMap("labels") ?? new Map(), fieldSpecs: specs(fields), growth }),
  HashTransformer: () => hashTransform,
  ImageTagTransformer: ({ fields }) =>
    imageTransform({ image: fields.object("imageTag", readImage) ?? readImage(new Fields(null, "lenient")), fieldSpecs: specs(fields) }),
  NamespaceTransformer: ({ fields, config }) =>
    namespaceTransform({ namespace: config.namespace, fieldSpecs: specs(fields), unsetOnly: fields.flag("unsetOnly"), subjects: subjectMode(fields) }),
  PatchJson6902Transformer: ({ fields, loader, context }) =>
    json6902Transform(
      { path: fields.text("path"), patch: fields.text("jsonOp"), target: fields.object("target", readSelector), options: undefined },
      loader,
      context,
    ),
  PatchStrategicMergeTransformer: ({ fields, loader, context }) => mergePatchesTransform(fields.texts("paths"), fields.text("patches"), loader, context),
  PatchTransformer: ({ fields, loader, context, config }) => patchTransform(readPatch(fields), loader, context, () => shown(config)),
  PrefixSuffixTransformer: ({ fields }) =>
    both(
      prefixTransform({ text: fields.text("prefix"), fieldSpecs: neededSpecs(fields) }),
      suffixTransform({ text: fields.text("suffix"), fieldSpecs: neededSpecs(fields) }),
    ),
  PrefixTransformer: ({ fields }) => prefixTransform({ text: fields.text("prefix"), fieldSpecs: neededSpecs(fields) }),
  SuffixTransformer: ({ fields }) => suffixTransform({ text: fields.text("suffix"), fieldSpecs: neededSpecs(fields) }),
  ReplacementTransformer: ({ fields, loader, context }) =>
    replacementTransform(
      fields.list("replacements", (entry) => readReplacement(entry.embedded())),
      loader,
      context,
    ),
  ReplicaCountTransformer: ({ fields }) =>
    replicaTransform({ replica: fields.object("replica", readReplica) ?? { name: "", count: 0 }, fieldSpecs: specs(fields) }),
  ValueAddTransformer: ({ fields, loader }) => valueAddTransform(fields, loader),
};

function shown({ node }: Resource): string {
  return node === undefined ? "" : stringify(decodeNode(node));
}

function specs(fields: Fields): readonly FieldSpec[] {
  return fields.list("fieldSpecs", readFieldSpec);
}

function neededSpecs(fields: Fields): readonly FieldSpec[] {
  if (!fields.has("fieldSpecs")) throw invalid("fieldSpecs is not expected to be nil");
  return specs(fields);
}

function both(first: Transform, second: Transform): Transform {
  return (resources) => {
    first(resources);
    second(resources);
  };
}

function subjectMode(fields: Fields): SubjectMode {
  const text = fields.text("setRoleBindingSubjects");
  if (text === "") return "defaultOnly";
  const mode = SUBJECT_MODES.find((known) => known === text);
  if (mode === undefined) throw invalid(`invalid value "${text}" for setRoleBindingSubjects: must be one of "defaultOnly", "none" or "allServiceAccounts"`);
  return mode;
}

function generatorArgs(config: Resource, fields: Fields): GeneratorArgs {
  const args = readGeneratorArgs(fields.embedded());
  return { ...args, name: args.name || config.name, namespace: args.namespace || config.namespace };
}

/** A built-in transformer with its configuration. @throws {ToolkitError} `invalid` for one that is not built in, or badly configured */
export async function makeTransform(config: Resource, loader: Loader, context: BuildContext): Promise<Transform> {
  refuseForeign(config);
  const make = Object.hasOwn(TRANSFORMERS, config.kind) ? TRANSFORMERS[config.kind] : undefined;
  if (make === undefined) throw unknown(config, GENERATORS, "transformer");
  return configured(config, context, () => make(inputOf(config, loader, context)));
}

/** What a built-in generator makes. */
export async function generateByPlugin(config: Resource, loader: Loader, context: BuildContext): Promise<Resource> {
  refuseForeign(config);
  const generate = Object.hasOwn(GENERATORS, config.kind) ? GENERATORS[config.kind] : undefined;
  if (generate === undefined) throw unknown(config, TRANSFORMERS, "generator");
  return configured(config, context, () => generate(inputOf(config, loader, context)));
}

function refuseForeign(config: Resource): void {
  const { group, version, kind } = config.gvk;
  if (group === "" && version === "builtin") {
    if (kind === "HelmChartInflationGenerator") throw invalid("HelmChartInflationGenerator is not supported: charts are not inflated during a build");
    return;
  }
  throw invalid(`external plugins disabled; unable to load external plugin '${kind}': only built-in plug-ins can be used`);
}

function unknown(config: Resource, others: Readonly<Record<string, unknown>>, wanted: string): Error {
  if (Object.hasOwn(others, config.kind)) return invalid(`plugin ${idText(config.originalId)} not a ${wanted}`);
  return invalid(`unable to load builtin ${config.kind}.builtin.[noGrp]`);
}

function inputOf(config: Resource, loader: Loader, context: BuildContext): PluginInput {
  return { config, fields: new Fields(config.node === undefined ? null : decodeNode(config.node), "lenient"), loader, context };
}

async function configured<T>(config: Resource, context: BuildContext, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw prefixed(`plugin ${idText(config.originalId)} fails configuration`, thrown instanceof FieldProblem ? placed(thrown, config, context) : thrown);
  }
}

/** Says where the value stands, in a file at least; a configuration inside a kustomization is found by its name. */
function placed({ message, way }: FieldProblem, { node, origin }: Resource, { show }: BuildContext): ToolkitError {
  return invalid(origin === undefined ? message : `${message} (${show(origin.path)}:${lineAt(node, way) || origin.line})`);
}

/** The line of the last node on the way that was read from a text; 0 when none was. */
function lineAt(node: YamlNode | undefined, way: FieldProblem["way"]): number {
  let line = 0;
  let at = node;
  for (const step of way) {
    at = typeof step === "number" ? at?.content[step] : fieldOf(at, step);
    line = at?.line || line;
  }
  return line;
}
