import { isObject, type JsonObject, type JsonValue } from "@plumb/std";
import { builtinFacts } from "./facts.ts";
import { ANY, ANY_ATOMIC, makeSchema, withRules, type Schema } from "./schema.ts";

const OBJECT_META = "io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta";

/**
 * Schema of a custom resource from `spec.versions[].schema.openAPIV3Schema`, taken to be structural. apiVersion, kind and
 * metadata are those of every object. Without a schema: maps are merged key by key, lists replaced whole.
 */
export function customResourceSchema(openApiV3: JsonObject | undefined): Schema {
  return openApiV3 === undefined ? withObjectFields(ANY) : withObjectFields(fromOpenApi(openApiV3, false));
}

/** @param keepsUnknown true below a schema that keeps unknown fields: it says so for all that is in it */
function fromOpenApi(source: JsonObject, keepsUnknown: boolean): Schema {
  const keeps = keepsUnknown || source["x-kubernetes-preserve-unknown-fields"] === true;
  const rules = { ...rulesOf(source), source, keepsUnknown: source["x-kubernetes-preserve-unknown-fields"] === true };
  const schema = shaped(source, rules, keeps);
  return source["x-kubernetes-embedded-resource"] === true ? withRules(withObjectFields(schema), { isEmbeddedObject: true }) : schema;
}

function shaped(source: JsonObject, rules: Partial<Schema>, keeps: boolean): Schema {
  const { type, items } = source;
  switch (type) {
    case "object":
      return objectSchema(source, rules, keeps);
    case "array":
      return makeSchema({ ...rules, type }, { items: () => (isObject(items) ? fromOpenApi(items, keeps) : ANY_ATOMIC) });
    case "string":
    case "integer":
    case "number":
    case "boolean":
      return makeSchema({ ...rules, type });
    default:
      return withRules(ANY, { ...rules, ...(source["x-kubernetes-int-or-string"] === true ? { format: "int-or-string" } : {}) });
  }
}

function objectSchema(source: JsonObject, rules: Partial<Schema>, keeps: boolean): Schema {
  const { properties, additionalProperties } = source;
  const named = isObject(properties) ? Object.entries(properties) : [];
  const fields = (): ReadonlyMap<string, Schema> => new Map(named.map(([name, member]) => [name, fromOpenApi(isObject(member) ? member : {}, keeps)]));
  const values = (): Schema => (isObject(additionalProperties) ? fromOpenApi(additionalProperties, keeps) : ANY);
  const isOpen = isObject(additionalProperties) || additionalProperties === true || (additionalProperties === undefined && (keeps || named.length === 0));
  return makeSchema({ ...rules, type: "object" }, { ...(named.length === 0 ? {} : { fields }), ...(isOpen ? { values } : {}) });
}

function rulesOf(source: JsonObject): Partial<Schema> {
  const { format, required, enum: allowed, nullable, default: fallback } = source;
  const listType = source["x-kubernetes-list-type"];
  const mapType = source["x-kubernetes-map-type"];
  const keys = source["x-kubernetes-list-map-keys"];
  return {
    ...(typeof format === "string" ? { format } : {}),
    ...(Array.isArray(required) ? { required: textsOf(required) } : {}),
    ...(Array.isArray(allowed) ? { enum: allowed } : {}),
    ...(nullable === true ? { isNullable: true } : {}),
    ...(fallback === undefined ? {} : { default: fallback }),
    ...(listType === "set" || listType === "map" || listType === "atomic" ? { listType } : {}),
    ...(Array.isArray(keys) ? { listKeys: textsOf(keys) } : {}),
    ...(mapType === "atomic" || mapType === "granular" ? { mapType } : {}),
  };
}

function textsOf(values: readonly JsonValue[]): readonly string[] {
  return values.filter((one) => typeof one === "string");
}

/** Adds what every object has. */
function withObjectFields(schema: Schema): Schema {
  const text = makeSchema({ type: "string" });
  const fields = (): ReadonlyMap<string, Schema> =>
    new Map([...schema.fields, ["apiVersion", text], ["kind", text], ["metadata", builtinFacts().type(OBJECT_META) ?? ANY]]);
  const { required, keepsUnknown, mapType, isNullable, source } = schema;
  const isUnknown = schema.type === "any" || (schema.fields.size === 0 && schema.values !== undefined);
  return makeSchema(
    { type: "object", required, keepsUnknown: keepsUnknown || schema.type === "any", mapType, isNullable, source, default: schema.default },
    { fields, ...(isUnknown || schema.values !== undefined ? { values: () => schema.values ?? ANY } : {}) },
  );
}
