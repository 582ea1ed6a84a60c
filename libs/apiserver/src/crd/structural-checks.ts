import { isObject } from "@plumb/std";
import { draftValue, objectsAt, textAt } from "../draft.ts";
import { forbidden, invalid, required, unsupported, type FieldFault } from "../refusal.ts";
import { checkListType, checkMapType } from "./list-type-checks.ts";
import { prune, schemaAt, type JsonSchema } from "./prune.ts";
import { checkRuleText } from "./rules/check-rule-text.ts";
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
  const members = ["apiVersion", "kind"].flatMap((key) => {
    const own = schemaAt(root, "properties", key);
    return own === undefined || own["type"] === "string" ? [] : [invalid(`${path}.properties[${key}].type`, own["type"] ?? "", "must be string")];
  });
  const nullable = root["nullable"] === true ? [forbidden(`${path}.nullable`, "nullable cannot be true at the root")] : [];
  if (members.length > 0) return [...members, ...nullable];
  const metadata = checkMetadata(schemaAt(root, "properties", "metadata"), `${path}.properties[metadata]`);
  return [...nullable, ...metadata, ...(metadata.length > 0 ? [] : checkRootDefault(root, path)), ...checkNode(root, path)];
}

/** The schema of metadata may say something of the name, and nothing else. */
function checkMetadata(metadata: JsonSchema | undefined, path: string): readonly FieldFault[] {
  const type = textAt(metadata, "type") ?? "object";
  if (type !== "object") return [invalid(`${path}.type`, type, "must be object")];
  const names = Object.keys(schemaAt(metadata, "properties") ?? {});
  return names.every((name) => name === "name" || name === "generateName")
    ? []
    : [forbidden(path, "must not specify anything other than name and generateName, but metadata is implicitly specified")];
}

/** A default of the whole would be an object of its own. */
function checkRootDefault(root: JsonSchema, path: string): readonly FieldFault[] {
  const fallback = root["default"];
  if (!isObject(fallback)) return [];
  return ["apiVersion", "kind"].filter((key) => (textAt(fallback, key) ?? "") === "").map((key) => required(`${path}.default.${key}`));
}

function checkNode(schema: JsonSchema, path: string): readonly FieldFault[] {
  return [
    ...checkType(schema, path),
    ...checkKeywords(schema, path),
    ...checkDefault(schema, path),
    ...checkPattern(schema, path),
    ...checkListType(schema, path),
    ...checkMapType(schema, path),
    ...checkEmbedded(schema, path),
    ...checkJunctors(schema, path),
    ...objectsAt(schema, "x-kubernetes-validations").flatMap((rule, index) => checkRuleText(rule, schema, `${path}.x-kubernetes-validations[${index}]`)),
    ...checkParts(schema, path),
  ];
}

function checkType(schema: JsonSchema, path: string): readonly FieldFault[] {
  const type = textAt(schema, "type") ?? "";
  const isFree = schema["x-kubernetes-int-or-string"] === true || schema["x-kubernetes-preserve-unknown-fields"] === true;
  // An embedded resource is told of its type by itself, and a reference of being one.
  const isTold = schema["x-kubernetes-embedded-resource"] === true || schema["$ref"] !== undefined;
  if (type === "") return isFree || isTold ? [] : [required(`${path}.type`, "must not be empty for specified object fields")];
  if (!TYPES.includes(type)) return [unsupported(`${path}.type`, type, TYPES)];
  if (Array.isArray(schema["items"])) return [forbidden(`${path}.items`, "items must be a schema object and not an array")];
  return type === "array" && schemaAt(schema, "items") === undefined ? [required(`${path}.items`, "must be specified")] : [];
}

const UNSUPPORTED = ["patternProperties", "definitions", "dependencies", "additionalItems", "id"];

function checkEmbedded(schema: JsonSchema, path: string): readonly FieldFault[] {
  if (schema["x-kubernetes-embedded-resource"] !== true) return [];
  const hasParts = schemaAt(schema, "properties") !== undefined || schema["x-kubernetes-preserve-unknown-fields"] === true;
  const says = "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields";
  return [
    ...(hasParts ? [] : [required(`${path}.properties`, says)]),
    ...(textAt(schema, "type") === undefined ? [required(`${path}.type`, "must be object if x-kubernetes-embedded-resource is true")] : []),
  ];
}

function checkKeywords(schema: JsonSchema, path: string): readonly FieldFault[] {
  const hasBoth = schemaAt(schema, "properties") !== undefined && (isObject(schema["additionalProperties"]) || schema["additionalProperties"] === true);
  return [
    ...(hasBoth ? [forbidden(`${path}.additionalProperties`, "additionalProperties and properties are mutual exclusive")] : []),
    ...(schema["uniqueItems"] === true
      ? [forbidden(`${path}.uniqueItems`, "uniqueItems cannot be set to true since the runtime complexity becomes quadratic")]
      : []),
    ...UNSUPPORTED.filter((key) => schema[key] !== undefined).map((key) => forbidden(`${path}.${key}`, `${key} is not supported`)),
    ...(schema["$ref"] === undefined ? [] : [forbidden(`${path}.$ref`, "$ref is not supported")]),
    ...(schema["x-kubernetes-preserve-unknown-fields"] === false
      ? [invalid(`${path}.x-kubernetes-preserve-unknown-fields`, false, "must be true or undefined")]
      : []),
  ];
}

function checkDefault(schema: JsonSchema, path: string): readonly FieldFault[] {
  const fallback = schema["default"];
  if (fallback === undefined) return [];
  const unknown: string[] = [];
  const pruned = draftValue(fallback);
  prune(pruned, schema, unknown, "", false);
  if (unknown.length > 0) return [invalid(`${path}.default`, fallback, "must not have unknown fields")];
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
