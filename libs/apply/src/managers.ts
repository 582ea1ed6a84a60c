import type { LiveObject, ManagedFieldsEntry, Manifest } from "@plumb/api";
import type { JsonObject } from "@plumb/std";
import { fieldsOfEntry } from "./baseline.ts";
import { APPLY_MANAGER } from "./owner.ts";
import { hasPolicy } from "./policy.ts";

/** Managers whose fields we take over, by prefix and operation (K-047). */
const FOREIGN: readonly (readonly [prefix: string, operation: ManagedFieldsEntry["operation"]])[] = [
  ["kubectl", "Apply"],
  ["kubectl", "Update"],
  ["before-first-apply", "Update"],
  ["kustomize-controller", "Update"],
];
const ANNOTATIONS = ["kubectl.kubernetes.io/last-applied-configuration", "kustomize.toolkit.fluxcd.io/checksum", "fluxcd.io/sync-checksum"];
const LABELS = ["fluxcd.io/sync-gc-mark"];

/**
 * The JSON patch that takes over the fields that hands and older tools own, so that what Git no longer names goes away; and
 * that removes their notes. undefined when there is nothing to take over. Pure.
 */
export function takeOverPatch(live: LiveObject, overrides: readonly string[]): readonly JsonObject[] | undefined {
  const notes = [...noteRemovals(live, "annotations", ANNOTATIONS), ...noteRemovals(live, "labels", LABELS)];
  const managers = withTakenOver(live.metadata.managedFields ?? [], overrides);
  if (notes.length === 0 && managers === undefined) return undefined;
  // why: set to what was read, an object that has moved since is a conflict; a test that fails would be an invalid patch
  const version: JsonObject = { op: "replace", path: "/metadata/resourceVersion", value: live.metadata.resourceVersion };
  return [version, ...notes, ...(managers === undefined ? [] : [{ op: "replace", path: "/metadata/managedFields", value: managers }])];
}

/** The same for a desired object; nothing where it, or the live one, says that all may write it. Pure. */
export function takeOverFor(object: Manifest, live: LiveObject, overrides: readonly string[]): readonly JsonObject[] | undefined {
  return hasPolicy(object, "ssa-merge") || hasPolicy(live, "ssa-merge") ? undefined : takeOverPatch(live, overrides);
}

/**
 * The JSON patch that moves every entry to the version that is applied (K-048): the API server cannot read an object whose
 * entries are of a version that is gone. undefined when all are of it. Pure.
 */
export function migrationPatch(live: LiveObject, apiVersion: string): readonly JsonObject[] | undefined {
  const entries = live.metadata.managedFields ?? [];
  if (entries.every((entry) => entry.apiVersion === apiVersion)) return undefined;
  return [
    { op: "replace", path: "/metadata/resourceVersion", value: live.metadata.resourceVersion },
    { op: "replace", path: "/metadata/managedFields", value: entries.map((entry) => ({ ...entry, apiVersion })) },
  ];
}

function noteRemovals({ metadata }: LiveObject, field: "annotations" | "labels", keys: readonly string[]): readonly JsonObject[] {
  const present = keys.filter((key) => Object.hasOwn(metadata[field] ?? {}, key));
  return present.map((key) => ({ op: "remove", path: `/metadata/${field}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}` }));
}

/** undefined when no entry is taken over. */
function withTakenOver(entries: readonly ManagedFieldsEntry[], overrides: readonly string[]): readonly ManagedFieldsEntry[] | undefined {
  const taken = entries.filter((entry) => isForeign(entry, overrides));
  if (taken.length === 0) return undefined;
  const kept = entries.filter((entry) => !taken.includes(entry));
  const own = kept.find(({ manager, operation, subresource }) => manager === APPLY_MANAGER && operation === "Apply" && (subresource ?? "") === "");
  const fields = [...(own === undefined ? [] : [own]), ...taken].map(fieldsOfEntry);
  const base = own ?? taken[0];
  const merged: ManagedFieldsEntry = {
    ...base,
    manager: APPLY_MANAGER,
    operation: "Apply",
    fieldsType: "FieldsV1",
    fieldsV1: fields.reduce((all, set) => all.union(set)).serialize(),
  };
  return [...kept.filter((entry) => entry !== own), merged];
}

function isForeign({ manager = "", operation, subresource }: ManagedFieldsEntry, overrides: readonly string[]): boolean {
  if ((subresource ?? "") !== "" || (manager === APPLY_MANAGER && operation === "Apply")) return false;
  return FOREIGN.some(([prefix, of]) => manager.startsWith(prefix) && operation === of) || overrides.some((prefix) => manager.startsWith(prefix));
}
