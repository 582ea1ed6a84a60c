import { invalid } from "../build-error.ts";
import type { SortOptions } from "../load/kustomization.ts";
import { byBytes } from "../node/by-bytes.ts";
import type { ResourceList } from "../resource/resource-list.ts";
import type { Resource } from "../resource/resource.ts";
import { LEGACY_ORDER, gvkSortText, gvkText, rankOf, type ResourceId } from "../resource/resource-id.ts";

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

/** What an object is sorted by. */
interface Entry {
  readonly resource: Resource;
  readonly id: ResourceId;
  readonly rank: number;
  readonly gvk: string;
  readonly key: string;
}

function sortByKind(resources: ResourceList, order: typeof LEGACY_ORDER): void {
  const entries = resources.items.map((resource) => entryOf(resource, order));
  resources.replaceAll(entries.sort(compareEntries).map(({ resource }) => resource));
}

function entryOf(resource: Resource, order: typeof LEGACY_ORDER): Entry {
  const { id } = resource;
  const { kind, namespace, name } = id;
  return {
    resource,
    id,
    rank: rankOf(kind, order),
    gvk: gvkSortText(id),
    key: `${gvkText(id)}|${namespace || "~X"}|${name || "~N"}`,
  };
}

function compareEntries(a: Entry, b: Entry): number {
  const byRank = a.rank - b.rank;
  if (byRank !== 0) return byRank;
  const byGvk = byBytes(a.gvk, b.gvk);
  if (byGvk === 0) return byBytes(a.key, b.key);
  const areNamespaces = a.id.kind === "Namespace" && b.id.kind === "Namespace" && (a.id.group === "" || b.id.group === "");
  return areNamespaces ? -byGvk : byGvk;
}
