import type { FieldSpec } from "../config/field-spec.ts";
import { scalarNode, setField } from "../node/fields.ts";
import { byBytes } from "../node/metadata.ts";
import { applyFieldSpec } from "./apply-field-spec.ts";
import type { Transform } from "./transformer.ts";

export interface EntriesArgs {
  readonly entries: ReadonlyMap<string, string>;
  readonly fieldSpecs: readonly FieldSpec[];
}

/** Sets labels or annotations in every field that the specifications name. */
export function entriesTransform({ entries, fieldSpecs }: EntriesArgs): Transform {
  const keys = [...entries.keys()].sort(byBytes);
  return (resources) => {
    for (const { node } of resources.items) {
      if (node === undefined) continue;
      for (const key of keys) {
        // One node for all fields of an object: what changes one of them later changes all, as in kustomize.
        const value = scalarNode(entries.get(key) ?? "", "!!str");
        for (const spec of fieldSpecs) applyFieldSpec(node, spec, (field) => setField(field, key, value), { kind: "mapping", tag: "!!map" });
      }
    }
  };
}
