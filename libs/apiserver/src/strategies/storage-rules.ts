import type { JsonObject } from "@plumb/std";
import { draftValue, equalJson, listAt, objectAt, textAt, within, without, type Draft } from "../draft.ts";
import { forbidden, required, type FieldFault } from "../refusal.ts";
import type { KindRules } from "./builtin-rules.ts";

export const CLAIM_FINALIZER = "kubernetes.io/pvc-protection";
export const VOLUME_FINALIZER = "kubernetes.io/pv-protection";

/** Admission plug-in StorageObjectInUseProtection. */
function protect(draft: Draft, finalizer: string): void {
  const metadata = within(draft, "metadata");
  const finalizers = listAt(metadata, "finalizers");
  if (!finalizers.includes(finalizer)) metadata["finalizers"] = [...finalizers.map(draftValue), finalizer];
}

function validateClaim(claim: JsonObject): readonly FieldFault[] {
  const modes = listAt(claim, "spec", "accessModes");
  const storage = textAt(claim, "spec", "resources", "requests", "storage");
  return [
    ...(modes.length === 0 ? [required("spec.accessModes", "at least 1 access mode is required")] : []),
    ...(storage === undefined ? [required("spec.resources[storage]")] : []),
  ];
}

function validateClaimUpdate(claim: JsonObject, old: JsonObject): readonly FieldFault[] {
  const fixed = (object: JsonObject): JsonObject => without(objectAt(object, "spec") ?? {}, "resources", "volumeAttributesClassName", "volumeName");
  if (equalJson(fixed(claim), fixed(old))) return [];
  return [forbidden("spec", "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims")];
}

export const CLAIM_RULES: KindRules = {
  answersDeleted: true,
  prepareCreate(draft) {
    draft["status"] = { phase: "Pending" };
    protect(draft, CLAIM_FINALIZER);
  },
  validate: validateClaim,
  validateUpdate: validateClaimUpdate,
};

export const VOLUME_RULES: KindRules = {
  answersDeleted: true,
  prepareCreate(draft) {
    draft["status"] = { phase: "Pending" };
    protect(draft, VOLUME_FINALIZER);
  },
  validate: (volume) => [
    ...(listAt(volume, "spec", "accessModes").length === 0 ? [required("spec.accessModes")] : []),
    ...(objectAt(volume, "spec", "capacity") === undefined ? [required("spec.capacity")] : []),
  ],
};
