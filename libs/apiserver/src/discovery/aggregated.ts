import type { JsonObject } from "@plumb/std";
import { compareVersions, type Registry } from "../kinds/registry.ts";
import type { Resource } from "../resource.ts";

export const AGGREGATED_TYPE = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList";

export function aggregatedCore(registry: Registry): JsonObject {
  return list([group(registry, "", registry.versionsOf(""))]);
}

export function aggregatedGroups(registry: Registry): JsonObject {
  return list(registry.groups().map(({ name, versions }) => group(registry, name, versions)));
}

function list(items: readonly JsonObject[]): JsonObject {
  return { kind: "APIGroupDiscoveryList", apiVersion: "apidiscovery.k8s.io/v2", metadata: {}, items };
}

function group(registry: Registry, name: string, versions: readonly string[]): JsonObject {
  const entries = [...versions].sort(compareVersions).map((version) => ({
    version,
    resources: registry.resourcesOf(name, version).map(entry),
    freshness: "Current",
  }));
  return { metadata: name === "" ? {} : { name }, versions: entries };
}

function entry(resource: Resource): JsonObject {
  const { plural, singular, isNamespaced, kind, verbs, shortNames, categories, subresources, isCustom, group: ownGroup, version } = resource;
  // Built-in kinds leave out what their place in the list says already.
  const responseKind = isCustom ? { group: ownGroup, version, kind } : { group: "", version: "", kind };
  const parts = subresources.map((part): JsonObject => {
    const isOwn = part.group === ownGroup && part.version === version;
    return {
      subresource: part.name,
      responseKind: isOwn ? { ...responseKind, kind: part.kind } : { group: part.group, version: part.version, kind: part.kind },
      verbs: part.verbs,
    };
  });
  return {
    resource: plural,
    responseKind,
    scope: isNamespaced ? "Namespaced" : "Cluster",
    singularResource: singular,
    verbs,
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
    ...(parts.length === 0 ? {} : { subresources: parts }),
  };
}
