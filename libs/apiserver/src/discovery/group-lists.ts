import { createHash } from "node:crypto";
import type { JsonObject } from "@plumb/std";
import { compareVersions, type Registry, type ServedGroup } from "../kinds/registry.ts";
import type { Resource } from "../resource.ts";

export function apiVersions(registry: Registry, host: string): JsonObject {
  return { kind: "APIVersions", versions: [...registry.versionsOf("")], serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress: host }] };
}

export function apiGroupList(registry: Registry): JsonObject {
  return { kind: "APIGroupList", apiVersion: "v1", groups: registry.groups().map((group) => groupEntry(group)) };
}

export function apiGroup(group: ServedGroup): JsonObject {
  return { kind: "APIGroup", apiVersion: "v1", ...groupEntry(group) };
}

function groupEntry({ name, versions }: ServedGroup): JsonObject {
  const entries = [...versions].sort(compareVersions).map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: entries, ...(entries[0] === undefined ? {} : { preferredVersion: entries[0] }) };
}

export function apiResourceList(registry: Registry, group: string, version: string): JsonObject {
  const resources = registry.resourcesOf(group, version).flatMap(resourceEntries);
  // The list of the core group does not say its own version.
  return group === ""
    ? { kind: "APIResourceList", groupVersion: version, resources }
    : { kind: "APIResourceList", apiVersion: "v1", groupVersion: `${group}/${version}`, resources };
}

function resourceEntries(resource: Resource): readonly JsonObject[] {
  const { plural, singular, isNamespaced: namespaced, kind, verbs, shortNames, categories, group, version } = resource;
  const main: JsonObject = {
    name: plural,
    singularName: singular,
    namespaced,
    kind,
    verbs,
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
    ...(verbs.includes("list") && kind !== "ComponentStatus" ? { storageVersionHash: storageVersionHash(resource) } : {}),
  };
  const parts = resource.subresources.map((part): JsonObject => ({
    name: `${plural}/${part.name}`,
    singularName: "",
    namespaced,
    ...(part.group === group && part.version === version ? {} : { group: part.group, version: part.version }),
    kind: part.kind,
    verbs: part.verbs,
  }));
  return [main, ...parts];
}

/** Kinds that a real cluster still stores in an older version, which nobody sees but in their hash. */
const STORED_BETA: ReadonlySet<string> = new Set([
  "apiextensions.k8s.io/v1 CustomResourceDefinition",
  "admissionregistration.k8s.io/v1 MutatingAdmissionPolicy",
  "admissionregistration.k8s.io/v1 MutatingAdmissionPolicyBinding",
]);

/** Source: apiserver `discovery.StorageVersionHash`. */
function storageVersionHash({ storedVersion: served, kind }: Resource): string {
  const storedVersion = STORED_BETA.has(`${served} ${kind}`) ? `${served}beta1` : served;
  const path = storedVersion.includes("/") ? `${storedVersion}/${kind}` : `/${storedVersion}/${kind}`;
  return createHash("sha256").update(path).digest().subarray(0, 8).toString("base64");
}
