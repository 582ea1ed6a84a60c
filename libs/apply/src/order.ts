import { groupVersionKind, type Manifest } from "@plumb/api";
import { compareText } from "@plumb/std";

/** Kinds that others need, in the order they are applied (K-042). Kinds in neither list stand between the two. */
const FIRST = [
  "CustomResourceDefinition",
  "Namespace",
  "ClusterRole",
  "ClusterClass",
  "RuntimeClass",
  "PriorityClass",
  "StorageClass",
  "VolumeSnapshotClass",
  "IngressClass",
  "GatewayClass",
  "ClusterRoleBinding",
  "ResourceQuota",
  "ServiceAccount",
  "Role",
  "RoleBinding",
  "ConfigMap",
  "Secret",
  "Service",
  "LimitRange",
  "Deployment",
  "StatefulSet",
  "CronJob",
  "PodDisruptionBudget",
];
const LAST = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"];

/** Returns the objects in apply order; ties by group, kind, namespace and name, so that two runs agree. */
export function inApplyOrder<Item extends { readonly object: Manifest }>(items: readonly Item[]): readonly Item[] {
  const keyed = items.map((item) => ({ item, rank: rank(item.object), key: sortKey(item.object) }));
  return keyed.sort((a, b) => a.rank - b.rank || compareText(a.key, b.key)).map(({ item }) => item);
}

/** Definitions first, then classes, then stages the operator asked for, then the rest (K-041). */
export type Stage = "definitions" | "classes" | "custom" | "rest";
export const STAGES: readonly Stage[] = ["definitions", "classes", "custom", "rest"];

const DEFINITIONS = new Set(["CustomResourceDefinition", "Namespace", "ClusterRole"]);

/** @param customKinds `group/Kind` of `--custom-apply-stage-kinds` */
export function stageOf(object: Manifest, customKinds: ReadonlySet<string>): Stage {
  const { group, kind } = groupVersionKind(object);
  if (DEFINITIONS.has(kind)) return "definitions";
  if (kind.endsWith("Class")) return "classes";
  return customKinds.has(`${group}/${kind}`) ? "custom" : "rest";
}

/** Negative for FIRST, 0 for most kinds, positive for LAST. */
function rank({ kind }: Manifest): number {
  const first = FIRST.indexOf(kind);
  return first === -1 ? LAST.indexOf(kind) + 1 : first - FIRST.length;
}

/** Parts end in the smallest character, so that `a` comes before `a-b` whatever follows them. */
function sortKey(object: Manifest): string {
  const { group, kind } = groupVersionKind(object);
  return [group, kind, object.metadata.namespace ?? "", object.metadata.name].join("\0");
}
