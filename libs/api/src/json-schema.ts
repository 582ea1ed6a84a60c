import type { Artifact } from "./artifact.ts";
import type { Condition } from "./condition.ts";
import type { SHARED_SCHEMAS } from "./shared-schemas.ts";

/** The JSON Schema keywords that the kinds use, and `$ref`, which names one of SHARED_SCHEMAS and is written out in the CRD. */
export interface JsonSchema {
  readonly $ref?: keyof typeof SHARED_SCHEMAS;
  readonly type?: "object" | "array" | "string" | "boolean" | "integer";
  readonly description?: string;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: JsonSchema;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly enum?: readonly string[];
  readonly default?: unknown;
  readonly format?: string;
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minimum?: number;
  readonly "x-kubernetes-list-type"?: "map" | "atomic" | "set";
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
  readonly "x-kubernetes-validations"?: readonly { readonly rule: string; readonly message: string }[];
}

/** Shared shapes that have a documented interface of their own; a spec holds the two to each other. */
interface Named {
  Artifact: Artifact;
  Condition: Condition;
}

/** The type of what a schema admits. A field with a default is optional: a manifest need not have it. */
export type FromSchema<Schema> = Schema extends { $ref: infer Name extends keyof Named }
  ? Named[Name]
  : Schema extends { $ref: infer Name extends keyof typeof SHARED_SCHEMAS }
    ? FromSchema<(typeof SHARED_SCHEMAS)[Name]>
    : Schema extends { enum: readonly (infer Value)[] }
      ? Value
      : Schema extends { type: "string" }
        ? string
        : Schema extends { type: "integer" }
          ? number
          : Schema extends { type: "boolean" }
            ? boolean
            : Schema extends { items: infer Item }
              ? readonly FromSchema<Item>[]
              : Schema extends { additionalProperties: infer Value }
                ? { readonly [key: string]: FromSchema<Value> }
                : Schema extends { properties: infer Fields }
                  ? FromFields<Fields, Schema extends { required: readonly (infer Name)[] } ? Name : never>
                  : never;

type FromFields<Fields, Required> = { readonly [Name in keyof Fields as Extract<Name, Required>]: FromSchema<Fields[Name]> } & {
  readonly [Name in keyof Fields as Exclude<Name, Required>]?: FromSchema<Fields[Name]>;
};
