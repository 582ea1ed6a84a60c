import { setImmediate } from "node:timers/promises";
import { parseOne } from "@plumb/yaml";
import { invalid, messageOf, prefixed, within } from "../build-error.ts";
import type { BuildContext } from "../build-context.ts";
import { readCrdConfig } from "../config/crd-config.ts";
import { EMPTY_CONFIG, defaultConfig, mergeConfig, readTransformerConfig, type TransformerConfig } from "../config/transformer-config.ts";
import { loadKustomization } from "../load/kustomization-file.ts";
import type { Kustomization } from "../load/kustomization.ts";
import { joinPath, type Loader } from "../load/loader.ts";
import { isRepositoryUrl } from "../load/repository-url.ts";
import { ORIGIN } from "../resource/build-annotations.ts";
import { isForCluster, readResources, validateMetadata } from "../resource/read-resources.ts";
import type { ResourceList } from "../resource/resource-list.ts";
import type { Resource } from "../resource/resource.ts";
import { setMetadataEntry } from "../node/metadata.ts";
import { entriesTransform } from "../transform/labels-annotations.ts";
import { inFile } from "../transform/patches.ts";
import { hashTransform } from "../transform/plugin.ts";
import { validate } from "../validate/validate.ts";
import { Accumulator } from "./accumulator.ts";
import { fixNameReferences } from "./name-references.ts";
import { originText, type BuildOrigin } from "./origins.ts";
import { externalTransforms, runGenerators, runTransformers } from "./steps.ts";
import { resolveVariables } from "./variables.ts";

/** One kustomization that is being built. */
export interface Target {
  readonly kustomization: Kustomization;
  readonly fileName: string;
  readonly loader: Loader;
  readonly context: BuildContext;
  /** Where it lies seen from the root of the build; undefined when nobody asked for origins. */
  readonly origin: BuildOrigin | undefined;
}

/** Reads the kustomization of a directory. */
export async function openTarget(loader: Loader, context: BuildContext): Promise<Target> {
  const { name, content } = await loadKustomization(loader, context);
  return { kustomization: content, fileName: name, loader, context, origin: content.buildMetadata.length > 0 ? {} : undefined };
}

/** Lets the schema of a kustomization count, if no other came before it. */
export async function setSchema({ kustomization, loader, context }: Target, isRoot: boolean): Promise<void> {
  const { openapi } = kustomization;
  const path = openapi.get("path");
  const document = path === undefined ? undefined : parseOne(await loader.load(path), { path, dialect: "kubernetes" });
  context.schema.set(Object.fromEntries(openapi), document, isRoot);
}

/** Builds a whole tree: everything accumulated, names ended in hashes, references set right, variables filled in. */
export async function buildTarget(target: Target): Promise<Accumulator> {
  const gathered = await accumulate(target, new Accumulator());
  await breathe(target.context);
  const { resources, config, variables } = gathered;
  hashTransform(resources);
  fixNameReferences(resources.items, config.nameReference);
  await breathe(target.context);
  const unused = resolveVariables(resources.items, variables, config.varReference);
  if (unused.length > 0) target.context.warn(`well-defined vars that were never replaced: ${unused.join(",")}`);
  dropLocal(gathered);
  return gathered;
}

/** Gives others a turn, and stops when told to. */
async function breathe({ signal }: BuildContext): Promise<void> {
  await setImmediate();
  signal.throwIfAborted();
}

function dropLocal({ resources }: Accumulator): void {
  for (const { node } of resources.items) if (node !== undefined) validateMetadata(node);
  resources.keep(isForCluster);
}

/** Runs the fields of one kustomization in kustomize's order. @param into what a component adds to */
async function accumulate(target: Target, into: Accumulator): Promise<Accumulator> {
  const { kustomization, loader } = target;
  const gathered = into;
  try {
    await accumulateResources(target, gathered, kustomization.resources);
  } catch (thrown) {
    throw prefixed("accumulating resources", thrown);
  }
  gathered.config = mergeConfig(gathered.config, await ownConfig(target));
  gathered.config = mergeConfig(gathered.config, await crdConfig(target));
  await runGenerators(target, gathered, (paths) => externalConfigs(target, paths));
  const complete = await accumulateComponents(target, gathered);
  await runTransformers(target, complete, (paths) => externalConfigs(target, paths));
  const { length } = complete.resources.items;
  const { maxObjects } = target.context.limits;
  if (length > maxObjects) throw invalid(`the build has ${length} objects, more than ${maxObjects} (limit maxObjects), at '${loader.shownRoot}'`);
  validate(complete.resources, await externalTransforms(target, kustomization.validators, (paths) => externalConfigs(target, paths)));
  within(
    () => "merging vars",
    () => complete.addVariables(kustomization.vars),
  );
  return complete;
}

/**
 * What kustomize starts with, and what the files of `configurations` add to it. The order in which all this is merged is
 * kustomize's, for it decides which of two specifications that overlap is kept.
 */
async function ownConfig({ kustomization, loader }: Target): Promise<TransformerConfig> {
  let added = EMPTY_CONFIG;
  for (const path of kustomization.configurations) {
    const value = parseOne(await loader.load(path), { path, dialect: "kubernetes" });
    added = within(`configuration file '${path}'`, () => mergeConfig(added, readTransformerConfig(value)));
  }
  return mergeConfig(defaultConfig(), added);
}

/** What the files of `crds` say about fields of custom kinds. */
async function crdConfig({ kustomization: { crds }, loader }: Target): Promise<TransformerConfig> {
  let config = EMPTY_CONFIG;
  try {
    for (const path of crds) {
      const value = parseOne(await loader.load(path), { path, dialect: "kubernetes" });
      config = mergeConfig(
        config,
        within(`unable to parse open API definition from '${path}'`, () => readCrdConfig(value)),
      );
    }
    return config;
  } catch (thrown) {
    throw prefixed(`loading CRDs [${crds.join(" ")}]`, thrown);
  }
}

/** Adds files and directories; what is no file is tried as a directory. */
async function accumulateResources(target: Target, into: Accumulator, paths: readonly string[]): Promise<void> {
  const add = into.resources.adder();
  for (const path of paths) {
    const problem = await accumulateFile(target, add, path);
    if (problem === undefined) continue;
    let loader: Loader;
    try {
      loader = await target.loader.enter(path);
    } catch (thrown) {
      const message = messageOf(thrown);
      throw problem.message.includes("MalformedYAMLError") ? problem.error : invalid(`accumulation err='${problem.message}': ${message}`, thrown);
    }
    try {
      const built = await accumulateDirectory({ ...target, origin: originBelow(target, path) }, new Accumulator(), loader, false);
      mergeInto(into, built, loader, add);
    } catch (thrown) {
      throw prefixed(`accumulation err='${problem.message}'`, thrown);
    }
  }
}

function mergeInto(into: Accumulator, built: Accumulator, loader: Loader, add: ReturnType<ResourceList["adder"]> = into.resources.adder()): void {
  within(
    () => `recursed merging from path '${loader.shownRoot}'`,
    () => into.merge(built, add),
  );
}

interface Problem {
  readonly message: string;
  readonly error: unknown;
}

async function accumulateFile(target: Target, add: ReturnType<ResourceList["adder"]>, path: string): Promise<Problem | undefined> {
  let resources: readonly Resource[];
  try {
    resources = await loadResources(target, path);
  } catch (thrown) {
    const error = prefixed(`accumulating resources from '${path}'`, thrown);
    return { message: messageOf(error), error };
  }
  const origin = originBelow(target, path);
  if (origin !== undefined) for (const { node } of resources) if (node !== undefined) setMetadataEntry(node, "annotations", ORIGIN, originText(origin));
  try {
    add(resources);
  } catch (thrown) {
    const error = prefixed(`merging resources from '${path}'`, thrown);
    return { message: messageOf(error), error };
  }
  return undefined;
}

async function loadResources({ loader, context }: Target, path: string): Promise<readonly Resource[]> {
  const bytes = await loader.load(path);
  try {
    const resources = readResources(bytes, loader.pathOf(path), context);
    const { maxObjects } = context.limits;
    if (resources.length > maxObjects) throw invalid(`'${path}' has ${resources.length} objects, more than ${maxObjects} (limit maxObjects)`);
    return resources;
  } catch (thrown) {
    throw inFile(thrown, path);
  }
}

/** Where a file or directory lies seen from the root of the build. */
function originBelow({ origin }: Target, path: string): BuildOrigin | undefined {
  if (origin === undefined) return undefined;
  if (isRepositoryUrl(path)) return { ...origin, repo: path, path: "" };
  return { ...origin, path: joinPath(origin.path === undefined || origin.path === "" ? "." : origin.path, path) };
}

/** Components work on what is there; the whole is then taken over as what a base has gathered would be, its configuration too. */
async function accumulateComponents(target: Target, gathered: Accumulator): Promise<Accumulator> {
  let current = gathered;
  for (const path of target.kustomization.components) {
    const loader = await enterComponent(target, path);
    try {
      const built = await accumulateDirectory({ ...target, origin: originBelow(target, path) }, current, loader, true);
      current = new Accumulator();
      mergeInto(current, built, loader);
    } catch (thrown) {
      throw invalid(`accumulating components: accumulateDirectory: ${JSON.stringify(messageOf(thrown))}`, thrown);
    }
  }
  return current;
}

async function enterComponent({ loader }: Target, path: string): Promise<Loader> {
  try {
    return await loader.enter(path);
  } catch (thrown) {
    throw invalid(`accumulating components: loader.New ${JSON.stringify(messageOf(thrown))}`, thrown);
  }
}

/** Builds another kustomization. @param into what a component works on; empty for anything else */
async function accumulateDirectory(parent: Target, into: Accumulator, loader: Loader, isComponent: boolean): Promise<Accumulator> {
  await breathe(parent.context);
  const shown = loader.shownRoot;
  let target: Target;
  try {
    target = { ...(await openTarget(loader, parent.context)), origin: parent.origin };
  } catch (thrown) {
    throw prefixed(`couldn't make target for path '${shown}'`, thrown);
  }
  target = { ...target, kustomization: { ...target.kustomization, buildMetadata: parent.kustomization.buildMetadata } };
  await setSchema(target, false);
  const { kind } = target.kustomization;
  if (isComponent && kind !== "Component") throw invalid(`expected kind 'Component' for path '${shown}' but got '${kind}'`);
  if (!isComponent && kind === "Component") throw invalid(`expected kind != 'Component' for path '${shown}'`);
  try {
    return await accumulate(target, into);
  } catch (thrown) {
    throw prefixed(`recursed accumulation of path '${shown}'`, thrown);
  }
}

/** The configurations of plug-ins that files, directories or the entries themselves hold. */
async function externalConfigs(target: Target, entries: readonly string[]): Promise<readonly Resource[]> {
  const gathered = new Accumulator();
  const paths: string[] = [];
  for (const entry of entries) {
    let inline: readonly Resource[];
    try {
      inline = readResources(entry, undefined, target.context);
    } catch (thrown) {
      messageOf(thrown);
      paths.push(entry);
      continue;
    }
    const origin = originBelow(target, target.fileName);
    if (origin !== undefined) for (const { node } of inline) if (node !== undefined) setMetadataEntry(node, "annotations", ORIGIN, originText(origin));
    gathered.resources.addAll(inline);
  }
  await accumulateResources(target, gathered, paths);
  return gathered.resources.items;
}

/** The label that `managedByLabel` of `buildMetadata` adds. */
export const managedByTransform: ReturnType<typeof entriesTransform> = entriesTransform({
  entries: new Map([["app.kubernetes.io/managed-by", "kustomize-v5.8.1"]]),
  fieldSpecs: [{ group: "", version: "", kind: "", path: "metadata/labels", create: true }],
});
