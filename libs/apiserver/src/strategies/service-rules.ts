import type { JsonObject } from "@plumb/std";
import { draftsAt, equalJson, listAt, numberAt, objectAt, objectsAt, textAt, textsAt, valueAt, within, type Draft } from "../draft.ts";
import { duplicate, invalid, invalidObject, required, unsupported, type FieldFault } from "../refusal.ts";
import type { WriteContext } from "../resource.ts";
import { validateLabels } from "../validation/names.ts";
import type { KindRules } from "./builtin-rules.ts";

const needsAddress = (spec: JsonObject | undefined): boolean => textAt(spec, "type") !== "ExternalName" && textAt(spec, "clusterIP") !== "None";
const needsNodePorts = (spec: JsonObject | undefined): boolean =>
  textAt(spec, "type") === "NodePort" || (textAt(spec, "type") === "LoadBalancer" && valueAt(spec, "allocateLoadBalancerNodePorts") !== false);

/**
 * Gives the Service what the API server allocates: families, addresses, node ports.
 *
 * @param hasAddress true for a Service that keeps the one it has
 */
function allocate(draft: Draft, context: WriteContext, hasAddress = false): void {
  const spec = within(draft, "spec");
  if (textAt(spec, "type") === "ExternalName") return;
  const isHeadless = textAt(spec, "clusterIP") === "None";
  spec["ipFamilyPolicy"] ??= isHeadless && Object.keys(objectAt(spec, "selector") ?? {}).length === 0 ? "RequireDualStack" : "SingleStack";
  spec["ipFamilies"] ??= spec["ipFamilyPolicy"] === "RequireDualStack" ? ["IPv4", "IPv6"] : ["IPv4"];
  if (isHeadless) spec["clusterIPs"] = ["None"];
  else if (needsAddress(spec) && !hasAddress) allocateAddress(spec, textAt(draft, "metadata", "name") ?? "", context);
  if (needsNodePorts(spec)) {
    for (const port of draftsAt(spec, "ports")) {
      const wanted = numberAt(port, "nodePort");
      port["nodePort"] = context.allocateNodePort(wanted === 0 ? undefined : wanted) ?? wanted ?? 0;
    }
  }
  if (textAt(spec, "type") === "LoadBalancer" && textAt(spec, "externalTrafficPolicy") === "Local")
    spec["healthCheckNodePort"] ??= context.allocateNodePort(undefined) ?? 0;
}

function allocateAddress(spec: Draft, name: string, context: WriteContext): void {
  const wanted = textAt(spec, "clusterIP") ?? textAt({ first: listAt(spec, "clusterIPs")[0] ?? "" }, "first") ?? "";
  const address = context.allocateAddress(wanted === "" ? undefined : wanted);
  if (address === undefined)
    throw invalidObject("", "Service", name, [
      invalid("spec.clusterIPs", [wanted], `failed to allocate IP ${wanted}: the provided network does not match the current range`),
    ]);
  spec["clusterIP"] = address;
  spec["clusterIPs"] = [address];
}

/** An update that leaves out what was allocated keeps it. Source: `patchAllocatedValues` in pkg/registry/core/service. */
function keepAllocated(draft: Draft, old: JsonObject, context: WriteContext): void {
  const spec = within(draft, "spec");
  const before = objectAt(old, "spec");
  if (needsAddress(before) && needsAddress(spec)) {
    if ((textAt(spec, "clusterIP") ?? "") === "") spec["clusterIP"] = textAt(before, "clusterIP") ?? "";
    if (listAt(spec, "clusterIPs").length === 0) spec["clusterIPs"] = [textAt(spec, "clusterIP") ?? ""];
  }
  if (textAt(spec, "clusterIP") === "None" && listAt(spec, "clusterIPs").length === 0) spec["clusterIPs"] = ["None"];
  for (const key of ["ipFamilies", "ipFamilyPolicy"]) {
    const value = valueAt(before, key);
    if (spec[key] === undefined && Array.isArray(value)) spec[key] = value.filter((one) => typeof one === "string");
    else if (spec[key] === undefined && typeof value === "string") spec[key] = value;
  }
  if (needsNodePorts(before) && needsNodePorts(spec)) keepNodePorts(draftsAt(spec, "ports"), objectsAt(before, "ports"));
  dropUnused(spec, before);
  // An address that the writer has changed is refused later; none is taken for it.
  allocate(draft, context, needsAddress(before) && needsAddress(spec));
}

/** What only the type before needed goes with it, unless the writer has changed it. Source: `dropTypeDependentFields`. */
function dropUnused(spec: Draft, before: JsonObject | undefined): void {
  const type = textAt(spec, "type") ?? "";
  const isKept = (key: string): boolean => !equalJson(valueAt(spec, key), valueAt(before, key));
  if (type === "ExternalName") {
    for (const key of ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"]) if (!isKept(key) || key !== "clusterIP") delete spec[key];
    if (!isKept("internalTrafficPolicy")) delete spec["internalTrafficPolicy"];
  }
  if (needsNodePorts(before) && !needsNodePorts(spec)) {
    const old = objectsAt(before, "ports").map((port) => numberAt(port, "nodePort"));
    for (const [index, port] of draftsAt(spec, "ports").entries()) if (numberAt(port, "nodePort") === old[index]) delete port["nodePort"];
  }
  if (type !== "LoadBalancer")
    for (const key of ["allocateLoadBalancerNodePorts", "loadBalancerClass", "healthCheckNodePort"]) if (!isKept(key)) delete spec[key];
  if (type !== "LoadBalancer" && type !== "NodePort" && !isKept("externalTrafficPolicy") && listAt(spec, "externalIPs").length === 0)
    delete spec["externalTrafficPolicy"];
}

function keepNodePorts(ports: readonly Draft[], before: readonly JsonObject[]): void {
  for (const port of ports) {
    if ((numberAt(port, "nodePort") ?? 0) !== 0) continue;
    const twin = before.find((one) => one["port"] === port["port"] && one["protocol"] === port["protocol"]);
    const nodePort = numberAt(twin, "nodePort") ?? 0;
    if (nodePort !== 0) port["nodePort"] = nodePort;
  }
}

function validate(service: JsonObject): readonly FieldFault[] {
  const spec = objectAt(service, "spec");
  const type = textAt(spec, "type") ?? "";
  const ports = objectsAt(spec, "ports");
  const isHeadless = textAt(spec, "clusterIP") === "None";
  return [
    ...(["ClusterIP", "NodePort", "LoadBalancer", "ExternalName"].includes(type)
      ? []
      : [unsupported("spec.type", type, ["ClusterIP", "ExternalName", "LoadBalancer", "NodePort"])]),
    ...(ports.length === 0 && !isHeadless && type !== "ExternalName" ? [required("spec.ports")] : []),
    ...(type === "ExternalName" && (textAt(spec, "externalName") ?? "") === "" ? [required("spec.externalName")] : []),
    ...ports.flatMap((port, index) => portFaults(port, `spec.ports[${index}]`, ports.length > 1)),
    ...duplicatePorts(ports),
    ...validateLabels(textsAt(spec, "selector"), "spec.selector"),
    ...(["None", "ClientIP"].includes(textAt(spec, "sessionAffinity") ?? "")
      ? []
      : [unsupported("spec.sessionAffinity", textAt(spec, "sessionAffinity"), ["ClientIP", "None"])]),
  ];
}

function portFaults(port: JsonObject, field: string, needsName: boolean): readonly FieldFault[] {
  const number = numberAt(port, "port") ?? 0;
  const protocol = textAt(port, "protocol") ?? "";
  return [
    ...(needsName && (textAt(port, "name") ?? "") === "" ? [required(`${field}.name`)] : []),
    ...(number < 1 || number > 65535 ? [invalid(`${field}.port`, number, "must be between 1 and 65535, inclusive")] : []),
    ...(["TCP", "UDP", "SCTP"].includes(protocol) ? [] : [unsupported(`${field}.protocol`, protocol, ["SCTP", "TCP", "UDP"])]),
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
  if (!needsAddress(before) || !needsAddress(spec)) return [];
  return equalJson(listAt(spec, "clusterIPs"), listAt(before, "clusterIPs"))
    ? []
    : [invalid("spec.clusterIPs[0]", listAt(spec, "clusterIPs"), "may not change once set")];
}

export const SERVICE_RULES: KindRules = {
  names: "label",
  createsOnUpdate: true,
  answersDeleted: true,
  prepareCreate: allocate,
  prepareUpdate: keepAllocated,
  validate,
  validateUpdate,
};
