import { isObject } from "@plumb/std";
import { describedCrd } from "../described-crd.ts";
import type { KindDefinition } from "../kind-definition.ts";

/** What is said of a field of spec or status, by its path such as `spec.dependsOn.name`; undefined where nothing is. */
export type FieldTexts = Readonly<Record<string, string | undefined>>;

/** Of a kind, as its definition has it. */
export function definedTexts(kind: KindDefinition): FieldTexts {
  const { spec } = describedCrd(kind);
  const [version] = isObject(spec) && Array.isArray(spec["versions"]) ? spec["versions"] : [];
  return schemaTexts(isObject(version) && isObject(version["schema"]) ? version["schema"]["openAPIV3Schema"] : undefined);
}

/** Paths of the fields of a kind whose text says that they are not supported yet, sorted. */
export function fieldsToldUnsupported(kind: KindDefinition): readonly string[] {
  return Object.entries(definedTexts(kind))
    .flatMap(([path, text]) => (text !== undefined && /not supported yet/i.test(text) ? [path] : []))
    .sort();
}

/** Of a kind, as a schema of the whole object has it. */
export function schemaTexts(schema: unknown): FieldTexts {
  const { spec, status } = propertiesOf(schema);
  return Object.fromEntries([...textsIn("spec", spec), ...textsIn("status", status)]);
}

function* textsIn(path: string, schema: unknown): Generator<readonly [path: string, text: string | undefined]> {
  if (!isObject(schema)) return;
  const { description, items } = schema;
  yield [path, typeof description === "string" ? description : undefined];
  for (const [name, field] of Object.entries(propertiesOf(items ?? schema))) yield* textsIn(`${path}.${name}`, field);
}

function propertiesOf(schema: unknown): Readonly<Record<string, unknown>> {
  return isObject(schema) && isObject(schema["properties"]) ? schema["properties"] : {};
}
