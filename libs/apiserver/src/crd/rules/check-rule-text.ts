import type { JsonObject } from "@plumb/std";
import { textAt } from "../../draft.ts";
import { invalid, required, unsupported, type FieldFault } from "../../refusal.ts";
import { schemaAt, type JsonSchema } from "../prune.ts";
import { messageProblem, ruleProblem } from "./compile-rule.ts";

/** What is wrong with one of `x-kubernetes-validations`, before any value is checked by it. */
export function checkRuleText(rule: JsonObject, schema: JsonSchema, path: string): readonly FieldFault[] {
  const text = textAt(rule, "rule") ?? "";
  const problem = text.trim() === "" ? undefined : ruleProblem(text, schema);
  return [
    ...(text.trim() === "" ? [required(`${path}.rule`, "rule is not specified")] : []),
    ...(problem === undefined ? [] : [invalid(`${path}.rule`, text, problem)]),
    ...checkRuleMessage(rule, schema, path),
    ...checkRuleTarget(rule, schema, path),
  ];
}

function checkRuleMessage(rule: JsonObject, schema: JsonSchema, path: string): readonly FieldFault[] {
  const message = textAt(rule, "message");
  const expression = textAt(rule, "messageExpression") ?? "";
  const problem = expression === "" ? undefined : messageProblem(expression, schema);
  return [
    ...(message !== undefined && message.trim() === "" && message !== ""
      ? [invalid(`${path}.message`, message, "message must be non-empty if specified")]
      : []),
    ...(message?.includes("\n") === true ? [invalid(`${path}.message`, message, "must not contain line breaks")] : []),
    ...(problem === undefined ? [] : [invalid(`${path}.messageExpression`, expression, problem)]),
  ];
}

const RULE_REASONS = ["FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired"];

/** What a broken rule is told as, and of which field. */
function checkRuleTarget(rule: JsonObject, schema: JsonSchema, path: string): readonly FieldFault[] {
  const reason = textAt(rule, "reason");
  const target = textAt(rule, "fieldPath") ?? "";
  const [, first = ""] = /^\.([^.[]+)/.exec(target) ?? [];
  const isKnown = target === "" || target.startsWith("[") || schemaAt(schema, "properties", first) !== undefined;
  return [
    ...(reason === undefined || RULE_REASONS.includes(reason) ? [] : [unsupported(`${path}.reason`, reason, RULE_REASONS)]),
    ...(isKnown ? [] : [invalid(`${path}.fieldPath`, target, "must be a valid path")]),
  ];
}
