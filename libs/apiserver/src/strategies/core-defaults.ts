import { draftAt, draftsAt, draftValue, isDraft, textAt, within, type Draft } from "../draft.ts";
import { fallback, type TypeDefaults } from "./type-defaults.ts";

/** `latest`, said or not, is pulled always. Source: pkg/util/parsers `ParseImageName`. */
function pullPolicy(image: string): "Always" | "IfNotPresent" {
  const isPinned = image.includes("@");
  const name = image.slice(image.lastIndexOf("/") + 1);
  const tag = name.includes(":") ? name.slice(name.indexOf(":") + 1) : "latest";
  return !isPinned && tag === "latest" ? "Always" : "IfNotPresent";
}

function setContainer(container: Draft): void {
  if (textAt(container, "image") !== undefined || container["name"] !== undefined)
    fallback(container, "imagePullPolicy", pullPolicy(textAt(container, "image") ?? ""));
  fallback(container, "terminationMessagePath", "/dev/termination-log");
  fallback(container, "terminationMessagePolicy", "File");
}

function setPodSpec(spec: Draft): void {
  fallback(spec, "dnsPolicy", "ClusterFirst");
  fallback(spec, "restartPolicy", "Always");
  fallback(spec, "securityContext", {});
  fallback(spec, "terminationGracePeriodSeconds", 30);
  fallback(spec, "schedulerName", "default-scheduler");
  // The old name of the field follows the new one, and speaks where the new one is silent.
  const account = textAt(spec, "serviceAccountName") ?? textAt(spec, "serviceAccount");
  if (account !== undefined) for (const key of ["serviceAccountName", "serviceAccount"]) spec[key] = account;
  if (spec["hostNetwork"] === true) {
    for (const container of [...draftsAt(spec, "containers"), ...draftsAt(spec, "initContainers")]) {
      for (const port of draftsAt(container, "ports")) if (port["hostPort"] === undefined) port["hostPort"] = port["containerPort"];
    }
  }
}

function setPod(pod: Draft): void {
  const spec = draftAt(pod, "spec");
  if (spec === undefined) return;
  for (const container of [...draftsAt(spec, "containers"), ...draftsAt(spec, "initContainers")]) {
    const limits = draftAt(container, "resources", "limits");
    if (limits === undefined) continue;
    const requests = within(within(container, "resources"), "requests");
    for (const [name, amount] of Object.entries(limits)) requests[name] ??= amount;
  }
  fallback(spec, "enableServiceLinks", true);
}

function setProbe(probe: Draft): void {
  for (const [key, value] of [
    ["timeoutSeconds", 1],
    ["periodSeconds", 10],
    ["successThreshold", 1],
    ["failureThreshold", 3],
  ] as const)
    probe[key] ??= value;
}

const EXTERNAL_TYPES: ReadonlySet<string> = new Set(["NodePort", "LoadBalancer"]);

function setService(service: Draft): void {
  const spec = within(service, "spec");
  fallback(spec, "sessionAffinity", "None");
  if (spec["sessionAffinity"] === "None") delete spec["sessionAffinityConfig"];
  else if (draftAt(spec, "sessionAffinityConfig", "clientIP")?.["timeoutSeconds"] === undefined)
    spec["sessionAffinityConfig"] = { clientIP: { timeoutSeconds: 10800 } };
  fallback(spec, "type", "ClusterIP");
  for (const port of draftsAt(spec, "ports")) {
    fallback(port, "protocol", "TCP");
    if (port["targetPort"] === undefined || port["targetPort"] === 0 || port["targetPort"] === "") port["targetPort"] = port["port"] ?? 0;
  }
  const type = textAt(spec, "type") ?? "";
  const isExternal = EXTERNAL_TYPES.has(type) || (type === "ClusterIP" && Array.isArray(spec["externalIPs"]) && spec["externalIPs"].length > 0);
  if (isExternal) fallback(spec, "externalTrafficPolicy", "Cluster");
  if (type !== "ExternalName") fallback(spec, "internalTrafficPolicy", "Cluster");
  if (type === "LoadBalancer") {
    fallback(spec, "allocateLoadBalancerNodePorts", true);
    for (const ingress of draftsAt(service, "status", "loadBalancer", "ingress")) if (textAt(ingress, "ip") !== undefined) fallback(ingress, "ipMode", "VIP");
  }
}

/** A volume without a source is an empty directory. */
function setVolume(volume: Draft): void {
  if (Object.keys(volume).every((key) => key === "name")) volume["emptyDir"] = {};
  const image = draftAt(volume, "image");
  if (image !== undefined) fallback(image, "pullPolicy", pullPolicy(textAt(image, "reference") ?? ""));
}

function setLimitRangeItem(item: Draft): void {
  if (item["type"] !== "Container") return;
  const limits = within(item, "default");
  for (const [name, amount] of Object.entries(draftAt(item, "max") ?? {})) limits[name] ??= amount;
  const requests = within(item, "defaultRequest");
  for (const [name, amount] of Object.entries(limits)) requests[name] ??= amount;
  for (const [name, amount] of Object.entries(draftAt(item, "min") ?? {})) requests[name] ??= amount;
  for (const key of ["default", "defaultRequest"]) if (Object.keys(draftAt(item, key) ?? {}).length === 0) delete item[key];
}

function setNamespace(namespace: Draft): void {
  const metadata = within(namespace, "metadata");
  const name = textAt(metadata, "name") ?? "";
  if (name !== "") within(metadata, "labels")["kubernetes.io/metadata.name"] = name;
}

function setReplicationController(controller: Draft): void {
  const spec = within(controller, "spec");
  spec["replicas"] ??= 1;
  const labels = draftAt(spec, "template", "metadata", "labels");
  if (labels === undefined) return;
  if (Object.keys(draftAt(spec, "selector") ?? {}).length === 0) spec["selector"] = draftValue(labels);
  const metadata = within(controller, "metadata");
  if (Object.keys(draftAt(metadata, "labels") ?? {}).length === 0) metadata["labels"] = draftValue(labels);
}

const mode = (source: Draft): void => fallback(source, "defaultMode", 0o644);

/** Source: pkg/apis/core/v1 defaults.go, and the `+default` markers of k8s.io/api/core/v1. */
export const CORE_DEFAULTS: TypeDefaults = {
  "api.core.v1.Pod": setPod,
  "api.core.v1.PodSpec": setPodSpec,
  "api.core.v1.Container": setContainer,
  "api.core.v1.EphemeralContainer": setContainer,
  "api.core.v1.ContainerPort": (port) => fallback(port, "protocol", "TCP"),
  "api.core.v1.Probe": setProbe,
  "api.core.v1.HTTPGetAction": (action) => {
    fallback(action, "path", "/");
    fallback(action, "scheme", "HTTP");
  },
  "api.core.v1.GRPCAction": (action) => {
    if (action["service"] === undefined || action["service"] === null) action["service"] = "";
  },
  "api.core.v1.Volume": setVolume,
  "api.core.v1.SecretVolumeSource": mode,
  "api.core.v1.ConfigMapVolumeSource": mode,
  "api.core.v1.DownwardAPIVolumeSource": mode,
  "api.core.v1.ProjectedVolumeSource": mode,
  "api.core.v1.ServiceAccountTokenProjection": (source) => fallback(source, "expirationSeconds", 3600),
  "api.core.v1.HostPathVolumeSource": (source) => {
    if (source["type"] === undefined || source["type"] === null) source["type"] = "";
  },
  "api.core.v1.ISCSIVolumeSource": (source) => fallback(source, "iscsiInterface", "default"),
  "api.core.v1.RBDVolumeSource": (source) => {
    for (const [key, value] of [
      ["pool", "rbd"],
      ["user", "admin"],
      ["keyring", "/etc/ceph/keyring"],
    ] as const)
      fallback(source, key, value);
  },
  "api.core.v1.AzureDiskVolumeSource": (source) => {
    for (const [key, value] of [
      ["cachingMode", "ReadWrite"],
      ["fsType", "ext4"],
      ["readOnly", false],
      ["kind", "Shared"],
    ] as const)
      fallback(source, key, value);
  },
  "api.core.v1.ObjectFieldSelector": (selector) => fallback(selector, "apiVersion", "v1"),
  "api.core.v1.Service": setService,
  "api.core.v1.Secret": (secret) => fallback(secret, "type", "Opaque"),
  "api.core.v1.Namespace": setNamespace,
  "api.core.v1.NamespaceStatus": (status) => fallback(status, "phase", "Active"),
  "api.core.v1.PersistentVolume": (volume) => {
    fallback(within(volume, "status"), "phase", "Pending");
    fallback(within(volume, "spec"), "persistentVolumeReclaimPolicy", "Retain");
    fallback(within(volume, "spec"), "volumeMode", "Filesystem");
  },
  "api.core.v1.PersistentVolumeClaim": (claim) => fallback(within(claim, "status"), "phase", "Pending"),
  "api.core.v1.PersistentVolumeClaimSpec": (spec) => fallback(spec, "volumeMode", "Filesystem"),
  "api.core.v1.EndpointPort": (port) => fallback(port, "protocol", "TCP"),
  "api.core.v1.LimitRangeItem": setLimitRangeItem,
  "api.core.v1.ReplicationController": setReplicationController,
  "api.core.v1.NodeStatus": (status) => {
    const capacity = status["capacity"];
    if (status["allocatable"] === undefined && isDraft(capacity)) status["allocatable"] = draftValue(capacity);
  },
};
