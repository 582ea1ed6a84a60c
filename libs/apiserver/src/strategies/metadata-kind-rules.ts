import type { JsonObject } from "@plumb/std";
import { draftValue, listAt, numberAt, objectAt, textAt, valueAt, within } from "../draft.ts";
import { invalid, type FieldFault } from "../refusal.ts";
import type { KindRules } from "./builtin-rules.ts";

/** The finalizer in `spec.finalizers` of a Namespace that the namespace controller removes last. */
export const NAMESPACE_FINALIZER = "kubernetes";

/** The phase follows the deletion. */
function namespacePhase(namespace: JsonObject): readonly FieldFault[] {
  const phase = textAt(namespace, "status", "phase") ?? "";
  const isDeleted = valueAt(namespace, "metadata", "deletionTimestamp") !== undefined;
  if (isDeleted) return phase === "Terminating" ? [] : [invalid("status.Phase", phase, "may only be 'Terminating' if `deletionTimestamp` is not empty")];
  return phase === "Active" ? [] : [invalid("status.Phase", phase, "may only be 'Active' if `deletionTimestamp` is empty")];
}

export const NAMESPACE_RULES: KindRules = {
  names: "label",
  answersDeleted: true,
  validateStatus: namespacePhase,
  prepareCreate(draft) {
    draft["status"] = { phase: "Active" };
    const spec = within(draft, "spec");
    const finalizers = listAt(spec, "finalizers");
    if (!finalizers.includes(NAMESPACE_FINALIZER)) spec["finalizers"] = [...finalizers.map(draftValue), NAMESPACE_FINALIZER];
    const metadata = within(draft, "metadata");
    // A generated name is not known when defaults are set, so the label is set again.
    if (textAt(metadata, "name") !== undefined) within(metadata, "labels")["kubernetes.io/metadata.name"] = textAt(metadata, "name") ?? "";
  },
  prepareUpdate(draft, old) {
    const finalizers = valueAt(old, "spec", "finalizers");
    if (finalizers === undefined) delete within(draft, "spec")["finalizers"];
    else within(draft, "spec")["finalizers"] = draftValue(finalizers);
  },
};

function eventNamespace(event: JsonObject): readonly FieldFault[] {
  const namespace = textAt(event, "metadata", "namespace") ?? "";
  const involved = objectAt(event, "involvedObject") ?? objectAt(event, "regarding");
  const named = textAt(involved, "namespace") ?? "";
  if (named === "" && namespace !== "default" && namespace !== "kube-system" && textAt(involved, "kind") !== undefined) {
    return isClusterScoped(textAt(involved, "kind") ?? "") ? [invalid("involvedObject.namespace", named, "does not match event.namespace")] : [];
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
const isClusterScoped = (kind: string): boolean => CLUSTER_KINDS.has(kind);

export const EVENT_RULES: KindRules = { names: "segment", createsOnUpdate: true, validate: eventNamespace };

function validateLease(lease: JsonObject): readonly FieldFault[] {
  const seconds = numberAt(lease, "spec", "leaseDurationSeconds");
  const transitions = numberAt(lease, "spec", "leaseTransitions");
  return [
    ...(seconds !== undefined && seconds <= 0 ? [invalid("spec.leaseDurationSeconds", seconds, "must be greater than 0")] : []),
    ...(transitions !== undefined && transitions < 0 ? [invalid("spec.leaseTransitions", transitions, "must be greater than or equal to 0")] : []),
  ];
}

export const LEASE_RULES: KindRules = { createsOnUpdate: true, needsVersion: true, validate: validateLease };
