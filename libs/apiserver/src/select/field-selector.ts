import type { JsonObject } from "@plumb/std";
import { textAt, valueAt } from "../draft.ts";
import { badRequest } from "../refusal.ts";

export interface FieldRequirement {
  readonly field: string;
  readonly isEqual: boolean;
  readonly value: string;
}

export type FieldSelector = readonly FieldRequirement[];

/** Fields that can be selected, beyond name and namespace, with the value each has where nothing is set. */
export type SelectableFields = ReadonlyMap<string, (object: JsonObject) => string>;

/** @throws {Refusal} 400 for what is no selector, and for a field that cannot be selected */
export function parseFieldSelector(text: string, isNamespaced: boolean, selectable: SelectableFields): FieldSelector {
  const requirements = splitTerms(text).map((term) => parseTerm(term, text));
  const known = ["metadata.name", ...(isNamespaced ? ["metadata.namespace"] : []), ...selectable.keys()];
  for (const { field } of requirements) {
    if (field === "metadata.name" || field === "metadata.namespace" || selectable.has(field)) continue;
    throw badRequest(`${JSON.stringify(field)} is not a known field selector: only ${known.map((one) => JSON.stringify(one)).join(", ")}`);
  }
  return requirements;
}

function splitTerms(text: string): readonly string[] {
  return text.split(/(?<!\\),/).filter((term) => term !== "");
}

function parseTerm(term: string, whole: string): FieldRequirement {
  const match = /^(.*?)(!=|==|=)(.*)$/s.exec(term);
  if (match === null) throw badRequest(`invalid selector: '${whole}'; can't understand '${term}'`);
  const [, field = "", operator = "", value = ""] = match;
  return { field, isEqual: operator !== "!=", value: value.replaceAll(/\\([\\,=])/g, "$1") };
}

export function matchesFields(selector: FieldSelector, object: JsonObject, selectable: SelectableFields): boolean {
  return selector.every(({ field, isEqual, value }) => (fieldText(object, field, selectable) === value) === isEqual);
}

function fieldText(object: JsonObject, field: string, selectable: SelectableFields): string {
  if (field === "metadata.name") return textAt(object, "metadata", "name") ?? "";
  if (field === "metadata.namespace") return textAt(object, "metadata", "namespace") ?? "";
  return selectable.get(field)?.(object) ?? "";
}

/** Reads `status.phase` and the like; false, 0 and what is absent as Go prints them. */
export function pathText(path: string, whenAbsent = ""): (object: JsonObject) => string {
  const keys = path.split(".");
  return (object) => {
    const value = valueAt(object, ...keys);
    return value === undefined || value === null ? whenAbsent : String(value);
  };
}

const fields = (...paths: readonly (string | readonly [path: string, whenAbsent: string])[]): SelectableFields =>
  new Map(paths.map((one) => (typeof one === "string" ? [one, pathText(one)] : [one[0], pathText(one[0], one[1])])));

export const NO_FIELDS: SelectableFields = new Map();

const EVENT_FIELDS = fields(
  "involvedObject.kind",
  "involvedObject.namespace",
  "involvedObject.name",
  "involvedObject.uid",
  "involvedObject.apiVersion",
  "involvedObject.resourceVersion",
  "involvedObject.fieldPath",
  "reason",
  "reportingComponent",
  "source",
  "type",
);

const GROUP_EVENT_FIELDS: SelectableFields = new Map([
  ...EVENT_FIELDS,
  ...[...EVENT_FIELDS].map(([path, text]) => [path.replace("involvedObject", "regarding"), text] as const),
]);

/** By group and plural. Source: the field label conversions of pkg/apis. */
export const SELECTABLE_FIELDS: Readonly<Record<string, SelectableFields>> = {
  "/pods": fields(
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    ["spec.hostNetwork", "false"],
    "status.phase",
    "status.podIP",
    "status.nominatedNodeName",
  ),
  "/nodes": fields(["spec.unschedulable", "false"]),
  "/namespaces": fields("status.phase"),
  "/secrets": fields("type"),
  "/services": fields("spec.clusterIP", "spec.type"),
  "/events": EVENT_FIELDS,
  "events.k8s.io/events": GROUP_EVENT_FIELDS,
  "/replicationcontrollers": fields(["status.replicas", "0"]),
  "batch/jobs": fields(["status.successful", "0"]),
  "certificates.k8s.io/certificatesigningrequests": fields("spec.signerName"),
};
