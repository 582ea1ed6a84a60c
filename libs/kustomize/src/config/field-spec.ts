import { invalid } from "../build-error.ts";
import { gvkSortText, gvkText, isSelected, rankOf, type GvkSelector } from "../resource/resource-id.ts";

/** A field of objects of a kind; empty parts of the kind match everything. */
export interface FieldSpec extends GvkSelector {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Field names with `/` between them, a backslash before one that belongs to a name; `[]` ends the name of a list. */
  readonly path: string;
  /** Whether the field is made where it is missing. */
  readonly create: boolean;
}

/** As `mergeFieldSpecs`, of one. */
export function mergeFieldSpec(specs: readonly FieldSpec[], added: FieldSpec): readonly FieldSpec[] {
  return mergeFieldSpecs(specs, [added]);
}

/** Adds specifications; one that an earlier one covers is left out. @throws {ToolkitError} `invalid` when two disagree on `create` */
export function mergeFieldSpecs(specs: readonly FieldSpec[], added: readonly FieldSpec[]): readonly FieldSpec[] {
  if (specs.length === 0 && isFreeOfRepetition(added)) return added;
  const result = [...specs];
  const byPath = Map.groupBy(specs, ({ path }) => path);
  for (const spec of added) {
    const alike = byPath.get(spec.path) ?? [];
    const known = alike.find((other) => isSelected(other, spec));
    if (known !== undefined && known.create !== spec.create) throw invalid(`conflicting fieldspecs: '${spec.path}' of ${gvkText(spec)}`);
    if (known !== undefined) continue;
    result.push(spec);
    alike.push(spec);
    byPath.set(spec.path, alike);
  }
  return result.length === specs.length ? specs : result;
}

function isFreeOfRepetition(specs: readonly FieldSpec[]): boolean {
  const paths = new Set(specs.map(({ path }) => path));
  return paths.size === specs.length;
}

/** The order in which kustomize keeps specifications: by the place of the kind, then group, version and kind. */
export function compareGvk(a: GvkSelector, b: GvkSelector): number {
  const byRank = rankOf(a.kind ?? "") - rankOf(b.kind ?? "");
  if (byRank !== 0) return byRank;
  const x = gvkSortText(a);
  const y = gvkSortText(b);
  return x === y ? 0 : x < y ? -1 : 1;
}
