import type { JsonObject } from "@plumb/std";
import { numberAt } from "../draft.ts";
import { invalid, type FieldFault } from "../refusal.ts";
import type { KindRules } from "./builtin-rules.ts";

function validateLease(lease: JsonObject): readonly FieldFault[] {
  const seconds = numberAt(lease, "spec", "leaseDurationSeconds");
  const transitions = numberAt(lease, "spec", "leaseTransitions");
  return [
    ...(seconds !== undefined && seconds <= 0 ? [invalid("spec.leaseDurationSeconds", seconds, "must be greater than 0")] : []),
    ...(transitions !== undefined && transitions < 0 ? [invalid("spec.leaseTransitions", transitions, "must be greater than or equal to 0")] : []),
  ];
}

export const LEASE_RULES: KindRules = { createsOnUpdate: true, needsVersion: true, validate: validateLease };
