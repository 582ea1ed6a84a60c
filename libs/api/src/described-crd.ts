import { crd } from "./crd.ts";
import { DESCRIPTIONS } from "./descriptions/by-kind.ts";
import type { Description, FieldDescriptions } from "./descriptions/descriptions.ts";
import { SHARED_DESCRIPTIONS } from "./descriptions/shared.ts";
import type { JsonSchema } from "./json-schema.ts";
import type { KindDefinition } from "./kind-definition.ts";
import type { Manifest } from "./manifest.ts";
import { SHARED_SCHEMAS } from "./shared-schemas.ts";

const SHARED: Readonly<Record<string, FieldDescriptions>> = SHARED_DESCRIPTIONS;

/**
 * The CustomResourceDefinition of a kind with a description of every field, for `kubectl explain`; of a kind that is not among
 * KINDS, without. Apart from `crd`, for no controller needs the texts.
 */
export function describedCrd(definition: KindDefinition): Manifest {
  const { kind, spec, status } = definition;
  const texts = DESCRIPTIONS[kind];
  if (texts === undefined) return crd(definition);
  return crd({
    ...definition,
    spec: described(spec, texts.spec),
    ...(status !== undefined && { status: texts.status === undefined ? status : described(status, texts.status) }),
  });
}

function described(schema: JsonSchema, description: Description): JsonSchema {
  const [text, fields] = typeof description === "string" ? [description, {}] : description;
  return { description: text, ...withFields(schema, fields) };
}

/** The fields lie in the schema itself, in the items of a list, or in a shared shape. */
function withFields(schema: JsonSchema, fields: FieldDescriptions): JsonSchema {
  const { $ref, items, properties } = schema;
  if ($ref !== undefined) return withFields(SHARED_SCHEMAS[$ref], SHARED[$ref] ?? {});
  if (items !== undefined) return { ...schema, items: withFields(items, fields) };
  if (properties === undefined) return schema;
  const entries = Object.entries(properties).map(([name, field]) => {
    const description = fields[name];
    return [name, description === undefined ? field : described(field, description)] as const;
  });
  return { ...schema, properties: Object.fromEntries(entries) };
}
