import { listAt, textAt } from "../draft.ts";
import { invalid, required, unsupported, type FieldFault } from "../refusal.ts";
import { schemaAt, type JsonSchema } from "./prune.ts";

const LIST_TYPE = "x-kubernetes-list-type";
const LIST_KEYS = "x-kubernetes-list-map-keys";
const MAP_TYPE = "x-kubernetes-map-type";

/** What a schema says of how lists and maps are merged. Source: `ValidateCustomResourceDefinitionOpenAPISchema`. */
export function checkListType(schema: JsonSchema, path: string): readonly FieldFault[] {
  const type = textAt(schema, LIST_TYPE);
  const keys = listAt(schema, LIST_KEYS).map(String);
  if (type === undefined) return keys.length === 0 ? [] : [required(`${path}.${LIST_TYPE}`, `must be map if ${LIST_KEYS} is non-empty`)];
  if (schema["type"] !== "array") return [invalid(`${path}.type`, schema["type"], `must be array if ${LIST_TYPE} is specified`)];
  if (!["atomic", "set", "map"].includes(type)) return [unsupported(`${path}.${LIST_TYPE}`, type, ["atomic", "set", "map"])];
  const items = schemaAt(schema, "items");
  if (type === "set") return checkSetItems(items, path);
  return type === "map" ? checkKeys(items, keys, path) : [];
}

/** The elements of a set are compared whole. */
function checkSetItems(items: JsonSchema | undefined, path: string): readonly FieldFault[] {
  const says = `must be atomic as item of a list with ${LIST_TYPE}=set`;
  if (items?.["type"] === "object" && items[MAP_TYPE] !== "atomic") return [invalid(`${path}.items.${MAP_TYPE}`, items[MAP_TYPE] ?? null, says)];
  const listType = textAt(items, LIST_TYPE) ?? "atomic";
  return items?.["type"] === "array" && listType !== "atomic" ? [invalid(`${path}.items.${LIST_TYPE}`, listType, says)] : [];
}

function checkKeys(items: JsonSchema | undefined, keys: readonly string[], path: string): readonly FieldFault[] {
  if (keys.length === 0) return [required(`${path}.${LIST_KEYS}`, `must not be empty if ${LIST_TYPE} is map`)];
  const repeated = new Set(keys).size === keys.length ? [] : [invalid(`${path}.${LIST_KEYS}`, keys, "must not contain duplicate entries")];
  const needed = listAt(items, "required");
  return [...[...new Set(keys)].flatMap((key) => checkKey(items, key, needed.includes(key), path)), ...repeated];
}

function checkKey(items: JsonSchema | undefined, key: string, isRequired: boolean, path: string): readonly FieldFault[] {
  const property = schemaAt(items, "properties", key);
  if (property === undefined) return [invalid(`${path}.${LIST_KEYS}`, key, "entries must all be names of item properties")];
  const at = `${path}.items.properties[${key}]`;
  const type = textAt(property, "type") ?? "";
  const scalar = type === "object" || type === "array" ? [invalid(`${at}.type`, type, `must be a scalar type if parent array's ${LIST_TYPE} is map`)] : [];
  const isSure = isRequired || property["default"] !== undefined;
  return isSure ? scalar : [...scalar, required(`${at}.default`, `this property is in ${LIST_KEYS}, so it must have a default or be a required property`)];
}

export function checkMapType(schema: JsonSchema, path: string): readonly FieldFault[] {
  const type = textAt(schema, MAP_TYPE);
  if (type === undefined) return [];
  if (schema["type"] !== "object") return [invalid(`${path}.type`, schema["type"] ?? "", `must be object if ${MAP_TYPE} is specified`)];
  return ["atomic", "granular"].includes(type) ? [] : [unsupported(`${path}.${MAP_TYPE}`, type, ["atomic", "granular"])];
}
