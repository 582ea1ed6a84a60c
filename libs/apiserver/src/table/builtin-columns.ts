import type { KindFacts } from "@plumb/openapi";
import type { JsonObject } from "@plumb/std";
import { listAt, numberAt, objectAt, objectsAt, textAt, textsAt, valueAt } from "../draft.ts";
import type { TableColumns } from "../resource.ts";
import { formatSelector, selectorOfObject } from "../select/label-selector.ts";
import { age, AGE_READER, countReader, CREATED_AT_COLUMN, NAME_READER, reader, textReader, type ColumnReader } from "./column.ts";
import { WORKLOAD_COLUMNS } from "./workload-columns.ts";

const DATA =
  "Data contains the configuration data. Each key must consist of alphanumeric characters, '-', '_' or '.'. Values with non-UTF-8 byte sequences must use the BinaryData field. The keys stored in Data must not overlap with the keys in the BinaryData field, this is enforced during validation process.";

const count = (object: JsonObject, ...keys: readonly string[]): number => keys.reduce((sum, key) => sum + Object.keys(objectAt(object, key) ?? {}).length, 0);
const joined = (values: readonly string[], whenNone = "<none>"): string => (values.length === 0 ? whenNone : values.join(","));
const isTerminating = (object: JsonObject): boolean => valueAt(object, "metadata", "deletionTimestamp") !== undefined;
const bindingRole = reader("Role", (object) => `${textAt(object, "roleRef", "kind") ?? ""}/${textAt(object, "roleRef", "name") ?? ""}`);

const subjects = (name: string, kind: string): ColumnReader =>
  reader(
    name,
    (object) =>
      objectsAt(object, "subjects")
        .filter((subject) => textAt(subject, "kind") === kind)
        .map((subject) =>
          kind === "ServiceAccount" ? `${textAt(subject, "namespace") ?? ""}/${textAt(subject, "name") ?? ""}` : (textAt(subject, "name") ?? ""),
        )
        .join(", "),
    { isWide: true },
  );

const BINDING = [NAME_READER, bindingRole, AGE_READER, subjects("Users", "User"), subjects("Groups", "Group"), subjects("ServiceAccounts", "ServiceAccount")];

const ACCESS: Readonly<Record<string, string>> = { ReadWriteOnce: "RWO", ReadOnlyMany: "ROX", ReadWriteMany: "RWX", ReadWriteOncePod: "RWOP" };
const accessModes = (object: JsonObject, ...path: readonly string[]): string =>
  listAt(object, ...path)
    .map((mode) => ACCESS[String(mode)] ?? "")
    .join(",");

function servicePorts(service: JsonObject): string {
  return joined(
    objectsAt(service, "spec", "ports").map((port) => {
      const nodePort = numberAt(port, "nodePort") ?? 0;
      return `${numberAt(port, "port") ?? 0}${nodePort === 0 ? "" : `:${nodePort}`}/${textAt(port, "protocol") ?? ""}`;
    }),
  );
}

function externalAddress(service: JsonObject): string {
  const own = listAt(service, "spec", "externalIPs").map(String);
  switch (textAt(service, "spec", "type")) {
    case "ExternalName":
      return textAt(service, "spec", "externalName") ?? "";
    case "LoadBalancer": {
      const given = objectsAt(service, "status", "loadBalancer", "ingress").map((one) => textAt(one, "ip") ?? textAt(one, "hostname") ?? "");
      return joined([...given, ...own], "<pending>");
    }
    default:
      return joined(own);
  }
}

function eventObject(event: JsonObject): string {
  const kind = (textAt(event, "involvedObject", "kind") ?? "").toLowerCase();
  const name = textAt(event, "involvedObject", "name") ?? "";
  return name === "" ? kind : `${kind}/${name}`;
}

function eventSource(event: JsonObject): string {
  const [component, instance] = [
    textAt(event, "source", "component") || (textAt(event, "reportingComponent") ?? ""),
    textAt(event, "source", "host") || (textAt(event, "reportingInstance") ?? ""),
  ];
  return instance === "" ? component : `${component}, ${instance}`;
}

function lastSeen(event: JsonObject, nowMs: number): string {
  return age(
    textAt(event, "series", "lastObservedTime") ?? textAt(event, "lastTimestamp") ?? textAt(event, "eventTime") ?? textAt(event, "firstTimestamp"),
    nowMs,
  );
}

function nodeStatus(node: JsonObject): string {
  const ready = objectsAt(node, "status", "conditions").find((one) => textAt(one, "type") === "Ready");
  const state = ready === undefined ? "Unknown" : textAt(ready, "status") === "True" ? "Ready" : "NotReady";
  return valueAt(node, "spec", "unschedulable") === true ? `${state},SchedulingDisabled` : state;
}

const nodeAddress =
  (type: string) =>
  (node: JsonObject): string =>
    textAt(
      objectsAt(node, "status", "addresses").find((one) => textAt(one, "type") === type),
      "address",
    ) ?? "<none>";

const CREATED_AT: readonly ColumnReader[] = [
  NAME_READER,
  { definition: CREATED_AT_COLUMN, cell: (object) => textAt(object, "metadata", "creationTimestamp") ?? "" },
];

/** What is used of a quota's hard limits, those on `limits.…` apart from the others. */
const quotaUse =
  (isLimit: boolean) =>
  (quota: JsonObject): string => {
    const used = textsAt(quota, "status", "used");
    const hard = [...textsAt(quota, "status", "hard")].filter(([name]) => name.startsWith("limits.") === isLimit);
    return hard
      .map(([name, most]) => `${name}: ${used.get(name) ?? "0"}/${most}`)
      .sort()
      .join(", ");
  };

const ROLE = "node-role.kubernetes.io/";
const nodeRoles = (node: JsonObject): string =>
  joined([...textsAt(node, "metadata", "labels").keys()].filter((key) => key.startsWith(ROLE)).map((key) => key.slice(ROLE.length)));

const COLUMNS: Readonly<Record<string, readonly ColumnReader[]>> = {
  ...WORKLOAD_COLUMNS,
  "/configmaps": [NAME_READER, reader("Data", (object) => count(object, "data", "binaryData"), { description: DATA }), AGE_READER],
  "/secrets": [NAME_READER, textReader("Type", "type"), reader("Data", (object) => count(object, "data")), AGE_READER],
  "/namespaces": [NAME_READER, textReader("Status", "status.phase", "", { description: "The status of the namespace" }), AGE_READER],
  "/services": [
    NAME_READER,
    textReader("Type", "spec.type"),
    textReader("Cluster-IP", "spec.clusterIP", "<none>"),
    reader("External-IP", externalAddress),
    reader("Port(s)", servicePorts),
    AGE_READER,
    reader("Selector", (object) => joined([...textsAt(object, "spec", "selector")].map(([key, value]) => `${key}=${value}`)), { isWide: true }),
  ],
  "/nodes": [
    NAME_READER,
    reader("Status", nodeStatus),
    reader("Roles", nodeRoles),
    AGE_READER,
    textReader("Version", "status.nodeInfo.kubeletVersion"),
    reader("Internal-IP", nodeAddress("InternalIP"), { isWide: true }),
    reader("External-IP", nodeAddress("ExternalIP"), { isWide: true }),
    textReader("OS-Image", "status.nodeInfo.osImage", "<unknown>", { isWide: true }),
    textReader("Kernel-Version", "status.nodeInfo.kernelVersion", "<unknown>", { isWide: true }),
    textReader("Container-Runtime", "status.nodeInfo.containerRuntimeVersion", "<unknown>", { isWide: true }),
  ],
  "/limitranges": CREATED_AT,
  "/resourcequotas": [NAME_READER, reader("Request", quotaUse(false)), reader("Limit", quotaUse(true)), AGE_READER],
  "/events": [
    reader("Last Seen", lastSeen),
    textReader("Type", "type"),
    textReader("Reason", "reason"),
    reader("Object", eventObject),
    textReader("Subobject", "involvedObject.fieldPath", "", { isWide: true }),
    reader("Source", eventSource, { isWide: true }),
    reader("Message", (object) => (textAt(object, "message") ?? "").trim()),
    reader("First Seen", (object, nowMs) => age(textAt(object, "firstTimestamp") ?? textAt(object, "eventTime"), nowMs), { isWide: true }),
    reader("Count", (object) => numberAt(object, "count") ?? 1, { isWide: true }),
    { definition: { ...NAME_READER.definition, priority: 1 }, cell: NAME_READER.cell },
  ],
  "/persistentvolumeclaims": [
    NAME_READER,
    reader("Status", (object) => (isTerminating(object) ? "Terminating" : (textAt(object, "status", "phase") ?? ""))),
    textReader("Volume", "spec.volumeName"),
    textReader("Capacity", "status.capacity.storage"),
    reader("Access Modes", (object) => accessModes(object, "status", "accessModes")),
    textReader("StorageClass", "spec.storageClassName", "", { description: "StorageClass of the pvc" }),
    textReader("VolumeAttributesClass", "spec.volumeAttributesClassName", "<unset>", { description: "VolumeAttributesClass of the pvc" }),
    AGE_READER,
    textReader("VolumeMode", "spec.volumeMode", "<unset>", { isWide: true }),
  ],
  "/persistentvolumes": [
    NAME_READER,
    textReader("Capacity", "spec.capacity.storage"),
    reader("Access Modes", (object) => accessModes(object, "spec", "accessModes")),
    textReader("Reclaim Policy", "spec.persistentVolumeReclaimPolicy"),
    reader("Status", (object) => (isTerminating(object) ? "Terminating" : (textAt(object, "status", "phase") ?? ""))),
    reader("Claim", (object) =>
      objectAt(object, "spec", "claimRef") === undefined
        ? ""
        : `${textAt(object, "spec", "claimRef", "namespace") ?? ""}/${textAt(object, "spec", "claimRef", "name") ?? ""}`,
    ),
    textReader("StorageClass", "spec.storageClassName"),
    textReader("VolumeAttributesClass", "spec.volumeAttributesClassName", "<unset>"),
    textReader("Reason", "status.reason"),
    AGE_READER,
  ],
  "autoscaling/horizontalpodautoscalers": [
    NAME_READER,
    reader("Reference", (object) => `${textAt(object, "spec", "scaleTargetRef", "kind") ?? ""}/${textAt(object, "spec", "scaleTargetRef", "name") ?? ""}`),
    reader("Targets", () => "<unknown>"),
    reader("MinPods", (object) => String(numberAt(object, "spec", "minReplicas") ?? "<unset>")),
    countReader("MaxPods", "spec.maxReplicas", { type: "string" }),
    countReader("Replicas", "status.currentReplicas", { type: "string" }),
    AGE_READER,
  ],
  "networking.k8s.io/ingresses": [
    NAME_READER,
    textReader("Class", "spec.ingressClassName", "<none>"),
    reader("Hosts", (object) =>
      joined(
        objectsAt(object, "spec", "rules").map((rule) => textAt(rule, "host") ?? "*"),
        "*",
      ),
    ),
    reader("Address", (object) =>
      objectsAt(object, "status", "loadBalancer", "ingress")
        .map((one) => textAt(one, "ip") ?? textAt(one, "hostname") ?? "")
        .join(","),
    ),
    reader("Ports", (object) => (listAt(object, "spec", "tls").length > 0 ? "80, 443" : "80")),
    AGE_READER,
  ],
  "networking.k8s.io/ingressclasses": [
    NAME_READER,
    textReader("Controller", "spec.controller"),
    textReader("Parameters", "spec.parameters.name", "<none>"),
    AGE_READER,
  ],
  "networking.k8s.io/networkpolicies": [
    NAME_READER,
    reader("Pod-Selector", (object) => joined([formatSelector(selectorOfObject(objectAt(object, "spec", "podSelector")) ?? [])].filter((one) => one !== ""))),
    AGE_READER,
  ],
  "policy/poddisruptionbudgets": [
    NAME_READER,
    reader("Min Available", (object) => String(valueAt(object, "spec", "minAvailable") ?? "N/A")),
    reader("Max Unavailable", (object) => String(valueAt(object, "spec", "maxUnavailable") ?? "N/A")),
    countReader("Allowed Disruptions", "status.disruptionsAllowed"),
    AGE_READER,
  ],
  "rbac.authorization.k8s.io/rolebindings": BINDING,
  "rbac.authorization.k8s.io/clusterrolebindings": BINDING,
  "rbac.authorization.k8s.io/roles": CREATED_AT,
  "rbac.authorization.k8s.io/clusterroles": CREATED_AT,
  "apiextensions.k8s.io/customresourcedefinitions": CREATED_AT,
  "coordination.k8s.io/leases": [NAME_READER, textReader("Holder", "spec.holderIdentity"), AGE_READER],
  "storage.k8s.io/storageclasses": [
    NAME_READER,
    textReader("Provisioner", "provisioner"),
    textReader("ReclaimPolicy", "reclaimPolicy", "Delete"),
    textReader("VolumeBindingMode", "volumeBindingMode", "Immediate"),
    reader("AllowVolumeExpansion", (object) => valueAt(object, "allowVolumeExpansion") === true, { type: "boolean" }),
    AGE_READER,
  ],
  "scheduling.k8s.io/priorityclasses": [
    NAME_READER,
    countReader("Value", "value"),
    reader("Global-Default", (object) => valueAt(object, "globalDefault") === true, { type: "boolean" }),
    AGE_READER,
    textReader("PreemptionPolicy", "preemptionPolicy"),
  ],
};

const PLAIN = [NAME_READER, AGE_READER];

/** The columns that `kubectl get` shows of a built-in kind; name and age for those without their own. */
export function columnsOf({ group, plural }: KindFacts): TableColumns {
  const columns = COLUMNS[`${group === "events.k8s.io" ? "" : group}/${plural}`] ?? PLAIN;
  return {
    definitions: columns.map(({ definition }) => definition),
    cells: (object, nowMs) => columns.map(({ cell }) => cell(object, nowMs)),
  };
}
