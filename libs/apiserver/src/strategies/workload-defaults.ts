import { draftAt, draftsAt, draftValue, within, type Draft } from "../draft.ts";
import { fallback, type TypeDefaults } from "./type-defaults.ts";

export const TEMPLATE_GENERATION = "deprecated.daemonset.template.generation";

function setDeployment(deployment: Draft): void {
  const spec = within(deployment, "spec");
  spec["replicas"] ??= 1;
  const strategy = within(spec, "strategy");
  fallback(strategy, "type", "RollingUpdate");
  if (strategy["type"] === "RollingUpdate") {
    const rolling = within(strategy, "rollingUpdate");
    rolling["maxUnavailable"] ??= "25%";
    rolling["maxSurge"] ??= "25%";
  }
  spec["revisionHistoryLimit"] ??= 10;
  spec["progressDeadlineSeconds"] ??= 600;
}

function setDaemonSet(daemonSet: Draft): void {
  const spec = within(daemonSet, "spec");
  const strategy = within(spec, "updateStrategy");
  fallback(strategy, "type", "RollingUpdate");
  if (strategy["type"] === "RollingUpdate") {
    const rolling = within(strategy, "rollingUpdate");
    rolling["maxUnavailable"] ??= 1;
    rolling["maxSurge"] ??= 0;
  }
  spec["revisionHistoryLimit"] ??= 10;
  // Version 1 has no field for the generation of the template: it lives on as an annotation.
  fallback(within(within(daemonSet, "metadata"), "annotations"), TEMPLATE_GENERATION, "0");
}

function setStatefulSet(statefulSet: Draft): void {
  const spec = within(statefulSet, "spec");
  fallback(spec, "podManagementPolicy", "OrderedReady");
  const strategy = within(spec, "updateStrategy");
  if (strategy["type"] === undefined || strategy["type"] === "") {
    strategy["type"] = "RollingUpdate";
    within(strategy, "rollingUpdate");
  }
  const rolling = draftAt(strategy, "rollingUpdate");
  if (strategy["type"] === "RollingUpdate" && rolling !== undefined) {
    rolling["partition"] ??= 0;
  }
  const retention = within(spec, "persistentVolumeClaimRetentionPolicy");
  fallback(retention, "whenDeleted", "Retain");
  fallback(retention, "whenScaled", "Retain");
  spec["replicas"] ??= 1;
  spec["revisionHistoryLimit"] ??= 10;
  for (const template of draftsAt(spec, "volumeClaimTemplates")) {
    template["apiVersion"] = "v1";
    template["kind"] = "PersistentVolumeClaim";
  }
}

function setJob(job: Draft): void {
  const spec = within(job, "spec");
  if (spec["completions"] === undefined && spec["parallelism"] === undefined) spec["completions"] = 1;
  spec["parallelism"] ??= 1;
  spec["backoffLimit"] ??= spec["backoffLimitPerIndex"] === undefined ? 6 : 2 ** 31 - 1;
  const labels = draftAt(spec, "template", "metadata", "labels");
  const metadata = within(job, "metadata");
  if (labels !== undefined && Object.keys(draftAt(metadata, "labels") ?? {}).length === 0) metadata["labels"] = draftValue(labels);
  fallback(spec, "completionMode", "NonIndexed");
  spec["suspend"] ??= false;
  fallback(spec, "podReplacementPolicy", spec["podFailurePolicy"] === undefined ? "TerminatingOrFailed" : "Failed");
  spec["manualSelector"] ??= false;
}

function setCronJob(cronJob: Draft): void {
  const spec = within(cronJob, "spec");
  fallback(spec, "concurrencyPolicy", "Allow");
  spec["suspend"] ??= false;
  spec["successfulJobsHistoryLimit"] ??= 3;
  spec["failedJobsHistoryLimit"] ??= 1;
}

/** Source: pkg/apis/apps/v1 and pkg/apis/batch/v1 defaults.go. */
export const WORKLOAD_DEFAULTS: TypeDefaults = {
  "api.apps.v1.Deployment": setDeployment,
  "api.apps.v1.DaemonSet": setDaemonSet,
  "api.apps.v1.StatefulSet": setStatefulSet,
  "api.apps.v1.ReplicaSet": (replicaSet) => {
    within(replicaSet, "spec")["replicas"] ??= 1;
  },
  "api.batch.v1.Job": setJob,
  "api.batch.v1.CronJob": setCronJob,
  "api.batch.v1.PodFailurePolicyOnPodConditionsPattern": (pattern) => fallback(pattern, "status", "True"),
};
