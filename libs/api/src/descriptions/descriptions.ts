import type { JsonSchema } from "../json-schema.ts";
import type { KindDefinition } from "../kind-definition.ts";

/** What is said of one field: its text, and where it is an object, or a list or map of objects, what is said of the fields therein. */
export type Description = string | readonly [text: string, fields: FieldDescriptions];

export interface FieldDescriptions {
  readonly [field: string]: Description;
}

/** A text for each field of a schema, no more and no less. A shared shape is described once, where it stands; here it is a text. */
export type DescriptionsOf<Schema extends JsonSchema> = Schema extends { $ref: string }
  ? string
  : Schema extends { properties: infer Fields extends Readonly<Record<string, JsonSchema>> }
    ? readonly [text: string, fields: FieldDescriptionsOf<Fields>]
    : Schema extends { items: infer Item extends JsonSchema }
      ? DescriptionsOf<Item>
      : string;

export type FieldDescriptionsOf<Fields extends Readonly<Record<string, JsonSchema>>> = { readonly [Name in keyof Fields]: DescriptionsOf<Fields[Name]> };

/** The texts of one kind, in its spec and its status. */
export type KindDescriptionsOf<Definition extends KindDefinition> = {
  readonly [Part in keyof Definition & ("spec" | "status")]: Definition[Part] extends JsonSchema ? DescriptionsOf<Definition[Part]> : never;
};
