import type { JsonObject } from "@plumb/std";
import { draftOf, draftValue, equalJson, listAt, objectAt, textAt, valueAt, within, without, type Draft } from "../draft.ts";
import { forbidden, invalid, required, unsupported, type FieldFault } from "../refusal.ts";
import { nameProblems } from "../validation/names.ts";
import type { KindRules } from "./builtin-rules.ts";
import { oneOf } from "./field-faults.ts";

export const CLAIM_FINALIZER = "kubernetes.io/pvc-protection";
export const VOLUME_FINALIZER = "kubernetes.io/pv-protection";

/** Admission plug-in StorageObjectInUseProtection. */
function protect(draft: Draft, finalizer: string): void {
  const metadata = within(draft, "metadata");
  const finalizers = listAt(metadata, "finalizers");
  if (!finalizers.includes(finalizer)) metadata["finalizers"] = [...finalizers.map(draftValue), finalizer];
}

const ACCESS_MODES = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
const VOLUME_MODES = ["Block", "Filesystem"];

function modeFaults(modes: readonly string[]): readonly FieldFault[] {
  const unknown = modes.flatMap((mode) => oneOf(mode, ACCESS_MODES, "spec.accessModes"));
  if (unknown.length > 0) return unknown;
  const isMixed = modes.length > 1 && modes.includes("ReadWriteOncePod");
  return isMixed ? [forbidden("spec.accessModes", "may not use ReadWriteOncePod with other access modes")] : [];
}

/** Members of a volume that are no source. */
const NO_SOURCES: ReadonlySet<string> = new Set([
  "accessModes",
  "capacity",
  "claimRef",
  "mountOptions",
  "nodeAffinity",
  "persistentVolumeReclaimPolicy",
  "storageClassName",
  "volumeAttributesClassName",
  "volumeMode",
]);

function validateVolume(volume: JsonObject): readonly FieldFault[] {
  const spec = objectAt(volume, "spec") ?? {};
  const modes = listAt(spec, "accessModes").map(String);
  const capacity = objectAt(spec, "capacity");
  const [first, ...others] = Object.keys(spec)
    .filter((key) => !NO_SOURCES.has(key))
    .sort((a, b) => sourceRank(a) - sourceRank(b));
  return [
    ...(modes.length === 0 ? [required("spec.accessModes")] : modeFaults(modes)),
    ...(capacity === undefined ? [required("spec.capacity")] : []),
    ...(capacity !== undefined && Object.keys(capacity).join() === "storage" ? [] : [unsupported("spec.capacity", capacity ?? null, ["storage"])]),
    ...oneOf(textAt(spec, "persistentVolumeReclaimPolicy") ?? "", ["Delete", "Recycle", "Retain"], "spec.persistentVolumeReclaimPolicy"),
    ...(first === undefined ? [required("spec", "must specify a volume type")] : []),
    ...others.map((source) => forbidden(`spec.${source}`, "may not specify more than 1 volume type")),
    ...oneOf(textAt(spec, "volumeMode") ?? "Filesystem", VOLUME_MODES, "spec.volumeMode"),
  ];
}

/** Sources in the order in which upstream looks at them. */
const sourceRank = (source: string): number =>
  ["hostPath", "gcePersistentDisk", "awsElasticBlockStore", "glusterfs", "flocker", "nfs"].indexOf(source) + 1 || 99;

function validateClaim(claim: JsonObject): readonly FieldFault[] {
  const modes = listAt(claim, "spec", "accessModes");
  const storage = textAt(claim, "spec", "resources", "requests", "storage");
  const className = textAt(claim, "spec", "storageClassName") ?? "";
  const isPositive = storage !== undefined && !/^-|^0+(?:\.0*)?[A-Za-z]*$/.test(storage);
  return [
    ...(modes.length === 0 ? [required("spec.accessModes", "at least 1 access mode is required")] : modeFaults(modes.map(String))),
    ...(storage === undefined
      ? [required("spec.resources[storage]")]
      : isPositive
        ? []
        : [invalid("spec.resources[storage]", storage, "must be greater than zero")]),
    ...(className === "" ? [] : nameProblems(className, "subdomain").map((says) => invalid("spec.storageClassName", className, says))),
    ...oneOf(textAt(claim, "spec", "volumeMode") ?? "Filesystem", VOLUME_MODES, "spec.volumeMode"),
  ];
}

function validateClaimUpdate(claim: JsonObject, old: JsonObject): readonly FieldFault[] {
  // Until it is bound, a claim may be given a volume and a class, and nothing else.
  const free = textAt(old, "status", "phase") === "Bound" ? ["resources", "volumeAttributesClassName"] : ["volumeName"];
  if (valueAt(old, "spec", "storageClassName") === undefined) free.push("storageClassName");
  const fixed = (object: JsonObject): JsonObject => without(objectAt(object, "spec") ?? {}, ...free);
  if (equalJson(fixed(claim), fixed(old))) return [];
  return [forbidden("spec", "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims")];
}

export const CLAIM_RULES: KindRules = {
  answersDeleted: true,
  prepareCreate(draft) {
    draft["status"] = { phase: "Pending" };
    // The old field and the new one say the same.
    const source = objectAt(draft, "spec", "dataSource");
    const spec = within(draft, "spec");
    if (source !== undefined && spec["dataSourceRef"] === undefined) spec["dataSourceRef"] = draftOf({ apiGroup: null, ...source });
    protect(draft, CLAIM_FINALIZER);
  },
  validate: validateClaim,
  validateUpdate: validateClaimUpdate,
};

export const VOLUME_RULES: KindRules = {
  answersDeleted: true,
  prepareCreate(draft, context) {
    draft["status"] = { phase: "Pending", lastPhaseTransitionTime: context.now };
    protect(draft, VOLUME_FINALIZER);
  },
  validate: validateVolume,
};
