import { isIP } from "node:net";
import type { JsonObject } from "@plumb/std";
import { numberAt, objectAt, objectsAt, textAt } from "../draft.ts";
import { invalid, required, unsupported, type FieldFault } from "../refusal.ts";
import { nameProblems } from "../validation/names.ts";
import type { KindRules } from "./builtin-rules.ts";

const PATH_TYPES = ["Exact", "ImplementationSpecific", "Prefix"];

function validate(ingress: JsonObject): readonly FieldFault[] {
  const spec = objectAt(ingress, "spec");
  const rules = objectsAt(spec, "rules");
  const fallback = objectAt(spec, "defaultBackend");
  const className = textAt(spec, "ingressClassName");
  return [
    ...(rules.length === 0 && fallback === undefined ? [invalid("spec", rules, "either `defaultBackend` or `rules` must be specified")] : []),
    ...(fallback === undefined ? [] : backendFaults(fallback, "spec.defaultBackend")),
    ...rules.flatMap((rule, index) => ruleFaults(rule, `spec.rules[${index}]`)),
    ...(className === undefined ? [] : nameProblems(className, "subdomain").map((says) => invalid("spec.ingressClassName", className, says))),
  ];
}

function hostProblems(host: string): readonly string[] {
  if (host === "") return [];
  if (isIP(host) !== 0) return ["must be a DNS name, not an IP address"];
  return nameProblems(host.replace(/^\*\./, ""), "subdomain");
}

function ruleFaults(rule: JsonObject, field: string): readonly FieldFault[] {
  const host = textAt(rule, "host") ?? "";
  const hostFaults = hostProblems(host).map((says) => invalid(`${field}.host`, host, says));
  const http = objectAt(rule, "http");
  if (http === undefined) return hostFaults;
  const paths = objectsAt(http, "paths");
  const none = paths.length === 0 ? [required(`${field}.http.paths`)] : [];
  return [...hostFaults, ...none, ...paths.flatMap((path, index) => pathFaults(path, `${field}.http.paths[${index}]`))];
}

/** What no path of a known type holds. */
const STRANGE = ["//", "/./", "/../", "%2f", "%2F"];

/** A path without a type is told that alone. */
function pathFaults(path: JsonObject, field: string): readonly FieldFault[] {
  const type = textAt(path, "pathType");
  const text = textAt(path, "path") ?? "";
  if (type === undefined) return [required(`${field}.pathType`, "pathType must be specified")];
  const typeFaults = PATH_TYPES.includes(type) ? [] : [unsupported(`${field}.pathType`, type, PATH_TYPES)];
  const mustBeRooted = type === "Exact" || type === "Prefix" || text !== "";
  const rooted = mustBeRooted && !text.startsWith("/") ? [invalid(`${field}.path`, text, "must be an absolute path")] : [];
  const isPlain = type === "ImplementationSpecific" || rooted.length > 0;
  const strange = isPlain ? [] : STRANGE.filter((one) => text.includes(one)).map((one) => invalid(`${field}.path`, text, `must not contain '${one}'`));
  return [...typeFaults, ...rooted, ...strange, ...backendFaults(objectAt(path, "backend"), `${field}.backend`)];
}

function backendFaults(backend: JsonObject | undefined, field: string): readonly FieldFault[] {
  const service = objectAt(backend, "service");
  if (objectAt(backend, "resource") !== undefined) return service === undefined ? [] : [invalid(field, "", "cannot set both resource and service backends")];
  if (service === undefined) return [invalid(field, "", "resource or service backend is required")];
  const name = textAt(service, "name") ?? "";
  const hasPort = (numberAt(service, "port", "number") ?? 0) > 0 || (textAt(service, "port", "name") ?? "") !== "";
  return [
    ...(name === "" ? [required(`${field}.service.name`)] : nameProblems(name, "serviceLabel").map((says) => invalid(`${field}.service.name`, name, says))),
    ...(hasPort ? [] : [required(field, "port name or number is required")]),
  ];
}

export const INGRESS_RULES: KindRules = { generation: ["spec"], validate };
