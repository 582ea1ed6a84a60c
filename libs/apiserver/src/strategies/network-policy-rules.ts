import { isIPv4, isIPv6 } from "node:net";
import type { JsonObject } from "@plumb/std";
import { listAt, numberAt, objectAt, objectsAt, textAt, valueAt } from "../draft.ts";
import { forbidden, invalid, required, unsupported, type FieldFault } from "../refusal.ts";
import { portNameProblems, portProblems } from "../validation/ports.ts";
import type { KindRules } from "./builtin-rules.ts";
import { labelSelectorFaults } from "./field-faults.ts";

function validate(policy: JsonObject): readonly FieldFault[] {
  const spec = objectAt(policy, "spec");
  const types = listAt(spec, "policyTypes").map(String);
  return [
    ...labelSelectorFaults(objectAt(spec, "podSelector"), "spec.podSelector"),
    ...objectsAt(spec, "ingress").flatMap((rule, index) => ruleFaults(rule, "from", `spec.ingress[${index}]`)),
    ...objectsAt(spec, "egress").flatMap((rule, index) => ruleFaults(rule, "to", `spec.egress[${index}]`)),
    ...(types.length > 2 ? [invalid("spec.policyTypes", types, "may not specify more than two policyTypes")] : []),
    ...types.flatMap((type, index) =>
      type === "Ingress" || type === "Egress" ? [] : [unsupported(`spec.policyTypes[${index}]`, type, ["Ingress", "Egress"])],
    ),
  ];
}

function ruleFaults(rule: JsonObject, peers: "from" | "to", field: string): readonly FieldFault[] {
  return [
    ...objectsAt(rule, "ports").flatMap((port, index) => portFaults(port, `${field}.ports[${index}]`)),
    ...objectsAt(rule, peers).flatMap((peer, index) => peerFaults(peer, `${field}.${peers}[${index}]`)),
  ];
}

function portFaults(port: JsonObject, field: string): readonly FieldFault[] {
  const protocol = textAt(port, "protocol") ?? "TCP";
  const number = valueAt(port, "port");
  const end = numberAt(port, "endPort");
  const isBefore = end !== undefined && typeof number === "number" && end < number;
  const problems = typeof number === "number" ? portProblems(number) : typeof number === "string" ? portNameProblems(number) : [];
  return [
    ...(["TCP", "UDP", "SCTP"].includes(protocol) ? [] : [unsupported(`${field}.protocol`, protocol, ["TCP", "UDP", "SCTP"])]),
    ...problems.map((says) => invalid(`${field}.port`, number ?? null, says)),
    ...(isBefore ? [invalid(`${field}.endPort`, number, "must be greater than or equal to `port`")] : []),
    ...(end !== undefined && typeof number === "string" ? [invalid(`${field}.endPort`, end, "may not be specified when `port` is non-numeric")] : []),
    ...(end !== undefined && number === undefined ? [invalid(`${field}.endPort`, end, "may not be specified when `port` is not specified")] : []),
  ];
}

function peerFaults(peer: JsonObject, field: string): readonly FieldFault[] {
  const block = objectAt(peer, "ipBlock");
  const selectors = ["podSelector", "namespaceSelector"].filter((key) => objectAt(peer, key) !== undefined);
  const faults = selectors.flatMap((key) => labelSelectorFaults(objectAt(peer, key), `${field}.${key}`));
  if (block === undefined) return selectors.length === 0 ? [required(field, "must specify a peer")] : faults;
  const both = selectors.length === 0 ? [] : [forbidden(field, "may not specify both ipBlock and another peer")];
  return [...faults, ...blockFaults(block, `${field}.ipBlock`), ...both];
}

const CIDR_SAYS = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";

function blockFaults(block: JsonObject, field: string): readonly FieldFault[] {
  const text = textAt(block, "cidr") ?? "";
  if (text === "") return [required(`${field}.cidr`)];
  const cidr = parseCidr(text);
  if (cidr === undefined) return [invalid(`${field}.cidr`, text, CIDR_SAYS)];
  return listAt(block, "except").flatMap((one, index) => {
    const except = parseCidr(String(one));
    if (except === undefined) return [invalid(`${field}.except[${index}]`, one, CIDR_SAYS)];
    const isWithin = except.size > cidr.size && (except.bits ?? 0n) >> (except.width - cidr.size) === cidr.bits >> (cidr.width - cidr.size);
    return isWithin ? [] : [invalid(`${field}.except[${index}]`, one, "must be a strict subset of `cidr`")];
  });
}

interface Cidr {
  readonly bits: bigint;
  /** Of the address: 32 or 128. */
  readonly width: bigint;
  readonly size: bigint;
}

function parseCidr(text: string): Cidr | undefined {
  const [address = "", size = ""] = text.split("/");
  const width = isIPv4(address) ? 32n : isIPv6(address) ? 128n : undefined;
  if (width === undefined || !/^\d{1,3}$/.test(size) || BigInt(size) > width) return undefined;
  return { bits: width === 32n ? bitsOfV4(address) : bitsOfV6(address), width, size: BigInt(size) };
}

const bitsOfV4 = (address: string): bigint => address.split(".").reduce((bits, part) => (bits << 8n) | BigInt(part), 0n);

function bitsOfV6(address: string): bigint {
  const [head = "", tail] = address.split("::");
  const before = head.split(":").filter((part) => part !== "");
  const after = (tail ?? "").split(":").filter((part) => part !== "");
  const parts = tail === undefined ? before : [...before, ...Array.from({ length: 8 - before.length - after.length }, () => "0"), ...after];
  return parts.reduce((bits, part) => (bits << 16n) | BigInt(`0x${part}`), 0n);
}

export const NETWORK_POLICY_RULES: KindRules = { generation: ["spec"], validate };
