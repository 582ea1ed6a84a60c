import { isObject, type JsonObject, type JsonValue } from "@plumb/std";
import { equalJson, listAt, objectsAt, textAt } from "../../draft.ts";
import { invalid, type FaultReason, type FieldFault } from "../../refusal.ts";
import { schemaAt, type JsonSchema } from "../prune.ts";
import { evaluateRule, mentions, namesFor, RuleError, UnknownFunction } from "./evaluate-rule.ts";
import { parseRule, type Expression } from "./parse-rule.ts";

const parsed = new Map<string, Expression | undefined>();

function parsedRule(text: string): Expression | undefined {
  if (parsed.has(text)) return parsed.get(text);
  let expression: Expression | undefined;
  try {
    expression = parseRule(text);
  } catch {
    expression = undefined;
  }
  if (parsed.size > 1000) parsed.clear();
  parsed.set(text, expression);
  return expression;
}

/**
 * Checks `x-kubernetes-validations` at every level of an object. A value that has not changed is not held against the writer;
 * a rule that uses what this evaluator does not know is not checked.
 */
export function checkRules(value: JsonValue, old: JsonValue | undefined, schema: JsonSchema, path = ""): readonly FieldFault[] {
  if (value === null || (old !== undefined && equalJson(value, old))) return [];
  const own = objectsAt(schema, "x-kubernetes-validations").flatMap((rule) => checkRule(rule, value, old, path));
  return [...own, ...checkMembers(value, old, schema, path)];
}

function checkMembers(value: JsonValue, old: JsonValue | undefined, schema: JsonSchema, path: string): readonly FieldFault[] {
  if (Array.isArray(value)) {
    const items = schemaAt(schema, "items");
    const keys = listAt(schema, "x-kubernetes-list-map-keys").map(String);
    const before: readonly JsonValue[] = Array.isArray(old) ? old : [];
    const twin = (item: JsonValue): JsonValue | undefined =>
      keys.length === 0 ? undefined : before.find((other) => keys.every((key) => equalJson(keyed(item, key), keyed(other, key))));
    return items === undefined ? [] : value.flatMap((item: JsonValue, index) => checkRules(item, twin(item), items, `${path}[${index}]`));
  }
  if (!isObject(value)) return [];
  const properties = schemaAt(schema, "properties");
  const values = schemaAt(schema, "additionalProperties");
  return Object.entries(value).flatMap(([key, member]) => {
    const known = schemaAt(properties, key) ?? values;
    if (known === undefined || member === undefined) return [];
    return checkRules(member, isObject(old) ? old[key] : undefined, known, path === "" ? key : `${path}.${key}`);
  });
}

const keyed = (value: JsonValue, key: string): JsonValue | undefined => (isObject(value) ? value[key] : undefined);

function checkRule(rule: JsonObject, value: JsonValue, old: JsonValue | undefined, path: string): readonly FieldFault[] {
  const text = textAt(rule, "rule") ?? "";
  const expression = parsedRule(text);
  if (expression === undefined || (old === undefined && mentions(expression, "oldSelf"))) return [];
  const at = `${path}${textAt(rule, "fieldPath") ?? ""}`;
  try {
    if (evaluateRule(expression, namesFor(value, old)) === true) return [];
    return [ruleFault(rule, text, value, old, at === "" ? "<nil>" : at)];
  } catch (thrown) {
    if (thrown instanceof UnknownFunction) return [];
    if (thrown instanceof RuleError) return [invalid(at, "", `rule evaluation error: ${thrown.message}`)];
    throw thrown;
  }
}

const REASONS: Readonly<Record<string, FaultReason>> = {
  FieldValueInvalid: "FieldValueInvalid",
  FieldValueForbidden: "FieldValueForbidden",
  FieldValueRequired: "FieldValueRequired",
  FieldValueDuplicate: "FieldValueDuplicate",
};

const HEADS: Readonly<Partial<Record<FaultReason, string>>> = {
  FieldValueForbidden: "Forbidden",
  FieldValueRequired: "Required value",
  FieldValueDuplicate: "Duplicate value",
  FieldValueInvalid: "Invalid value",
};

function ruleFault(rule: JsonObject, text: string, value: JsonValue, old: JsonValue | undefined, field: string): FieldFault {
  const reason = REASONS[textAt(rule, "reason") ?? ""] ?? "FieldValueInvalid";
  const says = messageOf(rule, value, old) ?? textAt(rule, "message") ?? `failed rule: ${text}`;
  return { field, reason, message: `${HEADS[reason] ?? "Invalid value"}: ${says}` };
}

function messageOf(rule: JsonObject, value: JsonValue, old: JsonValue | undefined): string | undefined {
  const expression = parsedRule(textAt(rule, "messageExpression") ?? "");
  if (expression === undefined) return undefined;
  try {
    const says = evaluateRule(expression, namesFor(value, old));
    return typeof says === "string" && says.trim() !== "" ? says : undefined;
  } catch (thrown) {
    if (thrown instanceof RuleError || thrown instanceof UnknownFunction) return undefined;
    throw thrown;
  }
}
