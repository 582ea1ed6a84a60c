import type { JsonObject } from "@plumb/std";
import { draftValue, equalJson, numberAt, objectAt, textAt, textsAt, valueAt, within, type Draft } from "../draft.ts";
import { invalid, required, unsupported, type FieldFault } from "../refusal.ts";
import { matchesLabels, selectorOfObject } from "../select/label-selector.ts";
import { validatePodTemplate } from "../validation/pod-spec.ts";
import { podWarnings } from "../validation/pod-warnings.ts";
import type { KindRules } from "./builtin-rules.ts";
import { immutableFaults, labelSelectorFaults, longNameFaults, notNegative, oneOf } from "./field-faults.ts";

/** What the server puts on the pods of a Job. */
function ownLabels(job: JsonObject): Readonly<Record<string, string>> {
  const uid = textAt(job, "metadata", "uid") ?? "";
  const name = textAt(job, "metadata", "name") ?? "";
  return { "controller-uid": uid, "job-name": name, "batch.kubernetes.io/controller-uid": uid, "batch.kubernetes.io/job-name": name };
}

/** A Job without a selector of its own selects by its uid. Source: `generateSelector` in pkg/registry/batch/job. */
function selectByUid(job: Draft): void {
  const spec = within(job, "spec");
  if (spec["manualSelector"] === true) return;
  const uid = textAt(job, "metadata", "uid") ?? "";
  const template = within(within(spec, "template"), "metadata");
  const wereShared = equalJson(objectAt(job, "metadata", "labels"), objectAt(template, "labels"));
  const labels = within(template, "labels");
  for (const [key, value] of Object.entries(ownLabels(job))) labels[key] ??= value;
  const matchLabels = within(within(spec, "selector"), "matchLabels");
  matchLabels["batch.kubernetes.io/controller-uid"] = uid;
  // Labels default to those of the template, and are then the very same map.
  const metadata = within(job, "metadata");
  if (wereShared || Object.keys(objectAt(metadata, "labels") ?? {}).length === 0) metadata["labels"] = draftValue(labels);
}

function templateFaults(template: JsonObject | undefined, field: string): readonly FieldFault[] {
  const policy = textAt(template, "spec", "restartPolicy") ?? "";
  const restart =
    policy === "OnFailure" || policy === "Never"
      ? []
      : policy === "Always" || policy === ""
        ? [required(`${field}.spec.restartPolicy`, 'valid values: "OnFailure", "Never"')]
        : [unsupported(`${field}.spec.restartPolicy`, policy, ["OnFailure", "Never"])];
  return [...validatePodTemplate(template, field), ...restart];
}

function validateJob(job: JsonObject): readonly FieldFault[] {
  return [...generatedFaults(job), ...specFaults(job)];
}

const COUNTS = ["parallelism", "completions", "backoffLimit", "activeDeadlineSeconds", "ttlSecondsAfterFinished"];

function specFaults(job: JsonObject): readonly FieldFault[] {
  const template = objectAt(job, "spec", "template");
  const labels = textsAt(template, "metadata", "labels");
  const selector = selectorOfObject(objectAt(job, "spec", "selector"));
  const mode = textAt(job, "spec", "completionMode") ?? "NonIndexed";
  const isMatch = selector !== undefined && matchesLabels(selector, labels);
  return [
    ...notNegative(job, ...COUNTS.map((key) => ["spec", key])),
    ...(selector === undefined ? [required("spec.selector")] : labelSelectorFaults(objectAt(job, "spec", "selector"), "spec.selector")),
    ...oneOf(mode, ["NonIndexed", "Indexed"], "spec.completionMode"),
    ...(mode === "Indexed" && numberAt(job, "spec", "completions") === undefined ? [required("spec.completions", "when completion mode is Indexed")] : []),
    ...(isMatch ? [] : [invalid("spec.template.metadata.labels", Object.fromEntries(labels), "`selector` does not match template `labels`")]),
    ...templateFaults(template, "spec.template"),
  ];
}

/** A selector that the server makes is left as it is made. Source: `validateGeneratedSelector`. */
function generatedFaults(job: JsonObject): readonly FieldFault[] {
  const selector = objectAt(job, "spec", "selector");
  if (valueAt(job, "spec", "manualSelector") === true || selector === undefined) return [];
  const uid = textAt(job, "metadata", "uid") ?? "";
  const labels = textsAt(job, "spec", "template", "metadata", "labels");
  const missing = Object.keys(ownLabels(job)).filter((key) => !labels.has(key));
  const isGenerated = equalJson(selector, { matchLabels: { "batch.kubernetes.io/controller-uid": uid } });
  return [
    ...missing.map((key) => required(`spec.template.metadata.labels[${key}]`)),
    ...(isGenerated ? [] : [invalid("spec.selector", selector, "`selector` not auto-generated")]),
  ];
}

export const JOB_RULES: KindRules = {
  generation: ["spec"],
  orphansByDefault:
    "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning",
  prepareCreate: selectByUid,
  validate: validateJob,
  validateUpdate: (job, old) => {
    const template = valueAt(old, "spec", "suspend") === true ? [] : [["spec", "template"]];
    const fixed = ["completions", "selector", "completionMode", "podFailurePolicy"].map((key) => ["spec", key]);
    // Upstream checks the spec of a changed Job twice.
    return [...immutableFaults(job, old, ...fixed, ...template), ...specFaults(job)];
  },
  warnings: (job) => podWarnings(objectAt(job, "spec", "template", "spec"), "spec.template.spec"),
};

const SCHEDULE = /^(?:@(?:yearly|annually|monthly|weekly|daily|midnight|hourly|every .+)|(?:\S+\s+){4}\S+)$/;

function scheduleFaults(schedule: string): readonly FieldFault[] {
  if (schedule === "") return [required("spec.schedule")];
  if (schedule.includes("TZ")) return [invalid("spec.schedule", schedule, "cannot use TZ or CRON_TZ in schedule, use timeZone field instead")];
  return SCHEDULE.test(schedule) ? [] : [invalid("spec.schedule", schedule, "expected exactly 5 fields")];
}

function zoneFaults(zone: string | undefined): readonly FieldFault[] {
  if (zone === undefined) return [];
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return [];
  } catch {
    return [invalid("spec.timeZone", zone, `unknown time zone ${zone}`)];
  }
}

export const CRON_JOB_RULES: KindRules = {
  generation: ["spec"],
  validate(cronJob) {
    const counts = ["startingDeadlineSeconds", "successfulJobsHistoryLimit", "failedJobsHistoryLimit"].map((key) => ["spec", key]);
    return [
      // The names of its Jobs are eleven characters longer.
      ...longNameFaults(cronJob, 52),
      ...scheduleFaults(textAt(cronJob, "spec", "schedule") ?? ""),
      ...zoneFaults(textAt(cronJob, "spec", "timeZone")),
      ...oneOf(textAt(cronJob, "spec", "concurrencyPolicy") ?? "", ["Allow", "Forbid", "Replace"], "spec.concurrencyPolicy"),
      ...notNegative(cronJob, ...counts),
      ...templateFaults(objectAt(cronJob, "spec", "jobTemplate", "spec", "template"), "spec.jobTemplate.spec.template"),
    ];
  },
};
