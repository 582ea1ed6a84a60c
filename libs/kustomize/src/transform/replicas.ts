import { invalid } from "../build-error.ts";
import type { FieldSpec } from "../config/field-spec.ts";
import type { Replica } from "../load/kustomization.ts";
import { scalarNode, setScalar } from "../node/fields.ts";
import { gvkText, isSelected } from "../resource/resource-id.ts";
import { applyFieldSpec } from "./apply-field-spec.ts";
import type { Transform } from "./transform.ts";

export interface ReplicaArgs {
  readonly replica: Replica;
  readonly fieldSpecs: readonly FieldSpec[];
}

/** Sets how many replicas an object has. @throws {ToolkitError} `invalid` when nothing has that name */
export function replicaTransform({ replica, fieldSpecs }: ReplicaArgs): Transform {
  return (resources) => {
    let isFound = false;
    for (const spec of fieldSpecs) {
      for (const { node } of resources.matching(replica.name, (id) => isSelected(id, spec))) {
        isFound = true;
        if (node !== undefined)
          applyFieldSpec(node, spec, (field) => setScalar(field, scalarNode(String(replica.count), "!!int")), { kind: "scalar", tag: "!!int" });
      }
    }
    if (!isFound) throw invalid(`resource with name ${replica.name} does not match a config with the following GVK [${fieldSpecs.map(gvkText).join(" ")}]`);
  };
}
