import type { JsonObject } from "@plumb/std";
import { draftsAt, equalJson, listAt, numberAt, objectAt, objectsAt, textAt, valueAt, within, type Draft } from "../draft.ts";
import { invalid, invalidObject, unsupported, type FieldFault } from "../refusal.ts";
import type { WriteContext } from "../resource.ts";
import { addressProblems } from "../validation/ports.ts";

export const needsAddress = (spec: JsonObject | undefined): boolean => textAt(spec, "type") !== "ExternalName" && textAt(spec, "clusterIP") !== "None";
export const needsNodePorts = (spec: JsonObject | undefined): boolean =>
  textAt(spec, "type") === "NodePort" || (textAt(spec, "type") === "LoadBalancer" && valueAt(spec, "allocateLoadBalancerNodePorts") !== false);

const POLICIES = ["PreferDualStack", "RequireDualStack", "SingleStack"];

/** Sets families, and the list of addresses where only the first is said. @throws {Refusal} 422 for a policy that this cluster cannot follow */
export function prepareNetwork(draft: Draft): void {
  const spec = within(draft, "spec");
  if (textAt(spec, "type") === "ExternalName") return;
  const isHeadless = textAt(spec, "clusterIP") === "None";
  const policy = textAt(spec, "ipFamilyPolicy");
  const isFree = isHeadless && Object.keys(objectAt(spec, "selector") ?? {}).length === 0;
  if (policy !== undefined && !POLICIES.includes(policy)) throw refused(draft, unsupported("spec.ipFamilyPolicy", policy, POLICIES));
  if (policy === "RequireDualStack" && !isFree)
    throw refused(draft, invalid("spec.ipFamilyPolicy", policy, "this cluster is not configured for dual-stack services"));
  spec["ipFamilyPolicy"] ??= isFree ? "RequireDualStack" : "SingleStack";
  spec["ipFamilies"] ??= spec["ipFamilyPolicy"] === "RequireDualStack" ? ["IPv4", "IPv6"] : ["IPv4"];
  if (isHeadless) spec["clusterIPs"] = ["None"];
  const address = textAt(spec, "clusterIP") ?? "";
  if (address !== "" && listAt(spec, "clusterIPs").length === 0) spec["clusterIPs"] = [address];
}

/** An update that leaves out what was allocated keeps it. Source: `patchAllocatedValues` in pkg/registry/core/service. */
export function keepNetwork(draft: Draft, old: JsonObject): void {
  const spec = within(draft, "spec");
  const before = objectAt(old, "spec");
  normalizeAddresses(spec, before);
  if (needsAddress(before) && needsAddress(spec)) {
    if ((textAt(spec, "clusterIP") ?? "") === "") spec["clusterIP"] = textAt(before, "clusterIP") ?? "";
    if (listAt(spec, "clusterIPs").length === 0) spec["clusterIPs"] = [textAt(spec, "clusterIP") ?? ""];
  }
  for (const key of ["ipFamilies", "ipFamilyPolicy"]) {
    const value = valueAt(before, key);
    if (spec[key] === undefined && Array.isArray(value)) spec[key] = value.filter((one) => typeof one === "string");
    else if (spec[key] === undefined && typeof value === "string") spec[key] = value;
  }
  if (needsNodePorts(before) && needsNodePorts(spec)) keepNodePorts(draftsAt(spec, "ports"), objectsAt(before, "ports"));
  dropUnused(spec, before);
  const isSamePolicy = spec["ipFamilyPolicy"] === valueAt(before, "ipFamilyPolicy");
  if (!isSamePolicy || textAt(before, "type") === "ExternalName") prepareNetwork(draft);
}

/** Whoever changes the first address alone means the list too. Source: `NormalizeClusterIPs`. */
function normalizeAddresses(spec: Draft, before: JsonObject | undefined): void {
  const address = textAt(spec, "clusterIP") ?? "";
  if (address === (textAt(before, "clusterIP") ?? "") || !equalJson(listAt(spec, "clusterIPs"), listAt(before, "clusterIPs"))) return;
  if (address === "") delete spec["clusterIPs"];
  else spec["clusterIPs"] = [address];
}

function keepNodePorts(ports: readonly Draft[], before: readonly JsonObject[]): void {
  for (const port of ports) {
    if ((numberAt(port, "nodePort") ?? 0) !== 0) continue;
    const twin = before.find((one) => one["port"] === port["port"] && one["protocol"] === port["protocol"]);
    const nodePort = numberAt(twin, "nodePort") ?? 0;
    if (nodePort !== 0) port["nodePort"] = nodePort;
  }
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

/** Takes addresses and node ports for a Service that is right otherwise. @throws {Refusal} 422 for one that cannot be had */
export function allocateNetwork(draft: Draft, old: JsonObject | undefined, context: WriteContext): void {
  const spec = within(draft, "spec");
  const before = objectAt(old, "spec");
  if (textAt(spec, "type") === "ExternalName") return;
  if (needsAddress(spec) && !(before !== undefined && needsAddress(before))) allocateAddress(draft, spec, context);
  if (needsNodePorts(spec)) allocateNodePorts(draft, draftsAt(spec, "ports"), objectsAt(before, "ports"), context);
  if (textAt(spec, "type") === "LoadBalancer" && textAt(spec, "externalTrafficPolicy") === "Local" && spec["healthCheckNodePort"] === undefined) {
    const allocated = context.allocateNodePort(undefined);
    if (allocated.kind === "held") spec["healthCheckNodePort"] = allocated.value;
  }
}

function allocateAddress(draft: Draft, spec: Draft, context: WriteContext): void {
  const wanted = textAt(spec, "clusterIP") ?? "";
  const [family] = listAt(spec, "ipFamilies");
  if (family === "IPv6") throw refused(draft, invalid("spec.ipFamilies[0]", family, "not configured on this cluster"));
  const allocated = context.allocateAddress(wanted === "" ? undefined : wanted);
  if (allocated.kind === "refused") throw refused(draft, invalid("spec.clusterIPs", [wanted], `failed to allocate IP ${wanted}: ${allocated.why}`));
  spec["clusterIP"] = allocated.value;
  spec["clusterIPs"] = [allocated.value];
}

function allocateNodePorts(draft: Draft, ports: readonly Draft[], before: readonly JsonObject[], context: WriteContext): void {
  const own = new Set(before.map((port) => numberAt(port, "nodePort") ?? 0));
  for (const [index, port] of ports.entries()) {
    const wanted = numberAt(port, "nodePort") ?? 0;
    // Two ports of one Service may share a number where their protocols differ.
    if (wanted !== 0 && own.has(wanted)) continue;
    const allocated = context.allocateNodePort(wanted === 0 ? undefined : wanted);
    if (allocated.kind === "refused") throw refused(draft, invalid(`spec.ports[${index}].nodePort`, wanted, allocated.why));
    port["nodePort"] = allocated.value;
    own.add(allocated.value);
  }
}

export function clusterAddressFaults(spec: JsonObject | undefined): readonly FieldFault[] {
  const [family] = listAt(spec, "ipFamilies");
  return listAt(spec, "clusterIPs")
    .map(String)
    .flatMap((address, index) => {
      if (address === "None" || address === "") return [];
      const problems = addressProblems(address).map((says) => invalid(`spec.clusterIPs[${index}]`, address, says));
      const isOther = index === 0 && problems.length === 0 && (family === "IPv6") !== address.includes(":");
      return isOther ? [invalid("spec.clusterIPs[0]", address, `expected an ${String(family)} value as indicated by \`ipFamilies[0]\``)] : problems;
    });
}

function refused(draft: Draft, fault: FieldFault): Error {
  return invalidObject("", "Service", textAt(draft, "metadata", "name") ?? "", [fault]);
}
