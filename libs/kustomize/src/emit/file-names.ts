import { effectiveNamespace, type ResourceId } from "../resource/resource-id.ts";

/** The names of the files that objects get when each gets one; a namespace is part of them where there are several. */
export function fileNames(ids: readonly ResourceId[]): readonly string[] {
  const namespaces = new Set(ids.filter(({ isClusterScoped }) => !isClusterScoped).map(effectiveNamespace));
  return ids.map((id) => {
    const { group, version, kind, name } = id;
    const namespace = namespaces.size > 1 && !id.isClusterScoped ? effectiveNamespace(id) : "";
    return `${[namespace, group, version, kind, name].filter((part) => part !== "").join("_")}.yaml`.toLowerCase();
  });
}
