import type { JsonObject, JsonValue } from "@plumb/std";
import { equalJson, listAt, numberAt, objectsAt, textAt, textsAt, valueAt } from "../draft.ts";
import { forbidden, invalid, required, unsupported, type FieldFault } from "../refusal.ts";
import { labelValueProblems, qualifiedNameProblems } from "../validation/names.ts";

/** A fault for each number at `paths` that is below zero. */
export function notNegative(object: JsonObject, ...paths: readonly (readonly string[])[]): readonly FieldFault[] {
  return paths.flatMap((path) => {
    const value = numberAt(object, ...path);
    return value !== undefined && value < 0 ? [invalid(path.join("."), value, "must be greater than or equal to 0")] : [];
  });
}

/** A name that has to leave room for what is made of it. */
export function longNameFaults(object: JsonObject, limit: number): readonly FieldFault[] {
  const name = textAt(object, "metadata", "name") ?? "";
  return name.length > limit ? [invalid("metadata.name", name, `must be no more than ${limit} characters`)] : [];
}

/** An `immutable` fault for each of `paths` that differs. */
export function immutableFaults(object: JsonObject, old: JsonObject, ...paths: readonly (readonly string[])[]): readonly FieldFault[] {
  return paths
    .filter((path) => !equalJson(valueAt(object, ...path), valueAt(old, ...path)))
    .map((path) => invalid(path.join("."), valueAt(object, ...path) ?? null, "field is immutable"));
}

export function oneOf(value: string, allowed: readonly string[], field: string): readonly FieldFault[] {
  return allowed.includes(value) ? [] : [unsupported(field, value, allowed)];
}

/** A number, or a percentage of at most a hundred where `isCapped`. Source: `ValidatePositiveIntOrPercent`, `IsNotMoreThan100Percent`. */
export function percentFaults(value: JsonValue | undefined, field: string, isCapped = false): readonly FieldFault[] {
  if (typeof value === "number") return value < 0 ? [invalid(field, value, "must be greater than or equal to 0")] : [];
  if (typeof value !== "string") return [];
  const says = "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')";
  if (!/^\d+%$/.test(value)) return [invalid(field, value, says)];
  return isCapped && Number.parseInt(value, 10) > 100 ? [invalid(field, value, "must not be greater than 100%")] : [];
}

/** What is wrong with a label selector by itself. Source: `ValidateLabelSelector` of apimachinery's meta/v1. */
export function labelSelectorFaults(selector: JsonObject | undefined, field: string): readonly FieldFault[] {
  const exact = [...textsAt(selector, "matchLabels")].flatMap(([key, value]) => [
    ...qualifiedNameProblems(key).map((says) => invalid(`${field}.matchLabels`, key, says)),
    ...labelValueProblems(value).map((says) => invalid(`${field}.matchLabels`, value, says)),
  ]);
  return [...exact, ...objectsAt(selector, "matchExpressions").flatMap((one, index) => expressionFaults(one, `${field}.matchExpressions[${index}]`))];
}

function expressionFaults(expression: JsonObject, field: string): readonly FieldFault[] {
  const operator = textAt(expression, "operator") ?? "";
  const values = listAt(expression, "values");
  return [
    ...operatorFaults(operator, values, field),
    ...qualifiedNameProblems(textAt(expression, "key") ?? "").map((says) => invalid(`${field}.key`, textAt(expression, "key") ?? "", says)),
    ...values.flatMap((value, index) => labelValueProblems(String(value)).map((says) => invalid(`${field}.values[${index}]`, value, says))),
  ];
}

function operatorFaults(operator: string, values: readonly JsonValue[], field: string): readonly FieldFault[] {
  if (operator === "In" || operator === "NotIn")
    return values.length > 0 ? [] : [required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'")];
  if (operator === "Exists" || operator === "DoesNotExist")
    return values.length === 0 ? [] : [forbidden(`${field}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")];
  return [invalid(`${field}.operator`, operator, "not a valid selector operator")];
}
