import type { JsonObject } from "@plumb/std";
import { objectAt, textAt } from "../draft.ts";
import { invalid, type FieldFault } from "../refusal.ts";
import type { KindRules } from "./builtin-rules.ts";

function eventNamespace(event: JsonObject): readonly FieldFault[] {
  const namespace = textAt(event, "metadata", "namespace") ?? "";
  const involved = objectAt(event, "involvedObject") ?? objectAt(event, "regarding");
  const named = textAt(involved, "namespace") ?? "";
  if (named === "" && namespace !== "default" && namespace !== "kube-system" && textAt(involved, "kind") !== undefined) {
    return CLUSTER_KINDS.has(textAt(involved, "kind") ?? "") ? [invalid("involvedObject.namespace", named, "does not match event.namespace")] : [];
  }
  return named !== "" && named !== namespace ? [invalid("involvedObject.namespace", named, "does not match event.namespace")] : [];
}

/** Events about these belong into the namespace `default`. */
const CLUSTER_KINDS: ReadonlySet<string> = new Set([
  "Node",
  "PersistentVolume",
  "Namespace",
  "ClusterRole",
  "ClusterRoleBinding",
  "StorageClass",
  "PriorityClass",
]);

export const EVENT_RULES: KindRules = { names: "segment", createsOnUpdate: true, validate: eventNamespace };
