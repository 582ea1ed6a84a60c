import type { JsonObject } from "@plumb/std";
import { draftValue, listAt, textAt, valueAt, within } from "../draft.ts";
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
