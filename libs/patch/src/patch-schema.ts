import type { JsonValue } from "@plumb/std";

/**
 * What patching reads of a schema. `Schema` of `@plumb/openapi` is one; it is declared here because a package imports only
 * from the floors below its own.
 */
export interface PatchSchema {
  readonly type: "object" | "array" | "string" | "integer" | "number" | "boolean" | "any";
  /** `quantity`, `int-or-string`, `byte`, `date-time` …; empty where there is none. */
  readonly format: string;
  /** Name of the type in messages; empty for types without one. */
  readonly typeName: string;
  readonly fields: ReadonlyMap<string, PatchSchema>;
  /** Schema of the elements, for type `array`. */
  readonly items: PatchSchema | undefined;
  /** Schema of every key that is not among `fields`; undefined where such a key is unknown. */
  readonly values: PatchSchema | undefined;
  readonly listType: "atomic" | "set" | "map";
  readonly listKeys: readonly string[];
  readonly mapType: "atomic" | "granular";
  /** For strategic merge; empty means replace for lists and merge for maps. */
  readonly patchStrategy: readonly ("merge" | "replace" | "retainKeys")[];
  readonly mergeKey: string | undefined;
  readonly default: JsonValue | undefined;
}
