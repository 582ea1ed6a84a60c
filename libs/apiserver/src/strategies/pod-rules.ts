import type { JsonObject } from "@plumb/std";
import { draftValue, draftsAt, equalJson, numberAt, objectAt, objectsAt, textAt, valueAt, within, without, type Draft } from "../draft.ts";
import { forbidden, forbiddenWrite, invalid, type FieldFault, type Named } from "../refusal.ts";
import type { WriteContext } from "../resource.ts";
import { validatePodSpec } from "../validation/pod-spec.ts";
import { podWarnings } from "../validation/pod-warnings.ts";
import type { KindRules } from "./builtin-rules.ts";

const NO_EXECUTE = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];

/** What the admission plug-ins DefaultTolerationSeconds and Priority add. */
function admit(spec: Draft, of: Named, context: WriteContext): void {
  tolerateForAWhile(spec);
  const className = textAt(spec, "priorityClassName") ?? "";
  const priorityClass = className === "" ? undefined : context.find("scheduling.k8s.io/priorityclasses", className);
  if (className !== "" && priorityClass === undefined) throw forbiddenWrite(of, `no PriorityClass with name ${className} was found`);
  const priority = numberAt(priorityClass, "value") ?? 0;
  const given = numberAt(spec, "priority");
  if (given !== undefined && given !== priority) {
    const says = `the integer value of priority (${given}) must not be provided in pod spec`;
    throw forbiddenWrite(of, `${says}; priority admission controller computed ${priority} from the given PriorityClass name`);
  }
  spec["priority"] = priority;
  spec["preemptionPolicy"] ??= textAt(priorityClass, "preemptionPolicy") ?? "PreemptLowerPriority";
}

function tolerateForAWhile(spec: Draft): void {
  const tolerations = draftsAt(spec, "tolerations");
  const missing = NO_EXECUTE.filter(
    (key) => !tolerations.some((one) => (one["key"] === key || one["key"] === undefined) && (one["effect"] === "NoExecute" || one["effect"] === undefined)),
  );
  const added = missing.map((key): Draft => ({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 }));
  if (added.length > 0) spec["tolerations"] = [...tolerations, ...added];
}

/** What an update leaves out of what was admitted, it keeps. */
function keepAdmitted(spec: Draft, old: JsonObject): void {
  tolerateForAWhile(spec);
  for (const key of ["priority", "preemptionPolicy"]) {
    const value = valueAt(old, "spec", key);
    if (spec[key] === undefined && value !== undefined) spec[key] = draftValue(value);
  }
}

/** Source: pkg/apis/core/v1/helper/qos `ComputePodQOS`. */
function qosClass(spec: JsonObject | undefined): string {
  const containers = [...objectsAt(spec, "containers"), ...objectsAt(spec, "initContainers")];
  const amounts = containers.map((one) => ({ requests: objectAt(one, "resources", "requests") ?? {}, limits: objectAt(one, "resources", "limits") ?? {} }));
  if (amounts.every(({ requests, limits }) => !hasAny(requests) && !hasAny(limits))) return "BestEffort";
  const isGuaranteed = amounts.every(({ requests, limits }) =>
    ["cpu", "memory"].every((key) => limits[key] !== undefined && (requests[key] === undefined || requests[key] === limits[key])),
  );
  return isGuaranteed ? "Guaranteed" : "Burstable";
}

const hasAny = (amounts: JsonObject): boolean => amounts["cpu"] !== undefined || amounts["memory"] !== undefined;

/** What may not change in a Pod: all but images, the deadline, added tolerations, a grace period below zero. */
function comparable(pod: JsonObject): JsonObject {
  const spec = objectAt(pod, "spec") ?? {};
  const bare = (list: string): readonly JsonObject[] => objectsAt(spec, list).map((one) => without(one, "image"));
  return {
    ...without(spec, "activeDeadlineSeconds", "tolerations"),
    containers: bare("containers"),
    initContainers: bare("initContainers"),
  };
}

const graceSeconds = (pod: JsonObject): number | undefined => numberAt(pod, "spec", "terminationGracePeriodSeconds");

function withGrace(pod: JsonObject, seconds: number): JsonObject {
  return { ...pod, spec: { ...objectAt(pod, "spec"), terminationGracePeriodSeconds: seconds } };
}

/** A deadline may only come closer. */
function deadlineFaults(pod: JsonObject, old: JsonObject): readonly FieldFault[] {
  const [now, before] = [numberAt(pod, "spec", "activeDeadlineSeconds"), numberAt(old, "spec", "activeDeadlineSeconds")];
  if (before === undefined || now === before) return [];
  if (now === undefined) return [invalid("spec.activeDeadlineSeconds", null, "must not update from a positive integer to nil value")];
  return now > before ? [invalid("spec.activeDeadlineSeconds", now, "must be less than or equal to previous value")] : [];
}

function tolerationFaults(pod: JsonObject, old: JsonObject): readonly FieldFault[] {
  const bare = (toleration: JsonObject): JsonObject => without(toleration, "tolerationSeconds");
  const now = objectsAt(pod, "spec", "tolerations").map(bare);
  const isKept = objectsAt(old, "spec", "tolerations").every((before) => now.some((one) => equalJson(one, bare(before))));
  return isKept ? [] : [forbidden("spec.tolerations", "existing toleration can not be modified except its tolerationSeconds")];
}

function validateUpdate(pod: JsonObject, old: JsonObject): readonly FieldFault[] {
  for (const list of ["containers", "initContainers"]) {
    if (objectsAt(pod, "spec", list).length !== objectsAt(old, "spec", list).length)
      return [forbidden(`spec.${list}`, "pod updates may not add or remove containers")];
  }
  const faults = [...deadlineFaults(pod, old), ...tolerationFaults(pod, old)];
  const isUntouched = equalJson(comparable(pod), comparable(graceSeconds(pod) === 1 && (graceSeconds(old) ?? 0) < 0 ? withGrace(old, 1) : old));
  if (faults.length > 0 || isUntouched) return faults;
  return [
    forbidden(
      "spec",
      "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)",
    ),
  ];
}

export const POD_RULES: KindRules = {
  generation: ["spec"],
  answersDeleted: true,
  deletesGracefully: true,
  statusKeeps: [["metadata", "ownerReferences"]],
  prepareCreate(draft, context) {
    const spec = within(draft, "spec");
    admit(spec, { group: "", resource: "pods", name: textAt(draft, "metadata", "name") ?? "" }, context);
    draft["status"] = { phase: "Pending", qosClass: qosClass(spec) };
  },
  prepareUpdate(draft, old) {
    keepAdmitted(within(draft, "spec"), old);
    const status = valueAt(old, "status");
    if (status !== undefined) draft["status"] = draftValue(status);
  },
  validate: (pod) => validatePodSpec(objectAt(pod, "spec"), "spec"),
  validateUpdate,
  warnings: (pod, old) => (old === undefined ? podWarnings(objectAt(pod, "spec"), "spec") : []),
};
