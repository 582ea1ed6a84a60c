import type { JsonObject } from "@plumb/std";
import { equalJson, listAt, numberAt, objectAt, objectsAt, textAt, textsAt, valueAt } from "../draft.ts";
import { duplicate, forbidden, invalid, required, type FieldFault } from "../refusal.ts";
import { nameProblems, validateLabels } from "../validation/names.ts";
import { addressProblems, portNameProblems, portProblems } from "../validation/ports.ts";
import type { KindRules } from "./builtin-rules.ts";
import { oneOf } from "./field-faults.ts";
import { allocateNetwork, clusterAddressFaults, keepNetwork, needsAddress, prepareNetwork } from "./service-allocation.ts";

const TYPES = ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"];

function validate(service: JsonObject): readonly FieldFault[] {
  const spec = objectAt(service, "spec");
  const type = textAt(spec, "type") ?? "";
  const ports = objectsAt(spec, "ports");
  const isHeadless = textAt(spec, "clusterIP") === "None";
  return [
    ...(ports.length === 0 && !isHeadless && type !== "ExternalName" ? [required("spec.ports")] : []),
    ...(type === "ExternalName" ? externalNameFaults(textAt(spec, "externalName") ?? "") : []),
    ...ports.flatMap((port, index) => portFaults(port, `spec.ports[${index}]`, ports.length > 1)),
    ...duplicatePorts(ports),
    ...validateLabels(textsAt(spec, "selector"), "spec.selector"),
    ...oneOf(textAt(spec, "sessionAffinity") ?? "", ["ClientIP", "None"], "spec.sessionAffinity"),
    ...clusterAddressFaults(spec),
    ...listAt(spec, "externalIPs").flatMap((one, index) => addressProblems(String(one)).map((says) => invalid(`spec.externalIPs[${index}]`, one, says))),
    ...oneOf(type, TYPES, "spec.type"),
    ...misplacedFaults(spec, type),
  ];
}

function externalNameFaults(name: string): readonly FieldFault[] {
  return name === ""
    ? [required("spec.externalName")]
    : nameProblems(name.replace(/\.$/, ""), "subdomain").map((says) => invalid("spec.externalName", name, says));
}

/** What belongs to other types of Services. */
function misplacedFaults(spec: JsonObject | undefined, type: string): readonly FieldFault[] {
  const external = textAt(spec, "externalTrafficPolicy");
  const internal = textAt(spec, "internalTrafficPolicy");
  const isExternal = type === "NodePort" || type === "LoadBalancer" || listAt(spec, "externalIPs").length > 0;
  const health = numberAt(spec, "healthCheckNodePort") ?? 0;
  const nodePorts =
    type === "ClusterIP" || type === "ExternalName"
      ? objectsAt(spec, "ports").flatMap((port, index) =>
          (numberAt(port, "nodePort") ?? 0) === 0 ? [] : [forbidden(`spec.ports[${index}].nodePort`, `may not be used when \`type\` is '${type}'`)],
        )
      : [];
  const mustBeBalanced =
    type === "LoadBalancer" ? [] : ["loadBalancerClass", "allocateLoadBalancerNodePorts"].filter((key) => valueAt(spec, key) !== undefined);
  return [
    ...nodePorts,
    ...(internal === undefined ? [] : oneOf(internal, ["Cluster", "Local"], "spec.internalTrafficPolicy")),
    ...(external !== undefined && !isExternal
      ? [invalid("spec.externalTrafficPolicy", external, "may only be set for externally-accessible services")]
      : external === undefined
        ? []
        : oneOf(external, ["Cluster", "Local"], "spec.externalTrafficPolicy")),
    ...mustBeBalanced.map((key) => forbidden(`spec.${key}`, "may only be used when `type` is 'LoadBalancer'")),
    ...(health !== 0 && !(type === "LoadBalancer" && external === "Local")
      ? [invalid("spec.healthCheckNodePort", health, "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'")]
      : []),
  ];
}

function portFaults(port: JsonObject, field: string, needsName: boolean): readonly FieldFault[] {
  const name = textAt(port, "name") ?? "";
  const number = numberAt(port, "port") ?? 0;
  const target = valueAt(port, "targetPort");
  const targetProblems = typeof target === "number" ? portProblems(target) : portNameProblems(String(target ?? ""));
  return [
    ...(name === "" ? (needsName ? [required(`${field}.name`)] : []) : nameProblems(name, "label").map((says) => invalid(`${field}.name`, name, says))),
    ...portProblems(number).map((says) => invalid(`${field}.port`, number, says)),
    ...oneOf(textAt(port, "protocol") ?? "", ["SCTP", "TCP", "UDP"], `${field}.protocol`),
    ...targetProblems.map((says) => invalid(`${field}.targetPort`, target ?? null, says)),
  ];
}

function duplicatePorts(ports: readonly JsonObject[]): readonly FieldFault[] {
  const names = new Set<string>();
  const pairs = new Set<string>();
  return ports.flatMap((port, index) => {
    const name = textAt(port, "name") ?? "";
    const pair = `${numberAt(port, "port") ?? 0}/${textAt(port, "protocol") ?? ""}`;
    const faults = [
      ...(name !== "" && names.has(name) ? [duplicate(`spec.ports[${index}].name`, name)] : []),
      ...(pairs.has(pair) ? [duplicate(`spec.ports[${index}]`, { port: numberAt(port, "port") ?? 0, protocol: textAt(port, "protocol") ?? "" })] : []),
    ];
    names.add(name);
    pairs.add(pair);
    return faults;
  });
}

function validateUpdate(service: JsonObject, old: JsonObject): readonly FieldFault[] {
  const spec = objectAt(service, "spec");
  const before = objectAt(old, "spec");
  const isFree = textAt(before, "type") === "ExternalName" || textAt(spec, "type") === "ExternalName";
  if (isFree || (!needsAddress(before) && !needsAddress(spec)) || clusterAddressFaults(spec).length > 0) return [];
  return equalJson(listAt(spec, "clusterIPs"), listAt(before, "clusterIPs"))
    ? []
    : [invalid("spec.clusterIPs[0]", listAt(spec, "clusterIPs"), "may not change once set")];
}

/** Source: `GetWarningsForService` in pkg/api/service. */
function warnings(service: JsonObject): readonly string[] {
  const spec = objectAt(service, "spec");
  const distribution = textAt(spec, "trafficDistribution") ?? "";
  return [
    ...(listAt(spec, "externalIPs").length > 0 ? ["spec.externalIPs is deprecated and may no longer be implemented in some clusters"] : []),
    ...(textAt(spec, "type") !== "ExternalName" && (textAt(spec, "externalName") ?? "") !== ""
      ? ['spec.externalName is ignored when spec.type is not "ExternalName"']
      : []),
    ...(distribution === "PreferClose" ? ['spec.trafficDistribution: "PreferClose" is deprecated; use "PreferSameZone"'] : []),
  ];
}

export const SERVICE_RULES: KindRules = {
  names: "label",
  createsOnUpdate: true,
  answersDeleted: true,
  prepareCreate: prepareNetwork,
  prepareUpdate: keepNetwork,
  validate,
  validateUpdate,
  allocate: allocateNetwork,
  warnings,
};
