import type { JsonObject } from "@plumb/std";
import { numberAt, objectAt, textAt } from "../draft.ts";
import { forbidden, invalid, required, type FieldFault } from "../refusal.ts";
import { nameProblems } from "../validation/names.ts";
import type { KindRules } from "./builtin-rules.ts";
import { immutableFaults, oneOf } from "./field-faults.ts";

/** Kinds that describe a class of things: storage, priority, ingress, runtime. */
export const STORAGE_CLASS_RULES: KindRules = {
  answersDeleted: true,
  validate: (storageClass) => [
    ...missing(storageClass, "provisioner"),
    ...oneOf(textAt(storageClass, "reclaimPolicy") ?? "", ["Delete", "Retain"], "reclaimPolicy"),
    ...oneOf(textAt(storageClass, "volumeBindingMode") ?? "", ["Immediate", "WaitForFirstConsumer"], "volumeBindingMode"),
  ],
  validateUpdate: (storageClass, old) =>
    ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"].flatMap((key) =>
      immutableFaults(storageClass, old, [key]).map(({ field }) => forbidden(field, `updates to ${field} are forbidden.`)),
    ),
};

const HIGHEST_USER_PRIORITY = 1_000_000_000;

export const PRIORITY_CLASS_RULES: KindRules = {
  generation: [],
  validate(priorityClass) {
    const value = numberAt(priorityClass, "value") ?? 0;
    const isOwn = (textAt(priorityClass, "metadata", "name") ?? "").startsWith("system-");
    const tooHigh = value > HIGHEST_USER_PRIORITY && !isOwn;
    return [
      ...(tooHigh ? [forbidden("value", `maximum allowed value of a user defined priority is ${HIGHEST_USER_PRIORITY}`)] : []),
      ...oneOf(textAt(priorityClass, "preemptionPolicy") ?? "", ["PreemptLowerPriority", "Never"], "preemptionPolicy"),
    ];
  },
  validateUpdate: (priorityClass, old) => [
    ...immutableFaults(priorityClass, old, ["value"]).map(() => forbidden("value", "may not be changed in an update.")),
    ...immutableFaults(priorityClass, old, ["preemptionPolicy"]),
  ],
};

export const INGRESS_CLASS_RULES: KindRules = {
  generation: ["spec"],
  validate: (ingressClass) => missing(objectAt(ingressClass, "spec"), "controller", "spec.controller"),
  validateUpdate: (ingressClass, old) => immutableFaults(ingressClass, old, ["spec", "controller"]),
};

export const RUNTIME_CLASS_RULES: KindRules = {
  createsOnUpdate: true,
  needsVersion: true,
  validate(runtimeClass) {
    const handler = textAt(runtimeClass, "handler") ?? "";
    return handler === "" ? [required("handler")] : nameProblems(handler, "label").map((says) => invalid("handler", handler, says));
  },
  validateUpdate: (runtimeClass, old) => immutableFaults(runtimeClass, old, ["handler"]),
};

function missing(object: JsonObject | undefined, key: string, field = key): readonly FieldFault[] {
  return (textAt(object, key) ?? "") === "" ? [required(field)] : [];
}
