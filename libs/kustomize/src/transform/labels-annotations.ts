import type { FieldSpec } from "../config/field-spec.ts";
import type { Growth } from "../growth.ts";
import { setFields } from "../node/field-index.ts";
import { scalarNode } from "../node/fields.ts";
import { byBytes } from "../node/by-bytes.ts";
import { applyFieldSpec } from "./apply-field-spec.ts";
import type { Transform } from "./transform.ts";

export interface EntriesArgs {
  readonly entries: ReadonlyMap<string, string>;
  readonly fieldSpecs: readonly FieldSpec[];
  readonly growth?: Growth;
}

/** Sets labels or annotations in every field that the specifications name. */
export function entriesTransform({ entries, fieldSpecs, growth }: EntriesArgs): Transform {
  const keys = [...entries.keys()].sort(byBytes);
  const characters = keys.reduce((sum, key) => sum + key.length + (entries.get(key) ?? "").length, 0);
  return (resources) => {
    // No empty mappings are made for nothing.
    if (keys.length === 0) return;
    growth?.add(keys.length * resources.items.length, characters * resources.items.length);
    for (const { node } of resources.items) {
      if (node === undefined) continue;
      // One node for all fields of an object: what changes one of them later changes all, as in kustomize.
      const values = keys.map((key) => [key, scalarNode(entries.get(key) ?? "", "!!str")] as const);
      // Kustomize takes one key after the other: what a later field makes for the first of them, an earlier field finds for the rest.
      for (const some of [values.slice(0, 1), values.slice(1)])
        for (const spec of fieldSpecs) applyFieldSpec(node, spec, (field) => setFields(field, some), { kind: "mapping", tag: "!!map" });
    }
  };
}
