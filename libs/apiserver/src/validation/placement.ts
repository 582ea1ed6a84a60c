import type { JsonObject } from "@plumb/std";
import { listAt, numberAt, objectAt, objectsAt, textAt } from "../draft.ts";
import { invalid, required, unsupported, type FieldFault } from "../refusal.ts";
import { userFaults } from "./container-parts.ts";
import { nameProblems, qualifiedNameProblems } from "./names.ts";
import { addressProblems } from "./ports.ts";

const SYSCTL = /^[a-z0-9](?:[-_a-z0-9]*[a-z0-9])?(?:[./][a-z0-9](?:[-_a-z0-9]*[a-z0-9])?)*$/;

/** Names and users that a pod has as a whole. */
export function hostnameFaults(spec: JsonObject | undefined, field: string): readonly FieldFault[] {
  const names = ["hostname", "subdomain"].flatMap((key) => {
    const name = textAt(spec, key) ?? "";
    return name === "" ? [] : nameProblems(name, "label").map((says) => invalid(`${field}.${key}`, name, says));
  });
  const sysctls = objectsAt(spec, "securityContext", "sysctls").flatMap((one, index) => {
    const name = textAt(one, "name") ?? "";
    const at = `${field}.securityContext.sysctls[${index}].name`;
    return name === "" ? [required(at)] : SYSCTL.test(name) ? [] : [invalid(at, name, "must match the form of a sysctl")];
  });
  const grace = numberAt(spec, "terminationGracePeriodSeconds") ?? 0;
  return [
    ...names,
    ...userFaults(numberAt(spec, "securityContext", "runAsUser"), `${field}.securityContext.runAsUser`),
    ...sysctls,
    ...(grace < -1 ? [invalid(`${field}.terminationGracePeriodSeconds`, grace, "must be greater than or equal to 0")] : []),
    ...objectsAt(spec, "hostAliases").flatMap((one, index) => aliasFaults(one, `${field}.hostAliases[${index}]`)),
  ];
}

function aliasFaults(alias: JsonObject, field: string): readonly FieldFault[] {
  const address = textAt(alias, "ip") ?? "";
  return [
    ...addressProblems(address).map((says) => invalid(`${field}.ip`, address, says)),
    ...listAt(alias, "hostnames").flatMap((one, index) =>
      nameProblems(String(one), "subdomain").map((says) => invalid(`${field}.hostnames[${index}]`, one, says)),
    ),
  ];
}

const REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";
const PREFERRED = "preferredDuringSchedulingIgnoredDuringExecution";

export function affinityFaults(affinity: JsonObject | undefined, field: string): readonly FieldFault[] {
  const node = objectAt(affinity, "nodeAffinity", REQUIRED);
  const isEmpty = node !== undefined && listAt(node, "nodeSelectorTerms").length === 0;
  const terms = ["podAffinity", "podAntiAffinity"].flatMap((kind) => [
    ...objectsAt(affinity, kind, REQUIRED).map((term, index) => [term, `${field}.${kind}.${REQUIRED}[${index}]`] as const),
    ...objectsAt(affinity, kind, PREFERRED).map(
      (one, index) => [objectAt(one, "podAffinityTerm"), `${field}.${kind}.${PREFERRED}[${index}].podAffinityTerm`] as const,
    ),
  ]);
  return [
    ...(isEmpty ? [required(`${field}.nodeAffinity.${REQUIRED}.nodeSelectorTerms`, "must have at least one node selector term")] : []),
    ...terms.flatMap(([term, at]) => topologyFaults(textAt(term, "topologyKey") ?? "", `${at}.topologyKey`)),
  ];
}

/** An empty key is told for being empty and for what it is not. */
function topologyFaults(key: string, field: string): readonly FieldFault[] {
  const missing = key === "" ? [required(field, "can not be empty")] : [];
  return [...missing, ...qualifiedNameProblems(key).map((says) => invalid(field, key, says))];
}

export function spreadFaults(constraint: JsonObject, field: string): readonly FieldFault[] {
  const skew = numberAt(constraint, "maxSkew") ?? 0;
  const action = textAt(constraint, "whenUnsatisfiable") ?? "";
  return [
    ...(skew <= 0 ? [invalid(`${field}.maxSkew`, skew, "must be greater than zero")] : []),
    ...((textAt(constraint, "topologyKey") ?? "") === "" ? [required(`${field}.topologyKey`, "can not be empty")] : []),
    ...(["DoNotSchedule", "ScheduleAnyway"].includes(action) ? [] : [unsupported(`${field}.whenUnsatisfiable`, action, ["DoNotSchedule", "ScheduleAnyway"])]),
  ];
}
