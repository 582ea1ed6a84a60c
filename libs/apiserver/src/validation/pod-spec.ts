import type { JsonObject } from "@plumb/std";
import { numberAt, objectAt, objectsAt, textAt, textsAt } from "../draft.ts";
import { duplicate, forbidden, invalid, notFoundField, required, unsupported, type FieldFault } from "../refusal.ts";
import { compareQuantities, parseQuantity } from "../wire/quantity.ts";
import { containerSecurityFaults, probeFaults, sourceOfEnvFaults } from "./container-parts.ts";
import { affinityFaults, hostnameFaults, spreadFaults } from "./placement.ts";
import { nameProblems, validateAnnotations, validateLabels } from "./names.ts";

/** Checks a pod's spec. Source: `ValidatePodSpec` in pkg/apis/core/validation, the parts that a GitOps tool meets. */
export function validatePodSpec(spec: JsonObject | undefined, field: string): readonly FieldFault[] {
  const volumes = objectsAt(spec, "volumes");
  const volumeNames = new Set(volumes.map((volume) => textAt(volume, "name") ?? ""));
  const containers = objectsAt(spec, "containers");
  const initContainers = objectsAt(spec, "initContainers");
  return [
    ...volumeFaults(volumes, `${field}.volumes`),
    ...(containers.length === 0 ? [required(`${field}.containers`)] : []),
    ...containers.flatMap((container, index) => containerFaults(container, `${field}.containers[${index}]`, volumeNames)),
    ...initContainers.flatMap((container, index) => containerFaults(container, `${field}.initContainers[${index}]`, volumeNames)),
    ...duplicateNames([...containers.map((one) => [one, "containers"] as const), ...initContainers.map((one) => [one, "initContainers"] as const)], field),
    ...policyFaults(spec, field),
    ...hostnameFaults(spec, field),
    ...affinityFaults(objectAt(spec, "affinity"), `${field}.affinity`),
    ...objectsAt(spec, "topologySpreadConstraints").flatMap((one, index) => spreadFaults(one, `${field}.topologySpreadConstraints[${index}]`)),
    ...objectsAt(spec, "tolerations").flatMap((toleration, index) => tolerationFaults(toleration, `${field}.tolerations[${index}]`)),
    ...validateLabels(textsAt(spec, "nodeSelector"), `${field}.nodeSelector`),
  ];
}

function duplicateNames(containers: readonly (readonly [JsonObject, string])[], field: string): readonly FieldFault[] {
  const seen = new Set<string>();
  const counts = new Map<string, number>();
  return containers.flatMap(([container, list]) => {
    const index = counts.get(list) ?? 0;
    counts.set(list, index + 1);
    const name = textAt(container, "name") ?? "";
    const isRepeated = name !== "" && seen.has(name);
    seen.add(name);
    return isRepeated ? [duplicate(`${field}.${list}[${index}].name`, name)] : [];
  });
}

function policyFaults(spec: JsonObject | undefined, field: string): readonly FieldFault[] {
  const restart = textAt(spec, "restartPolicy") ?? "";
  const dns = textAt(spec, "dnsPolicy") ?? "";
  const seconds = numberAt(spec, "activeDeadlineSeconds");
  return [
    ...oneOf(restart, ["Always", "OnFailure", "Never"], `${field}.restartPolicy`),
    ...oneOf(dns, ["ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"], `${field}.dnsPolicy`),
    ...(seconds !== undefined && seconds < 1 ? [invalid(`${field}.activeDeadlineSeconds`, seconds, "must be between 1 and 2147483647, inclusive")] : []),
  ];
}

function oneOf(value: string, allowed: readonly string[], field: string): readonly FieldFault[] {
  if (value === "") return [required(field)];
  return allowed.includes(value) ? [] : [unsupported(field, value, allowed)];
}

function tolerationFaults(toleration: JsonObject, field: string): readonly FieldFault[] {
  const operator = textAt(toleration, "operator") ?? "";
  if ((textAt(toleration, "key") ?? "") === "" && operator !== "Exists") {
    return [invalid(`${field}.operator`, operator, 'operator must be Exists when `key` is empty, which means "match all values and all keys"')];
  }
  if (!["", "Equal", "Exists"].includes(operator)) return [unsupported(`${field}.operator`, operator, ["Equal", "Exists"])];
  return operator === "Exists" && (textAt(toleration, "value") ?? "") !== ""
    ? [invalid(`${field}.operator`, toleration, "value must be empty when `operator` is 'Exists'")]
    : [];
}

function volumeFaults(volumes: readonly JsonObject[], field: string): readonly FieldFault[] {
  const seen = new Set<string>();
  return volumes.flatMap((volume, index) => {
    const at = `${field}[${index}]`;
    const name = textAt(volume, "name") ?? "";
    const sources = Object.keys(volume)
      .filter((key) => key !== "name")
      .sort();
    const nameFault = name === "" ? [required(`${at}.name`)] : nameProblems(name, "label").map((says) => invalid(`${at}.name`, name, says));
    const repeated = seen.has(name) && name !== "" ? [duplicate(`${at}.name`, name)] : [];
    seen.add(name);
    return [...sourceFaults(volume, sources, at), ...nameFault, ...repeated];
  });
}

/** The order in which upstream looks at the sources: what comes after the first is too much. */
const SOURCE_ORDER = [
  "emptyDir",
  "hostPath",
  "gitRepo",
  "gcePersistentDisk",
  "awsElasticBlockStore",
  "secret",
  "nfs",
  "iscsi",
  "glusterfs",
  "flocker",
  "persistentVolumeClaim",
  "rbd",
  "cephfs",
  "quobyte",
  "downwardAPI",
  "fc",
  "configMap",
  "azureFile",
  "vsphereVolume",
  "photonPersistentDisk",
  "portworxVolume",
  "azureDisk",
  "storageos",
  "scaleIO",
  "projected",
  "csi",
  "ephemeral",
  "image",
];

function sourceFaults(volume: JsonObject, sources: readonly string[], at: string): readonly FieldFault[] {
  if (sources.length === 0) return [required(at, "must specify a volume type")];
  const [first, ...extra] = [...sources].sort((a, b) => SOURCE_ORDER.indexOf(a) - SOURCE_ORDER.indexOf(b));
  const tooMany = extra.map((source) => forbidden(`${at}.${source}`, "may not specify more than 1 volume type"));
  // What is too much is not looked at any further.
  const source = (name: string): JsonObject | undefined => (first === name ? objectAt(volume, name) : undefined);
  const [secret, configMap, hostPath] = [source("secret"), source("configMap"), source("hostPath")];
  return [
    ...tooMany,
    ...(hostPath !== undefined && (textAt(hostPath, "path") ?? "") === "" ? [required(`${at}.hostPath.path`)] : []),
    ...(secret !== undefined && (textAt(secret, "secretName") ?? "") === "" ? [required(`${at}.secret.secretName`)] : []),
    ...(configMap !== undefined && (textAt(configMap, "name") ?? "") === "" ? [required(`${at}.configMap.name`)] : []),
  ];
}

function containerFaults(container: JsonObject, field: string, volumeNames: ReadonlySet<string>): readonly FieldFault[] {
  const name = textAt(container, "name") ?? "";
  const image = textAt(container, "image") ?? "";
  return [
    ...(name === "" ? [required(`${field}.name`)] : nameProblems(name, "label").map((says) => invalid(`${field}.name`, name, says))),
    ...(image === ""
      ? [required(`${field}.image`)]
      : image.trim() === image
        ? []
        : [invalid(`${field}.image`, image, "must not have leading or trailing whitespace")]),
    ...oneOf(textAt(container, "imagePullPolicy") ?? "", ["Always", "IfNotPresent", "Never"], `${field}.imagePullPolicy`),
    ...objectsAt(container, "ports").flatMap((port, index) => portFaults(port, `${field}.ports[${index}]`)),
    ...objectsAt(container, "env").flatMap((env, index) => envFaults(env, `${field}.env[${index}]`)),
    ...mountFaults(objectsAt(container, "volumeMounts"), `${field}.volumeMounts`, volumeNames),
    ...resourceFaults(objectAt(container, "resources"), `${field}.resources`),
    ...["livenessProbe", "readinessProbe", "startupProbe"].flatMap((key) => probeFaults(objectAt(container, key), `${field}.${key}`)),
    ...containerSecurityFaults(objectAt(container, "securityContext"), `${field}.securityContext`),
  ];
}

function portFaults(port: JsonObject, field: string): readonly FieldFault[] {
  const number = numberAt(port, "containerPort") ?? 0;
  const protocol = textAt(port, "protocol") ?? "";
  return [
    ...(number === 0
      ? [required(`${field}.containerPort`)]
      : number < 1 || number > 65535
        ? [invalid(`${field}.containerPort`, number, "must be between 1 and 65535, inclusive")]
        : []),
    ...(["TCP", "UDP", "SCTP"].includes(protocol) ? [] : [unsupported(`${field}.protocol`, protocol, ["SCTP", "TCP", "UDP"])]),
  ];
}

function envFaults(env: JsonObject, field: string): readonly FieldFault[] {
  const name = textAt(env, "name") ?? "";
  const nameFault =
    name === ""
      ? [required(`${field}.name`)]
      : /^[^=\s]+$/.test(name)
        ? []
        : [invalid(`${field}.name`, name, "a valid environment variable name must consist only of printable ASCII characters other than '='")];
  const hasBoth = (textAt(env, "value") ?? "") !== "" && objectAt(env, "valueFrom") !== undefined;
  return [
    ...nameFault,
    ...(hasBoth ? [invalid(`${field}.valueFrom`, "", "may not be specified when `value` is not empty")] : []),
    ...(hasBoth ? [] : sourceOfEnvFaults(objectAt(env, "valueFrom"), `${field}.valueFrom`)),
  ];
}

function mountFaults(mounts: readonly JsonObject[], field: string, volumeNames: ReadonlySet<string>): readonly FieldFault[] {
  const paths = new Set<string>();
  return mounts.flatMap((mount, index) => {
    const at = `${field}[${index}]`;
    const name = textAt(mount, "name") ?? "";
    const path = textAt(mount, "mountPath") ?? "";
    const isRepeated = paths.has(path);
    paths.add(path);
    return [
      ...(name === "" ? [required(`${at}.name`)] : []),
      ...(volumeNames.has(name) ? [] : [notFoundField(`${at}.name`, name)]),
      ...(path === "" ? [required(`${at}.mountPath`)] : isRepeated ? [invalid(`${at}.mountPath`, path, "must be unique")] : []),
    ];
  });
}

/** Amounts are of resources that are known, or that have a domain. */
function unknownResource(name: string, field: string): readonly FieldFault[] {
  if (name.includes("/") || KNOWN_RESOURCES.has(name) || name.startsWith("hugepages-")) return [];
  return [
    invalid(`${field}[${name}]`, name, "must be a standard resource type or fully qualified"),
    invalid(`${field}[${name}]`, name, "must be a standard resource for containers"),
  ];
}

const KNOWN_RESOURCES: ReadonlySet<string> = new Set(["cpu", "memory", "ephemeral-storage"]);

function resourceFaults(resources: JsonObject | undefined, field: string): readonly FieldFault[] {
  const limits = textsAt(resources, "limits");
  const requests = textsAt(resources, "requests");
  const negative = (map: ReadonlyMap<string, string>, key: string): readonly FieldFault[] =>
    [...map]
      .filter(([, amount]) => amount.startsWith("-"))
      .map(([name, amount]) => invalid(`${field}.${key}[${name}]`, amount, "must be greater than or equal to 0"));
  const beyond = [...requests].flatMap(([name, amount]) => {
    const limit = limits.get(name);
    const asked = parseQuantity(amount);
    const most = limit === undefined ? undefined : parseQuantity(limit);
    const isTooMuch = asked !== undefined && most !== undefined && compareQuantities(asked, most) > 0;
    return isTooMuch ? [invalid(`${field}.requests`, amount, `must be less than or equal to ${name} limit of ${limit ?? ""}`)] : [];
  });
  const unknown = [
    ...[...limits.keys()].flatMap((name) => unknownResource(name, `${field}.limits`)),
    ...[...requests.keys()].flatMap((name) => unknownResource(name, `${field}.requests`)),
  ];
  return [...unknown, ...negative(limits, "limits"), ...negative(requests, "requests"), ...beyond];
}

/** Checks a template: labels, annotations and spec. */
export function validatePodTemplate(template: JsonObject | undefined, field: string): readonly FieldFault[] {
  return [
    ...validateLabels(textsAt(template, "metadata", "labels"), `${field}.labels`),
    ...validateAnnotations(textsAt(template, "metadata", "annotations"), `${field}.annotations`),
    ...validatePodSpec(objectAt(template, "spec"), `${field}.spec`),
  ];
}
