import type { JsonSchema } from "./json-schema.ts";

/** A column of `kubectl get`. */
export interface PrinterColumn {
  readonly name: string;
  readonly type: "string" | "date" | "integer" | "boolean";
  readonly jsonPath: string;
}

/** All that is said of one kind; type, CustomResourceDefinition and model come from it. Every kind is namespaced (C-001). */
export interface KindDefinition {
  readonly group: string;
  /** The one version that is served and stored. */
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  /** One sentence, shown by `kubectl explain`. */
  readonly description: string;
  readonly columns: readonly PrinterColumn[];
  readonly spec: JsonSchema;
  /** A kind without one has no status subresource either. */
  readonly status?: JsonSchema;
}

/** `group/version`, as objects of the kind carry it. */
export function apiVersionOf({ group, version }: Pick<KindDefinition, "group" | "version">): string {
  return `${group}/${version}`;
}
