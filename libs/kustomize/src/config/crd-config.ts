import { isObject, type JsonObject, type JsonValue } from "@plumb/std";
import { invalid } from "../build-error.ts";
import { mergeFieldSpec, type FieldSpec } from "./field-spec.ts";
import { EMPTY_CONFIG, mergeConfig, type TransformerConfig } from "./transformer-config.ts";

interface Draft {
  commonAnnotations: readonly FieldSpec[];
  commonLabels: readonly FieldSpec[];
  namePrefix: readonly FieldSpec[];
  config: TransformerConfig;
}

/**
 * Reads a `crds` file: OpenAPI definitions of custom kinds whose `x-kubernetes-…` extensions say which fields hold names, labels
 * and annotations.
 */
export function readCrdConfig(value: JsonValue): TransformerConfig {
  if (value === null) return EMPTY_CONFIG;
  if (!isObject(value)) throw invalid("not a map of definitions");
  let result = EMPTY_CONFIG;
  for (const [name, api] of Object.entries(value)) refuseOther(name, api);
  for (const [name, api] of Object.entries(value)) {
    const properties = propertiesOf(api);
    if (!["kind", "apiVersion", "metadata"].every((field) => Object.hasOwn(properties, field))) continue;
    const draft: Draft = { commonAnnotations: [], commonLabels: [], namePrefix: [], config: EMPTY_CONFIG };
    gather(value, name, name.split(".").at(-1) ?? "", [], draft, new Set());
    const { config, ...lists } = draft;
    result = mergeConfig(mergeConfig(result, config), { ...EMPTY_CONFIG, ...lists });
  }
  return result;
}

/** A definition is an object, and so are its schema and each of the properties. */
function refuseOther(name: string, api: JsonValue | undefined): void {
  const schema = isObject(api) ? field(api, "Schema") : undefined;
  const properties = isObject(schema) ? field(schema, "properties") : undefined;
  for (const part of [api, schema, properties, ...(isObject(properties) ? Object.values(properties) : [])]) {
    if (part !== undefined && part !== null && !isObject(part)) throw invalid(`cannot unmarshal ${typeof part} into an OpenAPIDefinition: '${name}'`);
  }
}

function propertiesOf(api: JsonValue | undefined): JsonObject {
  const schema = isObject(api) ? field(api, "Schema") : undefined;
  const properties = isObject(schema) ? field(schema, "properties") : undefined;
  return isObject(properties) ? properties : {};
}

/** A field in whatever case. */
function field(object: JsonObject, name: string): JsonValue | undefined {
  const key = Object.keys(object).find((other) => other.toLowerCase() === name.toLowerCase());
  return key === undefined ? undefined : object[key];
}

function gather(apis: JsonObject, typeName: string, kind: string, path: readonly string[], draft: Draft, open: ReadonlySet<string>): void {
  const api = Object.hasOwn(apis, typeName) ? apis[typeName] : undefined;
  if (api === undefined || open.has(typeName)) return;
  for (const [name, property] of Object.entries(propertiesOf(api))) {
    if (!isObject(property)) continue;
    const here = [...path, name];
    const text = (extension: string): string | undefined => {
      const found = field(property, extension);
      return typeof found === "string" ? found : undefined;
    };
    const spec = (at: readonly string[]): FieldSpec => ({ group: "", version: "", kind, path: at.join("/"), create: false });
    if (text("x-kubernetes-annotation") !== undefined) draft.commonAnnotations = mergeFieldSpec(draft.commonAnnotations, spec(here));
    if (text("x-kubernetes-label-selector") !== undefined) draft.commonLabels = mergeFieldSpec(draft.commonLabels, spec(here));
    if (text("x-kubernetes-identity") !== undefined) draft.namePrefix = mergeFieldSpec(draft.namePrefix, spec(here));
    const version = text("x-kubernetes-object-ref-api-version");
    const target = text("x-kubernetes-object-ref-kind");
    if (version !== undefined && target !== undefined) {
      const referrers = [spec([...here, text("x-kubernetes-object-ref-name-key") ?? "name"])];
      draft.config = mergeConfig(draft.config, { ...EMPTY_CONFIG, nameReference: [{ group: "", version, kind: target, referrers }] });
    }
    const reference = text("$ref");
    if (reference !== undefined) gather(apis, reference, kind, here, draft, new Set([...open, typeName]));
  }
}
