import type { JsonObject } from "@plumb/std";
import { objectAt, textAt, valueAt } from "../draft.ts";
import { invalid, type FieldFault } from "../refusal.ts";
import type { KindRules } from "./builtin-rules.ts";
import { labelSelectorFaults, oneOf, percentFaults } from "./field-faults.ts";

function validate(budget: JsonObject): readonly FieldFault[] {
  const spec = objectAt(budget, "spec");
  const [min, max] = [valueAt(spec, "minAvailable"), valueAt(spec, "maxUnavailable")];
  if (min !== undefined && max !== undefined) return [invalid("spec", spec ?? {}, "minAvailable and maxUnavailable cannot be both set")];
  return [
    ...percentFaults(min, "spec.minAvailable", true),
    ...percentFaults(max, "spec.maxUnavailable", true),
    ...oneOf(textAt(spec, "unhealthyPodEvictionPolicy") ?? "AlwaysAllow", ["AlwaysAllow", "IfHealthyBudget"], "spec.unhealthyPodEvictionPolicy"),
    ...labelSelectorFaults(objectAt(spec, "selector"), "spec.selector"),
  ];
}

export const DISRUPTION_RULES: KindRules = { generation: ["spec"], needsVersion: true, validate };
