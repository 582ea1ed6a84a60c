import { groupVersionKind, type LiveObject } from "@plumb/api";
import { isObject, stringifyJson, type JsonObject, type JsonValue } from "@plumb/std";
import { hashOf, ownershipOf, valuesHash, type Baseline } from "./baseline.ts";

/** What a dry run says of an object that is there: it would change, it would not, or the live object must be read to know. */
export type DryRunVerdict = "changes" | "unchanged" | "read-live";

/**
 * Judges the answer of a dry run by what the last write of ours was answered. Pure.
 *
 * The answer carries the version of the live object: equal to the baseline's, and with the same fields and values of ours,
 * it is what is there.
 */
export function judgeDryRun(answer: LiveObject, baseline: Baseline | undefined): DryRunVerdict {
  if (baseline === undefined || baseline.uid !== answer.metadata.uid) return "read-live";
  const isSame = ownershipOf(answer).fieldsHash === baseline.fieldsHash && valuesHash(answer) === baseline.valuesHash;
  if (!isSame) return "changes";
  return answer.metadata.resourceVersion === baseline.resourceVersion ? "unchanged" : "read-live";
}

/** True when labels, annotations or any field beside metadata and status differ between what is there and a dry run (K-045). Pure. */
export function differs(live: LiveObject, answer: LiveObject): boolean {
  return hashOf(compared(live)) !== hashOf(compared(answer));
}

function compared(object: LiveObject): JsonObject {
  const { metadata, status: _status, ...rest } = object;
  const { labels, annotations } = metadata;
  return { ...withoutRepeatedMetrics(rest), metadata: { labels: labels ?? {}, annotations: annotations ?? {} } };
}

/** The API server repeats the metrics of an autoscaler that has been converted between versions. */
function withoutRepeatedMetrics(object: JsonObject): JsonObject {
  const { apiVersion, kind, spec } = object;
  if (kind !== "HorizontalPodAutoscaler" || typeof apiVersion !== "string" || groupVersionKind({ apiVersion, kind }).group !== "autoscaling") return object;
  const metrics = isObject(spec) ? spec["metrics"] : undefined;
  if (!isObject(spec) || !Array.isArray(metrics)) return object;
  const once = new Map<string, JsonValue>(metrics.map((metric: JsonValue) => [stringifyJson(metric), metric]));
  return { ...object, spec: { ...spec, metrics: [...once.values()] } };
}
