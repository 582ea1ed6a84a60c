import type { JsonObject } from "@plumb/std";
import { draftValue, draftsAt, equalJson, numberAt, objectAt, objectsAt, textAt, valueAt, within, without, type Draft } from "../draft.ts";
import { forbidden, type FieldFault } from "../refusal.ts";
import type { WriteContext } from "../resource.ts";
import { podWarnings, validatePodSpec } from "../validation/pod-spec.ts";
import type { KindRules } from "./builtin-rules.ts";

const NO_EXECUTE = ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"];

/** What the admission plug-ins DefaultTolerationSeconds and Priority add. */
function admit(spec: Draft, context: WriteContext): void {
  const tolerations = draftsAt(spec, "tolerations");
  const missing = NO_EXECUTE.filter(
    (key) => !tolerations.some((one) => (one["key"] === key || one["key"] === undefined) && (one["effect"] === "NoExecute" || one["effect"] === undefined)),
  );
  const added = missing.map((key): Draft => ({ key, operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 }));
  if (added.length > 0) spec["tolerations"] = [...tolerations, ...added];
  const className = textAt(spec, "priorityClassName") ?? "";
  const priorityClass = className === "" ? undefined : context.find("scheduling.k8s.io/priorityclasses", className);
  spec["priority"] = numberAt(priorityClass, "value") ?? 0;
  spec["preemptionPolicy"] ??= textAt(priorityClass, "preemptionPolicy") ?? "PreemptLowerPriority";
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

/** What may change in a Pod: images, the deadline, added tolerations, a shorter grace period. */
function comparable(pod: JsonObject): JsonObject {
  const spec = objectAt(pod, "spec") ?? {};
  const bare = (list: string): readonly JsonObject[] => objectsAt(spec, list).map((one) => without(one, "image"));
  return {
    ...without(spec, "activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds", "nodeName", "schedulingGates"),
    containers: bare("containers"),
    initContainers: bare("initContainers"),
  };
}

function validateUpdate(pod: JsonObject, old: JsonObject): readonly FieldFault[] {
  for (const list of ["containers", "initContainers"]) {
    if (objectsAt(pod, "spec", list).length !== objectsAt(old, "spec", list).length)
      return [forbidden(`spec.${list}`, "pod updates may not add or remove containers")];
  }
  if (equalJson(comparable(pod), comparable(old))) return [];
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
    admit(spec, context);
    draft["status"] = { phase: "Pending", qosClass: qosClass(spec) };
  },
  prepareUpdate(draft, old) {
    const status = valueAt(old, "status");
    if (status !== undefined) draft["status"] = draftValue(status);
  },
  validate: (pod) => validatePodSpec(objectAt(pod, "spec"), "spec"),
  validateUpdate,
  warnings: (pod, old) => (old === undefined ? podWarnings(objectAt(pod, "spec"), "spec") : []),
};
