import type { JsonObject } from "@plumb/std";
import { equalJson, numberAt, objectAt, textAt, textsAt, valueAt, within, without, type Draft } from "../draft.ts";
import { forbidden, invalid, required, unsupported, type FieldFault } from "../refusal.ts";
import { matchesLabels, selectorOfObject } from "../select/label-selector.ts";
import { podWarnings, validatePodTemplate } from "../validation/pod-spec.ts";
import type { KindRules } from "./builtin-rules.ts";
import { immutableFaults } from "./metadata-kind-rules.ts";
import { TEMPLATE_GENERATION } from "./workload-defaults.ts";

/** Selector and template, as every workload has them. */
function templateFaults(workload: JsonObject): readonly FieldFault[] {
  const selector = objectAt(workload, "spec", "selector");
  const template = objectAt(workload, "spec", "template");
  const labels = textsAt(template, "metadata", "labels");
  const parsed = selectorOfObject(selector);
  const isEmpty = parsed !== undefined && parsed.length === 0;
  const matches = parsed !== undefined && !isEmpty && matchesLabels(parsed, labels);
  return [
    ...(selector === undefined ? [required("spec.selector")] : isEmpty ? [invalid("spec.selector", selector, "empty selector is invalid for deployment")] : []),
    ...(matches ? [] : [invalid("spec.template.metadata.labels", Object.fromEntries(labels), "`selector` does not match template `labels`")]),
    ...validatePodTemplate(template, "spec.template"),
    ...restartFaults(template),
  ];
}

function restartFaults(template: JsonObject | undefined): readonly FieldFault[] {
  const policy = textAt(template, "spec", "restartPolicy") ?? "Always";
  return policy === "Always" ? [] : [unsupported("spec.template.spec.restartPolicy", policy, ["Always"])];
}

function notNegative(workload: JsonObject, ...paths: readonly (readonly string[])[]): readonly FieldFault[] {
  return paths.flatMap((path) => {
    const value = numberAt(workload, ...path);
    return value !== undefined && value < 0 ? [invalid(path.join("."), value, "must be greater than or equal to 0")] : [];
  });
}

const REPLICAS = ["spec", "replicas"] as const;
const MIN_READY = ["spec", "minReadySeconds"] as const;
const HISTORY = ["spec", "revisionHistoryLimit"] as const;

function validateDeployment(deployment: JsonObject): readonly FieldFault[] {
  const deadline = numberAt(deployment, "spec", "progressDeadlineSeconds");
  const minReady = numberAt(deployment, "spec", "minReadySeconds") ?? 0;
  return [
    ...notNegative(deployment, REPLICAS),
    ...templateFaults(deployment),
    ...strategyFaults(objectAt(deployment, "spec", "strategy")),
    ...notNegative(deployment, MIN_READY, HISTORY),
    ...(deadline !== undefined && deadline <= minReady ? [invalid("spec.progressDeadlineSeconds", deadline, "must be greater than minReadySeconds")] : []),
  ];
}

function strategyFaults(strategy: JsonObject | undefined): readonly FieldFault[] {
  const type = textAt(strategy, "type") ?? "";
  const rolling = objectAt(strategy, "rollingUpdate");
  if (type === "Recreate")
    return rolling === undefined ? [] : [forbidden("spec.strategy.rollingUpdate", "may not be specified when strategy `type` is 'Recreate'")];
  if (type !== "RollingUpdate") return [unsupported("spec.strategy", strategy ?? {}, ["Recreate", "RollingUpdate"])];
  const isZero = (key: string): boolean => ["0", "0%"].includes(String(valueAt(rolling, key) ?? 0));
  if (isZero("maxUnavailable") && isZero("maxSurge")) {
    return [invalid("spec.strategy.rollingUpdate.maxUnavailable", valueAt(rolling, "maxUnavailable") ?? 0, "may not be 0 when `maxSurge` is 0")];
  }
  return ["maxUnavailable", "maxSurge"].flatMap((key) => percentFaults(valueAt(rolling, key), `spec.strategy.rollingUpdate.${key}`));
}

function percentFaults(value: unknown, field: string): readonly FieldFault[] {
  if (typeof value === "number") return value < 0 ? [invalid(field, value, "must be greater than or equal to 0")] : [];
  if (typeof value !== "string" || /^\d+%$/.test(value)) return [];
  return [
    invalid(
      field,
      value,
      "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
    ),
  ];
}

const warnings = (workload: JsonObject): readonly string[] => podWarnings(objectAt(workload, "spec", "template", "spec"), "spec.template.spec");

const SELECTOR = ["spec", "selector"] as const;

const COUNTS = ["replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas"];

function validateDeploymentStatus(deployment: JsonObject): readonly FieldFault[] {
  const count = (key: string): number => numberAt(deployment, "status", key) ?? 0;
  const negative = COUNTS.filter((key) => count(key) < 0).map((key) => invalid(`status.${key}`, count(key), "must be greater than or equal to 0"));
  const beyond = ["updatedReplicas", "readyReplicas", "availableReplicas"].filter((key) => count(key) > count("replicas"));
  return [
    ...negative,
    ...beyond.map((key) => invalid(`status.${key}`, count(key), "cannot be greater than status.replicas")),
    ...(count("availableReplicas") > count("readyReplicas")
      ? [invalid("status.availableReplicas", count("availableReplicas"), "cannot be greater than readyReplicas")]
      : []),
  ];
}

export const DEPLOYMENT_RULES: KindRules = {
  validateStatus: validateDeploymentStatus,
  generation: ["spec", "metadata.annotations"],
  statusKeeps: [["metadata", "labels"]],
  validate: validateDeployment,
  validateUpdate: (deployment, old) => immutableFaults(deployment, old, SELECTOR),
  warnings,
};

export const REPLICA_SET_RULES: KindRules = {
  generation: ["spec"],
  validate: (replicaSet) => [...notNegative(replicaSet, REPLICAS, MIN_READY), ...templateFaults(replicaSet)],
  validateUpdate: (replicaSet, old) => immutableFaults(replicaSet, old, SELECTOR),
  warnings,
};

function setTemplateGeneration(daemonSet: Draft, generation: number): void {
  within(within(daemonSet, "metadata"), "annotations")[TEMPLATE_GENERATION] = String(generation);
}

export const DAEMON_SET_RULES: KindRules = {
  generation: ["spec"],
  prepareCreate: (daemonSet) => setTemplateGeneration(daemonSet, 1),
  prepareUpdate(daemonSet, old) {
    const before = Number(textsAt(old, "metadata", "annotations").get(TEMPLATE_GENERATION) ?? 1);
    const isSame = equalJson(valueAt(daemonSet, "spec", "template"), valueAt(old, "spec", "template"));
    setTemplateGeneration(daemonSet, isSame ? before : before + 1);
  },
  validate: (daemonSet) => [...templateFaults(daemonSet), ...notNegative(daemonSet, MIN_READY, HISTORY)],
  validateUpdate: (daemonSet, old) => immutableFaults(daemonSet, old, SELECTOR),
  warnings,
};

/** Everything else in the spec of a StatefulSet is fixed. */
const STATEFUL_SET_MUTABLE = [
  "replicas",
  "ordinals",
  "template",
  "updateStrategy",
  "revisionHistoryLimit",
  "persistentVolumeClaimRetentionPolicy",
  "minReadySeconds",
];

function validateStatefulSetUpdate(statefulSet: JsonObject, old: JsonObject): readonly FieldFault[] {
  const fixed = (object: JsonObject): JsonObject => without(objectAt(object, "spec") ?? {}, ...STATEFUL_SET_MUTABLE);
  if (equalJson(fixed(statefulSet), fixed(old))) return [];
  return [
    forbidden(
      "spec",
      "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
    ),
  ];
}

export const STATEFUL_SET_RULES: KindRules = {
  generation: ["spec"],
  validate: (statefulSet) => [...notNegative(statefulSet, REPLICAS, MIN_READY), ...templateFaults(statefulSet)],
  validateUpdate: validateStatefulSetUpdate,
  warnings,
};
