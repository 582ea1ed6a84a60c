import { groupVersionKind, type LiveObject } from "@plumb/api";
import { isObject, type JsonObject, type JsonValue } from "@plumb/std";
import { WORKLOAD_RULES } from "./workload-rules.ts";

/** How an object is. The words are those of clients: kstatus' own. */
export type HealthState = "Current" | "InProgress" | "Failed" | "Terminating" | "NotFound" | "Unknown";

export interface HealthStatus {
  readonly state: HealthState;
  readonly message: string;
  /** Milliseconds after which the same object may be judged otherwise; undefined where only a change of it can do that. */
  readonly againInMs?: number;
}

/**
 * Judges one object by the rules of kstatus as Flux has them (spec/flux-core 2.8): what every object says first, then what
 * its kind says, then its condition Ready. Pure.
 */
export function assessHealth(object: LiveObject, nowMs: number): HealthStatus {
  const { group, kind } = groupVersionKind(object);
  return generic(object) ?? WORKLOAD_RULES[`${group}/${kind}`]?.(object, nowMs) ?? byReady(object);
}

/** What holds for every kind; undefined where nothing of that is to be said. */
function generic(object: LiveObject): HealthStatus | undefined {
  const { deletionTimestamp, generation } = object.metadata;
  if (deletionTimestamp !== undefined) return { state: "Terminating", message: "Resource scheduled for deletion" };
  const observed = statusOf(object)["observedGeneration"];
  if (observed !== undefined && generation !== undefined && Number(observed) !== generation) {
    return inProgress(`${object.kind} generation is ${generation}, but latest observed generation is ${String(observed)}`);
  }
  const reconciling = conditionOf(object, "Reconciling");
  if (reconciling?.status === "True") return inProgress(reconciling.message);
  const stalled = conditionOf(object, "Stalled");
  return stalled?.status === "True" ? { state: "Failed", message: stalled.message } : undefined;
}

function byReady(object: LiveObject): HealthStatus {
  const ready = conditionOf(object, "Ready");
  if (ready === undefined) return { state: "Current", message: "Resource is current" };
  return ready.status === "True" ? { state: "Current", message: "Resource is Ready" } : inProgress(ready.message);
}

export function inProgress(message: string): HealthStatus {
  return { state: "InProgress", message };
}

export interface ConditionSeen {
  readonly status: string;
  readonly reason: string;
  readonly message: string;
}

export function conditionOf(object: JsonObject, type: string): ConditionSeen | undefined {
  const conditions = statusOf(object)["conditions"];
  const found = Array.isArray(conditions) ? conditions.find((one: JsonValue) => isObject(one) && one["type"] === type) : undefined;
  if (!isObject(found)) return undefined;
  return { status: textOf(found["status"]), reason: textOf(found["reason"]), message: textOf(found["message"]) };
}

export function statusOf(object: JsonObject): JsonObject {
  return isObject(object["status"]) ? object["status"] : {};
}

export function specOf(object: JsonObject): JsonObject {
  return isObject(object["spec"]) ? object["spec"] : {};
}

export function textOf(value: JsonValue | undefined): string {
  return typeof value === "string" ? value : "";
}
