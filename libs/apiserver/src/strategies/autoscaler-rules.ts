import type { JsonObject } from "@plumb/std";
import { numberAt, objectAt, textAt } from "../draft.ts";
import { invalid, required, type FieldFault } from "../refusal.ts";
import type { KindRules } from "./builtin-rules.ts";

function validate(autoscaler: JsonObject): readonly FieldFault[] {
  const max = numberAt(autoscaler, "spec", "maxReplicas") ?? 0;
  const min = numberAt(autoscaler, "spec", "minReplicas") ?? 1;
  const target = objectAt(autoscaler, "spec", "scaleTargetRef");
  return [
    ...(min < 1 ? [invalid("spec.minReplicas", min, "must be greater than or equal to 1")] : []),
    ...(max < 1 ? [invalid("spec.maxReplicas", max, "must be greater than 0")] : []),
    ...(max < min ? [invalid("spec.maxReplicas", max, "must be greater than or equal to `minReplicas`")] : []),
    ...["kind", "name"].filter((key) => (textAt(target, key) ?? "") === "").map((key) => required(`spec.scaleTargetRef.${key}`)),
  ];
}

export const AUTOSCALER_RULES: KindRules = { validate };
