import { invalid } from "../build-error.ts";
import type { SortOptions } from "../load/kustomization.ts";
import { byBytes } from "../node/metadata.ts";
import type { ResourceList } from "../resource/resource-list.ts";
import { LEGACY_ORDER, gvkText, rankOf, type ResourceId } from "../resource/resource-id.ts";

/** Orders the objects as the kustomization says; otherwise by kind when `isLegacy`, else as they came. */
export function sortResources(resources: ResourceList, options: SortOptions | undefined, isLegacy: boolean): void {
  if (options === undefined) {
    if (isLegacy) sortByKind(resources, LEGACY_ORDER);
    return;
  }
  if (options.order !== "fifo" && options.order !== "legacy") throw invalid("the field 'sortOptions.order' must be one of [fifo, legacy]");
  if (options.order === "legacy") return sortByKind(resources, options.legacy ?? LEGACY_ORDER);
  if (options.legacy !== undefined)
    throw invalid(`the field 'sortOptions.legacySortOptions' is set but the selected sort order is '${options.order}', not 'legacy'`);
}

function sortByKind(resources: ResourceList, order: typeof LEGACY_ORDER): void {
  const entries = resources.items.map((resource) => {
    const { id } = resource;
    return { resource, id, key: sortKey(id) };
  });
  resources.replaceAll(entries.sort((a, b) => compareIds(a.id, b.id, order) || byBytes(a.key, b.key)).map(({ resource }) => resource));
}

function sortKey(id: ResourceId): string {
  return `${gvkText(id)}|${id.namespace || "~X"}|${id.name || "~N"}`;
}

function compareIds(a: ResourceId, b: ResourceId, order: typeof LEGACY_ORDER): number {
  if (a.group === b.group && a.version === b.version && a.kind === b.kind) return 0;
  const byRank = rankOf(a.kind, order) - rankOf(b.kind, order);
  if (byRank !== 0) return byRank;
  const compared = byBytes(gvkSortText(a), gvkSortText(b));
  const areNamespaces = a.kind === "Namespace" && b.kind === "Namespace" && (a.group === "" || b.group === "");
  return areNamespaces ? -compared : compared;
}

function gvkSortText({ group, version, kind }: ResourceId): string {
  return `${group || "~G"}_${version || "~V"}_${kind || "~K"}`;
}
