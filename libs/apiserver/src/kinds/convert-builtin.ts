import type { JsonObject, JsonValue } from "@plumb/std";
import { listAt, numberAt, objectAt, objectsAt, textAt, valueAt, without } from "../draft.ts";

/** The two built-in kinds that are served in versions of different shape. Source: pkg/apis/{autoscaling,events}/v1/conversion.go. */
const CONVERSIONS: Readonly<Record<string, (object: JsonObject) => JsonObject>> = {
  "autoscaling/v1 autoscaling/v2": autoscalerToV2,
  "autoscaling/v2 autoscaling/v1": autoscalerToV1,
  "events.k8s.io/v1 v1": eventToCore,
  "v1 events.k8s.io/v1": eventToGroup,
};

/** @returns undefined where the kind is not served in `apiVersion` */
export function convertBuiltin(object: JsonObject, apiVersion: string): JsonObject | undefined {
  const from = textAt(object, "apiVersion") ?? "";
  if (from === apiVersion) return object;
  const kind = textAt(object, "kind");
  if (kind !== "HorizontalPodAutoscaler" && kind !== "Event") return undefined;
  return CONVERSIONS[`${from} ${apiVersion}`]?.(object);
}

const METRICS = "autoscaling.alpha.kubernetes.io/metrics";
const BEHAVIOR = "autoscaling.alpha.kubernetes.io/behavior";

function present(members: Readonly<Record<string, JsonValue | undefined>>): JsonObject {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

function isCpuUtilization(metric: JsonObject): boolean {
  return (
    textAt(metric, "type") === "Resource" &&
    textAt(metric, "resource", "name") === "cpu" &&
    valueAt(metric, "resource", "target", "averageUtilization") !== undefined
  );
}

function autoscalerToV1(object: JsonObject): JsonObject {
  const spec = objectAt(object, "spec") ?? {};
  const metrics = objectsAt(spec, "metrics");
  const cpu = metrics.find(isCpuUtilization);
  const others = metrics.filter((metric) => metric !== cpu);
  const annotations = present({
    ...objectAt(object, "metadata", "annotations"),
    [METRICS]: others.length === 0 ? undefined : JSON.stringify(others),
    [BEHAVIOR]: spec["behavior"] === undefined ? undefined : JSON.stringify(spec["behavior"]),
  });
  const current = objectsAt(object, "status", "currentMetrics").find((metric) => textAt(metric, "resource", "name") === "cpu");
  return {
    ...object,
    apiVersion: "autoscaling/v1",
    metadata: withAnnotations(objectAt(object, "metadata") ?? {}, annotations),
    spec: present({
      ...without(spec, "metrics", "behavior"),
      targetCPUUtilizationPercentage: cpu === undefined ? undefined : numberAt(cpu, "resource", "target", "averageUtilization"),
    }),
    status: present({
      ...without(objectAt(object, "status") ?? {}, "currentMetrics", "conditions"),
      currentCPUUtilizationPercentage: numberAt(current, "resource", "current", "averageUtilization"),
    }),
  };
}

function withAnnotations(metadata: JsonObject, annotations: JsonObject): JsonObject {
  return Object.keys(annotations).length === 0 ? without(metadata, "annotations") : { ...metadata, annotations };
}

function autoscalerToV2(object: JsonObject): JsonObject {
  const spec = objectAt(object, "spec") ?? {};
  const annotations = objectAt(object, "metadata", "annotations") ?? {};
  const percentage = numberAt(spec, "targetCPUUtilizationPercentage");
  const cpu =
    percentage === undefined ? [] : [{ type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: percentage } } }];
  const metrics = [...cpu, ...parsedList(annotations[METRICS])];
  const behavior = parsed(annotations[BEHAVIOR]);
  const metadata = objectAt(object, "metadata") ?? {};
  const status = objectAt(object, "status") ?? {};
  return {
    ...object,
    apiVersion: "autoscaling/v2",
    metadata:
      annotations[METRICS] === undefined && annotations[BEHAVIOR] === undefined ? metadata : withAnnotations(metadata, without(annotations, METRICS, BEHAVIOR)),
    spec: present({ ...without(spec, "targetCPUUtilizationPercentage"), metrics: metrics.length === 0 ? undefined : metrics, behavior }),
    status: present({ ...without(status, "currentCPUUtilizationPercentage"), currentMetrics: valueAt(status, "currentMetrics") ?? null }),
  };
}

function parsed(text: JsonValue | undefined): JsonValue | undefined {
  if (typeof text !== "string") return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function parsedList(text: JsonValue | undefined): readonly JsonValue[] {
  return listAt({ list: parsed(text) ?? [] }, "list");
}

const EVENT_NAMES = [
  ["involvedObject", "regarding"],
  ["source", "deprecatedSource"],
  ["message", "note"],
  ["firstTimestamp", "deprecatedFirstTimestamp"],
  ["lastTimestamp", "deprecatedLastTimestamp"],
  ["count", "deprecatedCount"],
  ["reportingComponent", "reportingController"],
] as const;

function eventToGroup(object: JsonObject): JsonObject {
  return renamed(object, "events.k8s.io/v1", new Map(EVENT_NAMES));
}

function eventToCore(object: JsonObject): JsonObject {
  return renamed(object, "v1", new Map(EVENT_NAMES.map(([core, group]) => [group, core])));
}

function renamed(object: JsonObject, apiVersion: string, names: ReadonlyMap<string, string>): JsonObject {
  const members = Object.entries(object).map(([key, value]) => [names.get(key) ?? key, value] as const);
  return { ...Object.fromEntries(members), apiVersion };
}
