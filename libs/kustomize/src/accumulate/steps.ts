import { prefixed } from "../build-error.ts";
import { mergeFieldSpec, mergeFieldSpecs, type FieldSpec } from "../config/field-spec.ts";
import type { TransformerConfig } from "../config/transformer-config.ts";
import { generateConfigMap, generateSecret, withGlobalOptions } from "../generate/config-map-secret.ts";
import type { Label } from "../load/kustomization.ts";
import { joinPath } from "../load/loader.ts";
import { ORIGIN } from "../resource/build-annotations.ts";
import type { Resource } from "../resource/resource.ts";
import { imageTransform } from "../transform/images.ts";
import { entriesTransform } from "../transform/labels-annotations.ts";
import { prefixTransform, suffixTransform } from "../transform/name-affix.ts";
import { namespaceTransform } from "../transform/namespace.ts";
import { json6902Transform, mergePatchesTransform, patchTransform } from "../transform/patches.ts";
import { generateByPlugin, makeTransform } from "../transform/plugin.ts";
import { replacementTransform } from "../transform/replacements.ts";
import { replicaTransform } from "../transform/replicas.ts";
import type { Transform } from "../transform/transform.ts";
import { parseOne, stringify } from "@plumb/yaml";
import { isObject } from "@plumb/std";
import type { Accumulator } from "./accumulator.ts";
import { noteOrigin, noteTransformation, type BuildOrigin } from "./origins.ts";
import type { Target } from "./target.ts";

/** Finds the configurations of plug-ins in the entries of a field. */
type FindConfigs = (entries: readonly string[]) => Promise<readonly Resource[]>;

interface Step {
  readonly transform: Transform;
  readonly origin: BuildOrigin | undefined;
}

/** Runs `configMapGenerator`, `secretGenerator` and `generators`. */
export async function runGenerators(target: Target, into: Accumulator, findConfigs: FindConfigs): Promise<void> {
  const { kustomization, loader, context, fileName } = target;
  const path = loader.pathOf(fileName);
  const origin = path === undefined ? undefined : { path, line: 1 };
  const generated: { readonly resource: Resource; readonly origin: BuildOrigin | undefined }[] = [];
  for (const args of kustomization.configMapGenerator) {
    generated.push({
      resource: await generateConfigMap(withGlobalOptions(args, kustomization.generatorOptions), loader, context, origin),
      origin: builtInOrigin(target, "ConfigMapGenerator"),
    });
  }
  for (const args of kustomization.secretGenerator) {
    generated.push({
      resource: await generateSecret(withGlobalOptions(args, kustomization.generatorOptions), loader, context, origin),
      origin: builtInOrigin(target, "SecretGenerator"),
    });
  }
  for (const config of await configsOf(kustomization.generators, findConfigs)) {
    try {
      generated.push({ resource: await generateByPlugin(config, loader, context), origin: pluginOrigin(config) });
    } catch (thrown) {
      throw prefixed("loading generator plugins: failed to load generator", thrown);
    }
  }
  for (const { resource, origin: made } of generated) {
    noteOrigin([resource], made);
    try {
      into.absorb([resource]);
    } catch (thrown) {
      throw prefixed(`merging from generator ${resource.kind} ${resource.name}`, thrown);
    }
  }
}

async function configsOf(entries: readonly string[], findConfigs: FindConfigs): Promise<readonly Resource[]> {
  if (entries.length === 0) return [];
  try {
    return await findConfigs(entries);
  } catch (thrown) {
    throw prefixed("loading generator plugins", thrown);
  }
}

/** Runs the transformers of every field, then those of `transformers`. */
export async function runTransformers(target: Target, into: Accumulator, findConfigs: FindConfigs): Promise<void> {
  const steps = [...(await builtInSteps(target, into.config)), ...(await externalTransforms(target, target.kustomization.transformers, findConfigs))];
  for (const { transform, origin } of steps) {
    target.context.signal.throwIfAborted();
    transform(into.resources);
    if (origin !== undefined) noteTransformation(into.resources, origin);
    into.resources.dropEmpty();
  }
}

/** The transformers that the entries of `transformers` or `validators` configure. */
export async function externalTransforms({ loader, context }: Target, entries: readonly string[], findConfigs: FindConfigs): Promise<readonly Step[]> {
  if (entries.length === 0) return [];
  const steps: Step[] = [];
  for (const config of await findConfigs(entries)) steps.push({ transform: await makeTransform(config, loader, context), origin: pluginOrigin(config) });
  return steps;
}

/** All of them are configured before the first one runs. */
async function builtInSteps(target: Target, config: TransformerConfig): Promise<readonly Step[]> {
  const { kustomization: k, loader, context } = target;
  const { growth } = context;
  const steps: Step[] = [];
  const add = (kind: string, transform: Transform): void => void steps.push({ transform, origin: builtInOrigin(target, kind) });
  if (k.patchesStrategicMerge.length > 0)
    add(
      "PatchStrategicMergeTransformer",
      await configured("PatchStrategicMergeTransformer", { paths: k.patchesStrategicMerge }, () =>
        mergePatchesTransform(k.patchesStrategicMerge, "", loader, context),
      ),
    );
  for (const patch of k.patches)
    add("PatchTransformer", await configured("PatchTransformer", patch, () => patchTransform(patch, loader, context, () => shown(patch))));
  if (k.namespace !== "")
    add("NamespaceTransformer", namespaceTransform({ namespace: k.namespace, fieldSpecs: config.namespace, unsetOnly: false, subjects: "defaultOnly" }));
  if (k.namePrefix !== "") add("PrefixTransformer", prefixTransform({ text: k.namePrefix, fieldSpecs: config.namePrefix }));
  if (k.nameSuffix !== "") add("SuffixTransformer", suffixTransform({ text: k.nameSuffix, fieldSpecs: config.nameSuffix }));
  for (const label of k.labels) add("LabelTransformer", entriesTransform({ entries: label.pairs, fieldSpecs: labelSpecs(label, config), growth }));
  if (k.labels.length > 0 || k.commonLabels.size > 0)
    add("LabelTransformer", entriesTransform({ entries: k.commonLabels, fieldSpecs: config.commonLabels, growth }));
  if (k.commonAnnotations.size > 0)
    add("AnnotationsTransformer", entriesTransform({ entries: k.commonAnnotations, fieldSpecs: config.commonAnnotations, growth }));
  for (const patch of k.patchesJson6902)
    add("PatchJson6902Transformer", await configured("PatchJson6902Transformer", patch, () => json6902Transform(patch, loader, context)));
  for (const replica of k.replicas) add("ReplicaCountTransformer", replicaTransform({ replica, fieldSpecs: config.replicas }));
  for (const image of k.images) add("ImageTagTransformer", imageTransform({ image, fieldSpecs: config.images }));
  if (k.replacements.length > 0)
    add(
      "ReplacementTransformer",
      await configured("ReplacementTransformer", { Replacements: k.replacements }, () => replacementTransform(k.replacements, loader, context)),
    );
  return steps;
}

async function configured<T>(kind: string, config: object, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw prefixed(`trouble configuring builtin ${kind} with config: \`\n${shown(config)}\``, thrown);
  }
}

function shown(config: object): string {
  return stringify(JSON.parse(JSON.stringify(config, given)));
}

/** Leaves out what is empty, as Go does when it writes a struct. */
function given(_name: string, value: unknown): unknown {
  const isEmpty = value === "" || value === 0 || value === false || (Array.isArray(value) && value.length === 0);
  return isEmpty ? undefined : value;
}

const METADATA_LABELS: FieldSpec = { group: "", version: "", kind: "", path: "metadata/labels", create: true };

function labelSpecs(label: Label, config: TransformerConfig): readonly FieldSpec[] {
  const own = mergeFieldSpecs(label.fields, config.labels);
  if (label.includeSelectors) return mergeFieldSpecs(own, config.commonLabels);
  return mergeFieldSpec(label.includeTemplates ? mergeFieldSpecs(own, config.templateLabels) : own, METADATA_LABELS);
}

function builtInOrigin({ origin, fileName }: Target, kind: string): BuildOrigin | undefined {
  if (origin === undefined) return undefined;
  const { path = "", ...rest } = origin;
  return { ...rest, configuredIn: joinPath(path === "" ? "." : path, fileName), configuredBy: { apiVersion: "builtin", kind } };
}

/** Where the configuration of a plug-in lies, by what was noted on it. */
function pluginOrigin(config: Resource): BuildOrigin | undefined {
  const text = config.annotation(ORIGIN);
  const value = text === undefined ? undefined : parseOne(text);
  if (!isObject(value)) return undefined;
  const part = (name: string): string => (typeof value[name] === "string" ? value[name] : "");
  return {
    repo: part("repo"),
    ref: part("ref"),
    configuredIn: part("path"),
    configuredBy: { apiVersion: config.apiVersion, kind: config.kind, name: config.name, namespace: config.namespace },
  };
}
