import { breathe } from "../build-context.ts";
import { inFile, invalid, messageOf, prefixed, within } from "../build-error.ts";
import { mergeConfig } from "../config/transformer-config.ts";
import type { Loader } from "../load/loader.ts";
import { readResources } from "../resource/read-resources.ts";
import type { ResourceList } from "../resource/resource-list.ts";
import type { Resource } from "../resource/resource.ts";
import { validate } from "../validate/validate.ts";
import { Accumulator } from "./accumulator.ts";
import { setOrigin } from "./origins.ts";
import { crdConfig, ownConfig } from "./own-config.ts";
import { externalTransforms, runGenerators, runTransformers } from "./steps.ts";
import { openTarget, originBelow, setSchema, type Target } from "./target.ts";

/**
 * Runs the fields of one kustomization, and of all below it, in kustomize's order.
 *
 * @param gathered what a component works on; empty for anything else
 */
export async function accumulate(target: Target, gathered: Accumulator = new Accumulator()): Promise<Accumulator> {
  const { kustomization, loader } = target;
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
  validate(complete.resources, await externalTransforms(target, kustomization.validators, (paths) => externalConfigs(target, paths)), target.context);
  within("merging vars", () => complete.addVariables(kustomization.vars));
  return complete;
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
  within(`recursed merging from path '${loader.shownRoot}'`, () => into.merge(built, add));
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
  setOrigin(resources, originBelow(target, path));
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
      throw invalid(`accumulating components: accumulateDirectory: ${quoted(messageOf(thrown))}`, thrown);
    }
  }
  return current;
}

/** A message is quoted again by each component that it passes; one that has grown long from that stays as it is. */
const LONGEST_QUOTED = 4096;

function quoted(message: string): string {
  return message.length > LONGEST_QUOTED ? message : JSON.stringify(message);
}

async function enterComponent({ loader }: Target, path: string): Promise<Loader> {
  try {
    return await loader.enter(path);
  } catch (thrown) {
    throw invalid(`accumulating components: loader.New ${quoted(messageOf(thrown))}`, thrown);
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
    setOrigin(inline, originBelow(target, target.fileName));
    gathered.resources.addAll(inline);
  }
  await accumulateResources(target, gathered, paths);
  return gathered.resources.items;
}
