import type { JsonObject } from "@plumb/std";
import { draftValue, numberAt, objectAt, textAt, valueAt, within, type Draft } from "../draft.ts";
import { invalid, required, unsupported, type FieldFault } from "../refusal.ts";
import { podWarnings, validatePodTemplate } from "../validation/pod-spec.ts";
import type { KindRules } from "./builtin-rules.ts";
import { immutableFaults } from "./metadata-kind-rules.ts";

/** A Job without a selector of its own selects by its uid. Source: `generateSelector` in pkg/registry/batch/job. */
function selectByUid(job: Draft): void {
  const spec = within(job, "spec");
  if (spec["manualSelector"] === true) return;
  const uid = textAt(job, "metadata", "uid") ?? "";
  const name = textAt(job, "metadata", "name") ?? "";
  const labels = within(within(within(spec, "template"), "metadata"), "labels");
  const own = { "controller-uid": uid, "job-name": name, "batch.kubernetes.io/controller-uid": uid, "batch.kubernetes.io/job-name": name };
  for (const [key, value] of Object.entries(own)) labels[key] ??= value;
  const matchLabels = within(within(spec, "selector"), "matchLabels");
  matchLabels["batch.kubernetes.io/controller-uid"] = uid;
  // Labels default to those of the template, again when the stored Job is read.
  const metadata = within(job, "metadata");
  if (Object.keys(objectAt(metadata, "labels") ?? {}).length === 0) metadata["labels"] = draftValue(labels);
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
  const negative = ["parallelism", "completions", "backoffLimit", "activeDeadlineSeconds", "ttlSecondsAfterFinished"].flatMap((key) => {
    const value = numberAt(job, "spec", key);
    return value !== undefined && value < 0 ? [invalid(`spec.${key}`, value, "must be greater than or equal to 0")] : [];
  });
  return [...negative, ...templateFaults(objectAt(job, "spec", "template"), "spec.template")];
}

export const JOB_RULES: KindRules = {
  generation: ["spec"],
  orphansByDefault:
    "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning",
  prepareCreate: selectByUid,
  validate: validateJob,
  validateUpdate: (job, old) => {
    const template = valueAt(old, "spec", "suspend") === true ? [] : [["spec", "template"]];
    return immutableFaults(job, old, ["spec", "completions"], ["spec", "selector"], ...template, ["spec", "completionMode"]);
  },
  warnings: (job) => podWarnings(objectAt(job, "spec", "template", "spec"), "spec.template.spec"),
};

const SCHEDULE = /^(?:@(?:yearly|annually|monthly|weekly|daily|midnight|hourly|every .+)|(?:\S+\s+){4}\S+)$/;

export const CRON_JOB_RULES: KindRules = {
  generation: ["spec"],
  validate(cronJob) {
    const schedule = textAt(cronJob, "spec", "schedule") ?? "";
    const fault =
      schedule === "" ? [required("spec.schedule")] : SCHEDULE.test(schedule) ? [] : [invalid("spec.schedule", schedule, "expected exactly 5 fields")];
    return [...fault, ...templateFaults(objectAt(cronJob, "spec", "jobTemplate", "spec", "template"), "spec.jobTemplate.spec.template")];
  },
};
