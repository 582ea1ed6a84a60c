import type { JsonObject } from "@plumb/std";
import { listAt, numberAt, objectAt, objectsAt, textAt, textsAt, valueAt } from "../draft.ts";
import { formatSelector, selectorOfObject } from "../select/label-selector.ts";
import { age, AGE_READER, countReader, humanDuration, NAME_READER, reader, textReader, type ColumnReader } from "./column.ts";

const READY = "Number of the pod with ready state";
const UPDATED = "Total number of non-terminating pods targeted by this deployment that have the desired template spec.";
const AVAILABLE = "Total number of available non-terminating pods (ready for at least minReadySeconds) targeted by this deployment.";
const SELECTOR =
  "Label selector for pods. Existing ReplicaSets whose pods are selected by this will be the ones affected by this deployment. It must match the pod template's labels.";

const orNone = (text: string): string => (text === "" ? "<none>" : text);

/** Names and images of the containers at `path`, and the selector. */
function wide(path: readonly string[], selectorDescription = ""): readonly ColumnReader[] {
  const joined = (key: string) => (object: JsonObject) =>
    objectsAt(object, ...path, "containers")
      .map((container) => textAt(container, key) ?? "")
      .join(",");
  return [
    reader("Containers", joined("name"), { description: "Names of each container in the template.", isWide: true }),
    reader("Images", joined("image"), { description: "Images referenced by each container in the template.", isWide: true }),
    reader("Selector", (object) => orNone(formatSelector(selectorOfObject(objectAt(object, "spec", "selector")) ?? [])), {
      description: selectorDescription,
      isWide: true,
    }),
  ];
}

const TEMPLATE = ["spec", "template", "spec"];

const ratio = (object: JsonObject): string => `${numberAt(object, "status", "readyReplicas") ?? 0}/${numberAt(object, "spec", "replicas") ?? 0}`;

function jobCompletions(job: JsonObject): string {
  const succeeded = numberAt(job, "status", "succeeded") ?? 0;
  const completions = numberAt(job, "spec", "completions");
  if (completions !== undefined) return `${succeeded}/${completions}`;
  const parallelism = numberAt(job, "spec", "parallelism") ?? 0;
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function jobStatus(job: JsonObject): string {
  const isSet = (type: string): boolean =>
    objectsAt(job, "status", "conditions").some((one) => textAt(one, "type") === type && textAt(one, "status") === "True");
  if (isSet("Complete")) return "Complete";
  if (isSet("Failed")) return "Failed";
  if (valueAt(job, "metadata", "deletionTimestamp") !== undefined) return "Terminating";
  return ["Suspended", "FailureTarget", "SuccessCriteriaMet"].find(isSet) ?? "Running";
}

function jobDuration(job: JsonObject, nowMs: number): string {
  const start = textAt(job, "status", "startTime");
  const end = textAt(job, "status", "completionTime");
  return start === undefined ? "" : humanDuration((end === undefined ? nowMs : Date.parse(end)) - Date.parse(start));
}

function podReady(pod: JsonObject): string {
  const ready = objectsAt(pod, "status", "containerStatuses").filter((one) => one["ready"] === true && objectAt(one, "state", "running") !== undefined).length;
  const sidecars = objectsAt(pod, "spec", "initContainers").filter((one) => textAt(one, "restartPolicy") === "Always").length;
  return `${ready}/${objectsAt(pod, "spec", "containers").length + sidecars}`;
}

function podStatus(pod: JsonObject): string {
  if (valueAt(pod, "metadata", "deletionTimestamp") !== undefined) return "Terminating";
  const states = objectsAt(pod, "status", "containerStatuses").toReversed();
  const reasons = states
    .flatMap((one) => [textAt(one, "state", "waiting", "reason") ?? textAt(one, "state", "terminated", "reason") ?? ""])
    .filter((one) => one !== "");
  return reasons.at(-1) ?? textAt(pod, "status", "reason") ?? textAt(pod, "status", "phase") ?? "";
}

const restarts = (pod: JsonObject): string =>
  String(objectsAt(pod, "status", "containerStatuses").reduce((sum, one) => sum + (numberAt(one, "restartCount") ?? 0), 0));

/** Columns of workloads, by collection. Source: pkg/printers/internalversion/printers.go. */
export const WORKLOAD_COLUMNS: Readonly<Record<string, readonly ColumnReader[]>> = {
  "/pods": [
    NAME_READER,
    reader("Ready", podReady, { description: "The aggregate readiness state of this pod for accepting traffic." }),
    reader("Status", podStatus, { description: "The aggregate status of the containers in this pod." }),
    reader("Restarts", restarts, {
      description: "The number of times the containers in this pod have been restarted and when the last container in this pod has restarted.",
    }),
    AGE_READER,
    textReader("IP", "status.podIP", "<none>", { isWide: true }),
    textReader("Node", "spec.nodeName", "<none>", { isWide: true }),
    textReader("Nominated Node", "status.nominatedNodeName", "<none>", { isWide: true }),
    reader("Readiness Gates", () => "<none>", { isWide: true }),
  ],
  "apps/deployments": [
    NAME_READER,
    reader("Ready", ratio, { description: READY }),
    countReader("Up-to-date", "status.updatedReplicas", { type: "string", description: UPDATED }),
    countReader("Available", "status.availableReplicas", { type: "string", description: AVAILABLE }),
    AGE_READER,
    ...wide(TEMPLATE, SELECTOR),
  ],
  "apps/replicasets": [
    NAME_READER,
    countReader("Desired", "spec.replicas"),
    countReader("Current", "status.replicas"),
    countReader("Ready", "status.readyReplicas"),
    AGE_READER,
    ...wide(TEMPLATE),
  ],
  "/replicationcontrollers": [
    NAME_READER,
    countReader("Desired", "spec.replicas"),
    countReader("Current", "status.replicas"),
    countReader("Ready", "status.readyReplicas"),
    AGE_READER,
    ...wide(TEMPLATE),
  ],
  "apps/statefulsets": [NAME_READER, reader("Ready", ratio, { description: READY }), AGE_READER, ...wide(TEMPLATE).slice(0, 2)],
  "apps/daemonsets": [
    NAME_READER,
    countReader("Desired", "status.desiredNumberScheduled"),
    countReader("Current", "status.currentNumberScheduled"),
    countReader("Ready", "status.numberReady"),
    countReader("Up-to-date", "status.updatedNumberScheduled"),
    countReader("Available", "status.numberAvailable"),
    reader("Node Selector", (object) => orNone([...textsAt(object, ...TEMPLATE, "nodeSelector")].map(([key, value]) => `${key}=${value}`).join(","))),
    AGE_READER,
    ...wide(TEMPLATE),
  ],
  "batch/jobs": [
    NAME_READER,
    reader("Status", jobStatus),
    reader("Completions", jobCompletions),
    reader("Duration", jobDuration),
    AGE_READER,
    ...wide(TEMPLATE),
  ],
  "batch/cronjobs": [
    NAME_READER,
    textReader("Schedule", "spec.schedule"),
    textReader("Timezone", "spec.timeZone", "<none>"),
    reader("Suspend", (object) => (valueAt(object, "spec", "suspend") === true ? "True" : "False"), { type: "boolean" }),
    reader("Active", (object) => listAt(object, "status", "active").length, { type: "integer" }),
    reader("Last Schedule", (object, nowMs) =>
      textAt(object, "status", "lastScheduleTime") === undefined ? "<none>" : age(textAt(object, "status", "lastScheduleTime"), nowMs),
    ),
    AGE_READER,
    ...wide(["spec", "jobTemplate", "spec", "template", "spec"]),
  ],
};
