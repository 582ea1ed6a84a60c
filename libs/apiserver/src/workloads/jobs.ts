import type { JsonObject } from "@plumb/std";
import { numberAt, textAt, valueAt } from "../draft.ts";
import { nameOf, podFrom, type Actor } from "./actor.ts";
import { isPodReady } from "./pods.ts";

/** One step of a Job: its pods, until as many have ended well as it asks for. */
export function syncJob(actor: Actor, job: JsonObject): void {
  if (valueAt(job, "metadata", "deletionTimestamp") !== undefined || textAt(job, "status", "completionTime") !== undefined) return;
  const now = actor.now();
  if (valueAt(job, "spec", "suspend") === true) {
    actor.setStatus(job, {
      conditions: [{ type: "Suspended", status: "True", reason: "JobSuspended", message: "Job suspended", lastProbeTime: now, lastTransitionTime: now }],
    });
    return;
  }
  const pods = actor.owned("/pods", job);
  const succeeded = pods.filter((pod) => textAt(pod, "status", "phase") === "Succeeded").length;
  const active = pods.filter(
    (pod) => ["Pending", "Running"].includes(textAt(pod, "status", "phase") ?? "") && valueAt(pod, "metadata", "deletionTimestamp") === undefined,
  );
  const completions = numberAt(job, "spec", "completions") ?? 1;
  const wanted = Math.min(numberAt(job, "spec", "parallelism") ?? 1, completions - succeeded);
  for (let at = active.length; at < wanted; at++) actor.create(podFrom(job, { generateName: `${nameOf(job)}-` }));
  const startTime = textAt(job, "status", "startTime") ?? now;
  if (succeeded >= completions) {
    actor.setStatus(job, completeStatus(startTime, succeeded, now));
    return;
  }
  actor.setStatus(job, {
    active: Math.max(active.length, wanted),
    ready: active.filter(isPodReady).length,
    startTime,
    terminating: 0,
    uncountedTerminatedPods: {},
    ...(succeeded === 0 ? {} : { succeeded }),
  });
}

function completeStatus(startTime: string, succeeded: number, now: string): JsonObject {
  const condition = (type: string): JsonObject => ({
    type,
    status: "True",
    lastProbeTime: now,
    lastTransitionTime: now,
    reason: "CompletionsReached",
    message: "Reached expected number of succeeded pods",
  });
  return {
    startTime,
    completionTime: now,
    succeeded,
    ready: 0,
    terminating: 0,
    uncountedTerminatedPods: {},
    conditions: [condition("SuccessCriteriaMet"), condition("Complete")],
  };
}
