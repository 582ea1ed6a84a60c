import type { JsonObject } from "@plumb/std";
import { equalJson, objectAt, textsAt, valueAt } from "../draft.ts";
import { forbidden, invalid, tooLong, type FieldFault } from "../refusal.ts";
import type { KindRules } from "./builtin-rules.ts";

/** Keys and values together. */
const LIMIT_BYTES = 1024 * 1024;
const KEY = /^[-._a-zA-Z0-9]+$/;

/** What is wrong with the key of a ConfigMap or Secret. */
export function keyProblems(key: string): readonly string[] {
  const shape = KEY.test(key)
    ? []
    : [
        "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
      ];
  const length = key.length > 253 ? ["must be no more than 253 characters"] : [];
  const dots = key === "." ? ["must not be '.'"] : key === ".." ? ["must not be '..'"] : key.startsWith("..") ? ["must not start with '..'"] : [];
  return [...length, ...shape, ...dots];
}

function validate(configMap: JsonObject): readonly FieldFault[] {
  const data = textsAt(configMap, "data");
  const binary = textsAt(configMap, "binaryData");
  const faults: FieldFault[] = [];
  let sizeBytes = 0;
  for (const [key, value] of data) {
    faults.push(...keyProblems(key).map((says) => invalid(`data[${key}]`, key, says)));
    if (binary.has(key)) faults.push(invalid(`data[${key}]`, key, "duplicate of key present in binaryData"));
    sizeBytes += Buffer.byteLength(value);
  }
  for (const [key, value] of binary) {
    faults.push(...keyProblems(key).map((says) => invalid(`binaryData[${key}]`, key, says)));
    sizeBytes += Buffer.byteLength(value, "base64");
  }
  return sizeBytes > LIMIT_BYTES ? [...faults, tooLong("[]", LIMIT_BYTES)] : faults;
}

function validateUpdate(configMap: JsonObject, old: JsonObject): readonly FieldFault[] {
  if (valueAt(old, "immutable") !== true) return [];
  const kept = valueAt(configMap, "immutable") === true ? [] : [forbidden("immutable", "field is immutable when `immutable` is set")];
  const changed = ["data", "binaryData"].filter((key) => !equalJson(objectAt(configMap, key), objectAt(old, key)));
  return [...kept, ...changed.map((key) => forbidden(key, "field is immutable when `immutable` is set"))];
}

export const CONFIG_MAP_RULES: KindRules = { validate, validateUpdate };
