import { encodingOf } from "@plumb/yaml";
import { inFile, invalid, messageOf, prefixed } from "../build-error.ts";
import type { BuildContext } from "../build-context.ts";
import type { Loader } from "../load/loader.ts";
import type { Patch, Selector } from "../load/kustomization.ts";
import { readResources } from "../resource/read-resources.ts";
import type { ResourceList } from "../resource/resource-list.ts";
import { idKey, idText } from "../resource/resource-id.ts";
import type { Resource } from "../resource/resource.ts";
import { selectResources } from "../resource/select.ts";
import { readJsonPatch, type PatchOperation } from "./json-patch.ts";
import { applyOperations, mergePatch } from "./patch-resource.ts";
import type { Transform } from "./transform.ts";

/** What a text turned out to be. */
type ReadPatch =
  | { readonly kind: "merge"; readonly patches: readonly Resource[] }
  | { readonly kind: "operations"; readonly operations: readonly PatchOperation[] };

/** An entry of `patches`: a strategic merge or a JSON patch, inline or in a file. @param shown says the entry, for messages */
export async function patchTransform({ path, patch, target, options }: Patch, loader: Loader, context: BuildContext, shown: () => string): Promise<Transform> {
  const inline = patch.trim();
  if (inline === "" && path === "") throw invalid(`must specify one of patch and path in\n${shown()}`);
  if (inline !== "" && path !== "") throw invalid(`patch and path can't be set at the same time\n${shown()}`);
  const source = inline === "" ? `[path: ${JSON.stringify(path)}]` : `[patch: ${JSON.stringify(inline)}]`;
  const text = inline === "" ? await loadPatch(path, loader) : inline;
  const read = readPatch(text, inline === "" ? loader.pathOf(path) : undefined, source, context);
  if (read.kind === "operations") return operationsTransform(read.operations, target, source, context);
  for (const resource of read.patches) {
    if (options?.allowNameChange === true) resource.allowNameChange();
    if (options?.allowKindChange === true) resource.allowKindChange();
  }
  return mergeTransform(read.patches, target, source, context);
}

async function loadPatch(path: string, loader: Loader): Promise<string> {
  try {
    return textOf(await loader.load(path));
  } catch (thrown) {
    throw prefixed(`failed to get the patch file from path(${path})`, thrown);
  }
}

export function textOf(bytes: Uint8Array): string {
  return new TextDecoder(encodingOf(bytes), { ignoreBOM: true }).decode(bytes);
}

function attempt<T>(work: () => T): T | { readonly failure: string } {
  try {
    return work();
  } catch (thrown) {
    return { failure: messageOf(thrown) };
  }
}

function isFailure(value: object): value is { readonly failure: string } {
  return Object.hasOwn(value, "failure");
}

/** What has objects in it is no list, so no text is both. */
function readPatch(text: string, path: string | undefined, source: string, context: BuildContext): ReadPatch {
  const patches = attempt(() => readResources(text, path, context));
  if (!isFailure(patches)) return { kind: "merge", patches };
  const operations = text === "" ? { failure: "empty json patch operations" } : attempt(() => readJsonPatch(text, context.limits));
  if (isFailure(operations)) {
    const isNoYaml = patches.failure.includes("MalformedYAMLError");
    throw invalid(`unable to parse SM or JSON patch from ${source}: ${patches.failure}${isNoYaml ? "" : `; ${operations.failure}`}`);
  }
  return { kind: "operations", operations };
}

function operationsTransform(operations: readonly PatchOperation[], target: Selector | undefined, source: string, { growth }: BuildContext): Transform {
  return (resources) => {
    if (operations.length === 0) return;
    if (target === undefined) throw invalid(`must specify a target for JSON patch ${source}`);
    for (const resource of selectResources(resources.items, target)) {
      resource.storePreviousId();
      applyOperations(resource, operations, growth);
    }
  };
}

function mergeTransform(patches: readonly Resource[], target: Selector | undefined, source: string, context: BuildContext): Transform {
  return (resources) => {
    if (patches.length === 0) return;
    if (target === undefined) return mergeByIds(resources, patches, context);
    const [patch, ...more] = patches;
    if (patch === undefined) return;
    if (more.length > 0) throw invalid(`Multiple Strategic-Merge Patches in one \`patches\` entry is not allowed to set \`patches.target\` field: ${source}`);
    mergeInto(resources, selectResources(resources.items, target), patch, context);
  };
}

function mergeByIds(resources: ResourceList, patches: readonly Resource[], { schema }: BuildContext): void {
  for (const patch of patches) {
    const id = patch.originalId;
    let target: Resource;
    try {
      target = resources.patchTarget(id);
    } catch (thrown) {
      throw prefixed(`no resource matches strategic merge patch "${idText(id)}"`, thrown);
    }
    mergePatch(target, patch.copy(), schema);
  }
}

/** Merges a patch into every object whose id is among those of `selected`; what is deleted goes. */
export function mergeInto(resources: ResourceList, selected: readonly Resource[], patch: Resource, { schema, growth }: BuildContext): void {
  const ids = new Set(selected.map(({ id }) => `${idKey(id)}\n${id.namespace}`));
  for (const resource of resources.items) {
    if (!ids.has(`${idKey(resource.id)}\n${resource.id.namespace}`)) continue;
    if (patch.node !== undefined) growth.addNode(patch.node);
    const copy = patch.copy();
    copy.inheritMetadata(patch);
    const { kind } = patch;
    copy.setGvk(resource.gvk);
    copy.setKind(kind);
    mergePatch(resource, copy, schema);
  }
  resources.replaceAll(resources.items.filter(({ isEmpty }) => !isEmpty));
}

/** `patchesStrategicMerge`: each entry is a patch or the path of a file with patches. */
export async function mergePatchesTransform(paths: readonly string[], inline: string, loader: Loader, context: BuildContext): Promise<Transform> {
  if (paths.length === 0 && inline === "") throw invalid("empty file path and empty patch content");
  const patches: Resource[] = [];
  for (const path of paths) {
    const own = attempt(() => readResources(path, undefined, context));
    patches.push(...(isFailure(own) ? await readFile(path, loader, context) : own));
  }
  if (inline !== "") patches.push(...readResources(inline, undefined, context));
  if (patches.length === 0) throw invalid(`patch appears to be empty; files=[${paths.join(" ")}], Patch=${inline}`);
  return (resources) => {
    for (const patch of patches) mergeInto(resources, [resources.patchTarget(patch.originalId)], patch, context);
  };
}

async function readFile(path: string, loader: Loader, context: BuildContext): Promise<readonly Resource[]> {
  const bytes = await loader.load(path);
  try {
    return readResources(bytes, loader.pathOf(path), context);
  } catch (thrown) {
    throw inFile(thrown, path);
  }
}

/** An entry of `patchesJson6902`. */
export async function json6902Transform({ path, patch, target }: Patch, loader: Loader, { growth, limits }: BuildContext): Promise<Transform> {
  if (target === undefined || target.name === "") throw invalid("must specify the target name");
  if (path === "" && patch === "") throw invalid("empty file path and empty jsonOp");
  if (path !== "" && patch !== "") throw invalid("must specify a file path or jsonOp, not both");
  const text = path === "" ? patch : textOf(await loader.load(path));
  if (text === "") throw invalid(`patch file '${path}' empty seems to be empty`);
  const operations = readJsonPatch(text, limits);
  if (operations.length === 0) throw invalid(`patch appears to be empty; file=${path}, JsonOp=${text}`);
  return (resources) => {
    for (const resource of selectResources(resources.items, target)) applyOperations(resource, operations, growth);
  };
}
