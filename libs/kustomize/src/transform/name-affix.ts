import type { FieldSpec } from "../config/field-spec.ts";
import { scalarNode, setScalar } from "../node/fields.ts";
import { isSelected } from "../resource/resource-id.ts";
import type { Resource } from "../resource/resource.ts";
import { applyFieldSpec } from "./apply-field-spec.ts";
import type { Transform } from "./transform.ts";

/** Kinds whose names say what they are and so never change. */
const UNTOUCHED = [{ kind: "CustomResourceDefinition" }, { group: "apiregistration.k8s.io", kind: "APIService" }, { kind: "Namespace" }] as const;

export interface AffixArgs {
  readonly text: string;
  readonly fieldSpecs: readonly FieldSpec[];
}

/** Puts text before names. An empty one changes nothing but counts as a prefix. */
export function prefixTransform({ text, fieldSpecs }: AffixArgs): Transform {
  return affixTransform(
    text,
    fieldSpecs,
    (resource) => resource.addPrefix(text),
    (name) => `${text}${name}`,
  );
}

/** Puts text after names. */
export function suffixTransform({ text, fieldSpecs }: AffixArgs): Transform {
  return affixTransform(
    text,
    fieldSpecs,
    (resource) => resource.addSuffix(text),
    (name) => `${name}${text}`,
  );
}

function affixTransform(text: string, specs: readonly FieldSpec[], remember: (resource: Resource) => void, change: (name: string) => string): Transform {
  return (resources) => {
    for (const resource of resources.items) {
      const id = resource.originalId;
      if (resource.node === undefined || UNTOUCHED.some((kind) => isSelected(id, kind))) continue;
      for (const spec of specs) {
        if (!isSelected(id, spec)) continue;
        if (spec.path === "metadata/name") {
          remember(resource);
          if (text !== "") resource.storePreviousId();
        }
        applyFieldSpec(resource.node, spec, (field) => setScalar(field, scalarNode(change(field.value))), { kind: "scalar", tag: "!!str" });
      }
    }
  };
}
