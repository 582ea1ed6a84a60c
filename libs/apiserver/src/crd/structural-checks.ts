import { isObject, type JsonObject } from "@plumb/std";
import { listAt, objectsAt, textAt } from "../draft.ts";
import { forbidden, invalid, required, unsupported, type FieldFault } from "../refusal.ts";
import { schemaAt, type JsonSchema } from "./prune.ts";
import { ruleProblem } from "./rules/compile-rule.ts";
import { compilePattern, validateValue } from "./validate-value.ts";

const TYPES = ["array", "boolean", "integer", "number", "object", "string"];

/** What makes a schema no structural one. Source: apiextensions `ValidateStructural` and the validation of definitions. */
export function checkStructure(root: JsonSchema, path: string): readonly FieldFault[] {
  const type = textAt(root, "type") ?? "";
  const rootFault =
    type === ""
      ? [required(`${path}.type`, "must not be empty at the root")]
      : type === "object"
        ? []
        : [invalid(`${path}.type`, type, "must be object at the root")];
  if (rootFault.length > 0) return rootFault;
  return [...checkMetadata(schemaAt(root, "properties", "metadata"), `${path}.properties[metadata]`), ...checkNode(root, path)];
}

/** The schema of metadata may say something of the name, and nothing else. */
function checkMetadata(metadata: JsonSchema | undefined, path: string): readonly FieldFault[] {
  const names = Object.keys(schemaAt(metadata, "properties") ?? {});
  return names.every((name) => name === "name" || name === "generateName")
    ? []
    : [forbidden(path, "must not specify anything other than name and generateName, but metadata is implicitly specified")];
}

function checkNode(schema: JsonSchema, path: string): readonly FieldFault[] {
  return [
    ...checkType(schema, path),
    ...checkKeywords(schema, path),
    ...checkDefault(schema, path),
    ...checkPattern(schema, path),
    ...checkListType(schema, path),
    ...checkJunctors(schema, path),
    ...objectsAt(schema, "x-kubernetes-validations").flatMap((rule, index) => checkRuleText(rule, schema, `${path}.x-kubernetes-validations[${index}]`)),
    ...checkParts(schema, path),
  ];
}

function checkType(schema: JsonSchema, path: string): readonly FieldFault[] {
  const type = textAt(schema, "type") ?? "";
  const isFree = schema["x-kubernetes-int-or-string"] === true || schema["x-kubernetes-preserve-unknown-fields"] === true;
  if (type === "") return isFree ? [] : [required(`${path}.type`, "must not be empty for specified object fields")];
  if (!TYPES.includes(type)) return [unsupported(`${path}.type`, type, TYPES)];
  return type === "array" && schemaAt(schema, "items") === undefined ? [required(`${path}.items`, "must be specified")] : [];
}

function checkKeywords(schema: JsonSchema, path: string): readonly FieldFault[] {
  const hasBoth = schemaAt(schema, "properties") !== undefined && (isObject(schema["additionalProperties"]) || schema["additionalProperties"] === true);
  return [
    ...(hasBoth ? [forbidden(`${path}.additionalProperties`, "additionalProperties and properties are mutual exclusive")] : []),
    ...(schema["uniqueItems"] === true
      ? [forbidden(`${path}.uniqueItems`, "uniqueItems cannot be set to true since the runtime complexity becomes quadratic")]
      : []),
    ...(schema["$ref"] === undefined ? [] : [forbidden(`${path}.$ref`, "$ref is not supported")]),
    ...(schema["x-kubernetes-preserve-unknown-fields"] === false
      ? [invalid(`${path}.x-kubernetes-preserve-unknown-fields`, false, "must be true or undefined")]
      : []),
  ];
}

function checkDefault(schema: JsonSchema, path: string): readonly FieldFault[] {
  const fallback = schema["default"];
  if (fallback === undefined) return [];
  return validateValue(fallback, schema, "").map((fault) => ({ ...fault, field: fault.field === "" ? `${path}.default` : `${path}.default.${fault.field}` }));
}

function checkPattern(schema: JsonSchema, path: string): readonly FieldFault[] {
  const pattern = textAt(schema, "pattern");
  if (pattern === undefined) return [];
  try {
    compilePattern(pattern);
    return [];
  } catch (thrown) {
    return [invalid(`${path}.pattern`, pattern, `must be a valid regular expression, but isn't: ${thrown instanceof Error ? thrown.message : ""}`)];
  }
}

function checkListType(schema: JsonSchema, path: string): readonly FieldFault[] {
  const type = textAt(schema, "x-kubernetes-list-type");
  const keys = listAt(schema, "x-kubernetes-list-map-keys").map(String);
  if (type === undefined)
    return keys.length === 0 ? [] : [required(`${path}.x-kubernetes-list-type`, "must be map if x-kubernetes-list-map-keys is non-empty")];
  if (!["atomic", "set", "map"].includes(type)) return [unsupported(`${path}.x-kubernetes-list-type`, type, ["atomic", "set", "map"])];
  if (type !== "map") return [];
  const items = schemaAt(schema, "items");
  if (keys.length === 0) return [required(`${path}.x-kubernetes-list-map-keys`, "must not be empty if x-kubernetes-list-type is map")];
  const needed = listAt(items, "required");
  return keys.flatMap((key) => {
    const property = schemaAt(items, "properties", key);
    if (property === undefined) return [invalid(`${path}.x-kubernetes-list-map-keys`, key, "entries must all be names of item properties")];
    const isSure = needed.includes(key) || property["default"] !== undefined;
    return isSure
      ? []
      : [
          required(
            `${path}.items.properties[${key}].default`,
            "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property",
          ),
        ];
  });
}

/** What stands in a junction may check values, and not say what they are. */
function checkJunctors(schema: JsonSchema, path: string): readonly FieldFault[] {
  const parts = ["allOf", "anyOf", "oneOf"].flatMap((key) => objectsAt(schema, key).map((part, index) => [part, `${path}.${key}[${index}]`] as const));
  const not = schemaAt(schema, "not");
  return [...parts, ...(not === undefined ? [] : [[not, `${path}.not`] as const])].flatMap(([part, at]) =>
    ["type", "default", "nullable", "additionalProperties"]
      // A number or a text may be told apart by an anyOf of their types.
      .filter((key) => part[key] !== undefined && !(key === "type" && schema["x-kubernetes-int-or-string"] === true))
      .map((key) => forbidden(`${at}.${key}`, "must be empty to be structural")),
  );
}

function checkRuleText(rule: JsonObject, schema: JsonSchema, path: string): readonly FieldFault[] {
  const problem = ruleProblem(textAt(rule, "rule") ?? "", schema);
  return problem === undefined ? [] : [invalid(`${path}.rule`, textAt(rule, "rule") ?? "", problem)];
}

function checkParts(schema: JsonSchema, path: string): readonly FieldFault[] {
  const properties = schemaAt(schema, "properties") ?? {};
  const members = Object.keys(properties).flatMap((name) => {
    const member = schemaAt(properties, name);
    // What is said of metadata is checked at the root, where it may be.
    return member === undefined
      ? []
      : checkNode(name === "metadata" && member["type"] === undefined ? { ...member, type: "object" } : member, `${path}.properties[${name}]`);
  });
  const items = schemaAt(schema, "items");
  const values = schemaAt(schema, "additionalProperties");
  return [
    ...members,
    ...(items === undefined ? [] : checkNode(items, `${path}.items`)),
    ...(values === undefined ? [] : checkNode(values, `${path}.additionalProperties`)),
  ];
}
