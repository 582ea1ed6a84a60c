import type { JsonObject } from "@plumb/std";
import { listAt, numberAt, objectAt, objectsAt, textAt, valueAt } from "../draft.ts";
import { invalid, required, unsupported, type FieldFault } from "../refusal.ts";
import type { KindRules } from "./builtin-rules.ts";
import { oneOf } from "./field-faults.ts";

function validate(autoscaler: JsonObject): readonly FieldFault[] {
  const max = numberAt(autoscaler, "spec", "maxReplicas") ?? 0;
  const min = numberAt(autoscaler, "spec", "minReplicas") ?? 1;
  return [
    ...(min < 1 ? [invalid("spec.minReplicas", min, "must be greater than or equal to 1")] : []),
    ...(max < 1 ? [required("spec.maxReplicas", "must be set and greater than 0")] : []),
    ...(max < min ? [invalid("spec.maxReplicas", max, "must be greater than or equal to `minReplicas`")] : []),
    ...targetFaults(objectAt(autoscaler, "spec", "scaleTargetRef")),
    ...objectsAt(autoscaler, "spec", "metrics").flatMap((metric, index) => metricFaults(metric, `spec.metrics[${index}]`)),
    ...["scaleUp", "scaleDown"].flatMap((key) => behaviorFaults(objectAt(autoscaler, "spec", "behavior", key), `spec.behavior.${key}`)),
  ];
}

function targetFaults(target: JsonObject | undefined): readonly FieldFault[] {
  const missing = ["kind", "name"].filter((key) => (textAt(target, key) ?? "") === "").map((key) => required(`spec.scaleTargetRef.${key}`));
  const apiVersion = textAt(target, "apiVersion") ?? "";
  return apiVersion === "" ? [...missing, invalid("spec.scaleTargetRef.apiVersion", "", "apiVersion must specify API group")] : missing;
}

/** Where each type of metric is described. */
const SOURCES: Readonly<Record<string, string>> = {
  ContainerResource: "containerResource",
  External: "external",
  Object: "object",
  Pods: "pods",
  Resource: "resource",
};

function metricFaults(metric: JsonObject, field: string): readonly FieldFault[] {
  const type = textAt(metric, "type") ?? "";
  const key = SOURCES[type];
  if (key === undefined) return [unsupported(`${field}.type`, type, Object.keys(SOURCES))];
  const source = objectAt(metric, key);
  if (source === undefined) return [required(`${field}.${key}`, "must populate information for the given metric source")];
  if (key !== "resource") return [];
  const target = objectAt(source, "target");
  const hasValue = ["averageUtilization", "averageValue"].some((one) => valueAt(target, one) !== undefined);
  return hasValue ? [] : [required(`${field}.resource.target.averageUtilization`, "must set either a target raw value or a target utilization")];
}

function behaviorFaults(rules: JsonObject | undefined, field: string): readonly FieldFault[] {
  if (rules === undefined) return [];
  const seconds = numberAt(rules, "stabilizationWindowSeconds") ?? 0;
  return [
    ...(seconds < 0 ? [invalid(`${field}.stabilizationWindowSeconds`, seconds, "must be greater than or equal to zero")] : []),
    ...(seconds > 3600 ? [invalid(`${field}.stabilizationWindowSeconds`, seconds, "must be less than or equal to 3600")] : []),
    ...oneOf(textAt(rules, "selectPolicy") ?? "Max", ["Disabled", "Max", "Min"], `${field}.selectPolicy`),
    ...(listAt(rules, "policies").length === 0 ? [required(`${field}.policies`, "must specify at least one Policy")] : []),
  ];
}

export const AUTOSCALER_RULES: KindRules = { validate };
