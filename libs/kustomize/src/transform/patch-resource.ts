import { decodeNode, type YamlNode } from "@plumb/yaml";
import { invalid } from "../build-error.ts";
import { isObject } from "@plumb/std";
import type { Growth } from "../growth.ts";
import { encodeToNode } from "../node/encode.ts";
import { isInternalAnnotation } from "../resource/build-annotations.ts";
import type { Resource } from "../resource/resource.ts";
import type { Schema } from "../schema/schema.ts";
import { applyJsonPatch, type PatchOperation } from "./json-patch.ts";
import { mergeNode } from "./merge-node.ts";

/**
 * Merges a patch into an object; name and kind stay unless the patch may change them. The patch is used up.
 *
 * Of what the merge gives only counts whether there is anything, as in kustomize: `$patch: delete` at the top removes the object,
 * `$patch: replace` there leaves it as it was.
 */
export function mergePatch(resource: Resource, patch: Resource, schema: Schema): void {
  if (resource.node === undefined || patch.node === undefined) return;
  const { name, namespace, kind } = resource;
  const { mayChangeName, mayChangeKind } = patch;
  if (mayChangeName || mayChangeKind) resource.storePreviousId();
  if (mergeNode(patch.node, resource.node, { schema, infer: false, prepend: true }) === undefined) resource.node = undefined;
  if (resource.isEmpty) return;
  if (!mayChangeKind) resource.setKind(kind);
  if (!mayChangeName) resource.setName(name);
  resource.setNamespace(namespace);
}

/** Applies a JSON patch to an object; what the build remembers of it is put back. */
export function applyOperations(resource: Resource, operations: readonly PatchOperation[], growth: Growth): void {
  const { node } = resource;
  if (node === undefined) return;
  const remembered = internalAnnotations(resource);
  resource.node = patched(node, operations, growth);
  resource.annotations = new Map([...resource.annotations, ...remembered]);
}

function internalAnnotations({ annotations }: Resource): readonly (readonly [string, string])[] {
  return [...annotations].filter(([key]) => isInternalAnnotation(key));
}

function patched(node: YamlNode, operations: readonly PatchOperation[], growth: Growth): YamlNode {
  const result = applyJsonPatch(decodeNode(node), operations, growth);
  if (!isObject(result)) throw invalid("json: cannot unmarshal array into Go value of type map[string]interface {}");
  return encodeToNode(result, "floats", node.place !== undefined);
}
