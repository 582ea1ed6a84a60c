import { builtinFacts, type Schema } from "@plumb/openapi";
import { isObject, setOwn, type JsonObject } from "@plumb/std";
import { isDraft, type Draft, type DraftValue } from "../draft.ts";
import { decodeStruct, WireMismatch } from "../wire/decode.ts";

/** OpenAPI v3 of a value, as a definition has it. */
export type JsonSchema = JsonObject;

export function schemaAt(schema: JsonSchema | undefined, ...path: readonly string[]): JsonSchema | undefined {
  let at: JsonSchema | undefined = schema;
  for (const key of path) {
    const inner = at === undefined || !Object.hasOwn(at, key) ? undefined : at[key];
    at = isObject(inner) ? inner : undefined;
  }
  return at;
}

export function objectMetaSchema(): Schema {
  const schema = builtinFacts().type("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta");
  if (schema === undefined) throw new Error("no facts about ObjectMeta");
  return schema;
}

/**
 * Takes out what the schema does not know, and adds the paths to `unknown`.
 *
 * @param isRoot for an object that is a whole resource: apiVersion, kind and metadata are known there
 * @throws {WireMismatch} for metadata of the wrong type
 */
export function prune(value: DraftValue, schema: JsonSchema, unknown: string[], path: string, isRoot: boolean): void {
  if (Array.isArray(value)) {
    const items = schemaAt(schema, "items");
    if (items !== undefined) value.forEach((item, index) => prune(item, items, unknown, `${path}[${index}]`, false));
    return;
  }
  if (!isDraft(value)) return;
  const isWhole = isRoot || schema["x-kubernetes-embedded-resource"] === true;
  const keepsUnknown = schema["x-kubernetes-preserve-unknown-fields"] === true;
  const properties = schemaAt(schema, "properties");
  const { additionalProperties } = schema;
  for (const [key, member] of Object.entries(value)) {
    if (member === undefined || (isWhole && (key === "apiVersion" || key === "kind"))) continue;
    const at = path === "" ? key : `${path}.${key}`;
    if (isWhole && key === "metadata") {
      if (!isRoot) pruneMetadata(value, member, unknown, at);
      continue;
    }
    const known = schemaAt(properties, key) ?? (isObject(additionalProperties) ? additionalProperties : undefined);
    if (known !== undefined) prune(member, known, unknown, at, false);
    else if (!keepsUnknown && additionalProperties !== true) {
      delete value[key];
      unknown.push(at);
    }
  }
}

/** The metadata of an embedded resource is pruned as that of any object. */
function pruneMetadata(owner: Draft, metadata: DraftValue, unknown: string[], path: string): void {
  if (!isDraft(metadata)) throw new WireMismatch(`${path}: expected an object`);
  const found: string[] = [];
  setOwn(owner, "metadata", decodeStruct(metadata, objectMetaSchema(), found, path));
  unknown.push(...found);
}

/** Removes null members whose schema is not nullable and has no default. */
export function pruneNulls(value: DraftValue | undefined, schema: JsonSchema): void {
  if (Array.isArray(value)) {
    const items = schemaAt(schema, "items");
    if (items !== undefined) for (const item of value) pruneNulls(item, items);
    return;
  }
  if (!isDraft(value)) return;
  const properties = schemaAt(schema, "properties");
  const values = schemaAt(schema, "additionalProperties");
  for (const [key, member] of Object.entries(value)) {
    const known = schemaAt(properties, key);
    if (known !== undefined && member === null && known["nullable"] !== true && known["default"] === undefined) delete value[key];
    else if (known !== undefined) pruneNulls(member, known);
    else if (values !== undefined && member === null && values["nullable"] !== true && values["default"] === undefined) delete value[key];
    else if (values !== undefined) pruneNulls(member, values);
  }
}
