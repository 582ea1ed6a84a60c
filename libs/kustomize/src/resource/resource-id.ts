/** A kind, and whether the schema in use knows that it lives outside namespaces. */
export interface Gvk {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly isClusterScoped: boolean;
}

export interface ResourceId extends Gvk {
  readonly name: string;
  readonly namespace: string;
}

/** A kind or id to compare with; an empty part matches everything. */
export interface GvkSelector {
  readonly group?: string | undefined;
  readonly version?: string | undefined;
  readonly kind?: string | undefined;
}

const NO_NAMESPACE = "_non_namespaceable_";
export const DEFAULT_NAMESPACE = "default";

export function splitApiVersion(apiVersion: string): { readonly group: string; readonly version: string } {
  const slash = apiVersion.indexOf("/");
  return slash === -1 ? { group: "", version: apiVersion } : { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}

export function apiVersionOf({ group, version }: Gvk): string {
  return group === "" ? version : `${group}/${version}`;
}

/** `Deployment.v1.apps`, empty parts in brackets. */
export function gvkText({ group, version, kind }: GvkSelector): string {
  return `${kind || "[noKind]"}.${version || "[noVer]"}.${group || "[noGrp]"}`;
}

/** The text by which kustomize orders kinds: a missing part comes behind all others. */
export function gvkSortText({ group, version, kind }: GvkSelector): string {
  return `${group || "~G"}_${version || "~V"}_${kind || "~K"}`;
}

/** `Deployment.v1.apps/name.namespace`, as kustomize names an object in messages. */
export function idText(id: GvkSelector & { readonly name?: string | undefined; readonly namespace?: string | undefined }): string {
  return `${gvkText(id)}/${id.name || "[noName]"}.${id.namespace || "[noNs]"}`;
}

/** The namespace that decides whether two ids are the same: none and `default` are one. */
export function effectiveNamespace(id: ResourceId): string {
  if (id.isClusterScoped) return NO_NAMESPACE;
  return id.namespace === "" ? DEFAULT_NAMESPACE : id.namespace;
}

/** Two ids with the same key are equal. */
export function idKey(id: ResourceId): string {
  return `${id.group}\n${id.version}\n${id.kind}\n${effectiveNamespace(id)}\n${id.name}`;
}

export function isSelected(id: GvkSelector, selector: GvkSelector): boolean {
  return (
    (selector.group === undefined || selector.group === "" || selector.group === id.group) &&
    (selector.version === undefined || selector.version === "" || selector.version === id.version) &&
    (selector.kind === undefined || selector.kind === "" || selector.kind === id.kind)
  );
}

const ORDER_FIRST: readonly string[] = [
  "Namespace",
  "ResourceQuota",
  "StorageClass",
  "CustomResourceDefinition",
  "ServiceAccount",
  "PodSecurityPolicy",
  "Role",
  "ClusterRole",
  "RoleBinding",
  "ClusterRoleBinding",
  "ConfigMap",
  "Secret",
  "Endpoints",
  "Service",
  "LimitRange",
  "PriorityClass",
  "PersistentVolume",
  "PersistentVolumeClaim",
  "Deployment",
  "StatefulSet",
  "CronJob",
  "PodDisruptionBudget",
];
const ORDER_LAST: readonly string[] = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/** The order of kinds that kustomize calls legacy. */
export const LEGACY_ORDER: { readonly orderFirst: readonly string[]; readonly orderLast: readonly string[] } = {
  orderFirst: ORDER_FIRST,
  orderLast: ORDER_LAST,
};

/** The place of a kind: negative for the first ones, 0 for most, positive for the last. */
export function rankOf(kind: string, { orderFirst, orderLast }: typeof LEGACY_ORDER = LEGACY_ORDER): number {
  const last = orderLast.lastIndexOf(kind);
  if (last !== -1) return 1 + last;
  const first = orderFirst.lastIndexOf(kind);
  return first === -1 ? 0 : first - orderFirst.length;
}
