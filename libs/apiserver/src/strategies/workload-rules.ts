import type { JsonObject } from "@plumb/std";
import { equalJson, numberAt, objectAt, textAt, textsAt, valueAt, within, without, type Draft } from "../draft.ts";
import { forbidden, invalid, required, unsupported, type FieldFault } from "../refusal.ts";
import { matchesLabels, selectorOfObject } from "../select/label-selector.ts";
import { validatePodTemplate } from "../validation/pod-spec.ts";
import { podWarnings } from "../validation/pod-warnings.ts";
import type { KindRules } from "./builtin-rules.ts";
import { immutableFaults, labelSelectorFaults, longNameFaults, notNegative, oneOf, percentFaults } from "./field-faults.ts";
import { TEMPLATE_GENERATION } from "./workload-defaults.ts";

/** Selector and template, as every workload has them. */
function templateFaults(workload: JsonObject): readonly FieldFault[] {
  const selector = objectAt(workload, "spec", "selector");
  const template = objectAt(workload, "spec", "template");
  return [...selectorFaults(selector, textsAt(template, "metadata", "labels")), ...validatePodTemplate(template, "spec.template"), ...restartFaults(template)];
}

/** An empty selector, or one that means nothing, is told alone: nobody asks then whether it matches. */
function selectorFaults(selector: JsonObject | undefined, labels: ReadonlyMap<string, string>): readonly FieldFault[] {
  const unmatched = invalid("spec.template.metadata.labels", Object.fromEntries(labels), "`selector` does not match template `labels`");
  if (selector === undefined) return [required("spec.selector"), unmatched];
  const parsed = selectorOfObject(selector) ?? [];
  if (parsed.length === 0) return [invalid("spec.selector", selector, "empty selector is invalid for deployment")];
  const faults = labelSelectorFaults(selector, "spec.selector");
  if (faults.length > 0) return [...faults, invalid("spec.selector", selector, "invalid label selector")];
  return matchesLabels(parsed, labels) ? [] : [unmatched];
}

function restartFaults(template: JsonObject | undefined): readonly FieldFault[] {
  const policy = textAt(template, "spec", "restartPolicy") ?? "Always";
  return policy === "Always" ? [] : [unsupported("spec.template.spec.restartPolicy", policy, ["Always"])];
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
  return ["maxUnavailable", "maxSurge"].flatMap((key) => percentFaults(valueAt(rolling, key), `spec.strategy.rollingUpdate.${key}`, key === "maxUnavailable"));
}

/** A write that leaves the generation as it was is not warned again. */
function warnings(workload: JsonObject, old: JsonObject | undefined): readonly string[] {
  const isSame = old !== undefined && numberAt(workload, "metadata", "generation") === numberAt(old, "metadata", "generation");
  return isSame ? [] : podWarnings(objectAt(workload, "spec", "template", "spec"), "spec.template.spec");
}

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

function daemonStrategyFaults(strategy: JsonObject | undefined): readonly FieldFault[] {
  const type = textAt(strategy, "type") ?? "";
  if (type === "OnDelete") return [];
  if (type !== "RollingUpdate") return [unsupported("spec.updateStrategy", strategy ?? {}, ["RollingUpdate", "OnDelete"])];
  const rolling = objectAt(strategy, "rollingUpdate");
  const isZero = (key: string): boolean => ["0", "0%"].includes(String(valueAt(rolling, key) ?? 0));
  const field = "spec.updateStrategy.rollingUpdate";
  return [
    ...["maxUnavailable", "maxSurge"].flatMap((key) => percentFaults(valueAt(rolling, key), `${field}.${key}`, true)),
    ...(isZero("maxUnavailable") && isZero("maxSurge") ? [required(`${field}.maxUnavailable`, "cannot be 0 when maxSurge is 0")] : []),
    ...(isZero("maxUnavailable") || isZero("maxSurge")
      ? []
      : [invalid(`${field}.maxSurge`, valueAt(rolling, "maxSurge") ?? null, "may not be set when maxUnavailable is non-zero")]),
  ];
}

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
  validate: (daemonSet) => [
    ...templateFaults(daemonSet),
    ...daemonStrategyFaults(objectAt(daemonSet, "spec", "updateStrategy")),
    ...notNegative(daemonSet, MIN_READY, HISTORY),
  ],
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

function statefulFaults(statefulSet: JsonObject): readonly FieldFault[] {
  const policy = textAt(statefulSet, "spec", "podManagementPolicy") ?? "";
  const strategy = objectAt(statefulSet, "spec", "updateStrategy");
  const isKnown = ["RollingUpdate", "OnDelete"].includes(textAt(strategy, "type") ?? "");
  const retention = "persistentVolumeClaimRetentionPolicy";
  const hasMisplaced = textAt(strategy, "type") === "OnDelete" && objectAt(strategy, "rollingUpdate") !== undefined;
  return [
    ...(["OrderedReady", "Parallel"].includes(policy) ? [] : [invalid("spec.podManagementPolicy", policy, "must be 'OrderedReady' or 'Parallel'")]),
    ...(isKnown ? [] : [invalid("spec.updateStrategy", strategy ?? {}, "must be 'RollingUpdate' or 'OnDelete'")]),
    ...(hasMisplaced ? [invalid("spec.updateStrategy.rollingUpdate", {}, "only allowed for updateStrategy 'RollingUpdate'")] : []),
    ...notNegative(statefulSet, ["spec", "updateStrategy", "rollingUpdate", "partition"]),
    ...["whenDeleted", "whenScaled"].flatMap((key) =>
      oneOf(textAt(statefulSet, "spec", retention, key) ?? "", ["Retain", "Delete"], `spec.${retention}.${key}`),
    ),
    ...notNegative(statefulSet, ["spec", "ordinals", "start"]),
  ];
}

export const STATEFUL_SET_RULES: KindRules = {
  generation: ["spec"],
  // Its name is a label of its pods.
  validate: (statefulSet) => [
    ...longNameFaults(statefulSet, 63),
    ...statefulFaults(statefulSet),
    ...notNegative(statefulSet, REPLICAS, MIN_READY),
    ...templateFaults(statefulSet),
  ],
  validateUpdate: validateStatefulSetUpdate,
  warnings,
};
