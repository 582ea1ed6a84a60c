import { decodeNode } from "@plumb/yaml";
import { isDeepStrictEqual } from "node:util";
import { invalid } from "../build-error.ts";
import { idKey, idText } from "../resource/resource-id.ts";
import type { ResourceList } from "../resource/resource-list.ts";
import type { Transform } from "../transform/transformer.ts";

/** A label that a validator may leave behind. */
const VALIDATED_BY = "validated-by";

/** Runs validators. @throws {ToolkitError} `invalid` when one refuses, or changes an object */
export function validate(resources: ResourceList, steps: readonly { readonly transform: Transform }[]): void {
  for (const { transform } of steps) {
    const before = contents(resources, false);
    transform(resources);
    const after = contents(resources, true);
    for (const [key, { id, value }] of before) {
      const changed = after.get(key);
      if (changed === undefined) throw invalid(`validator shouldn't modify the resource map: id in self missing from other; id: ${id}`);
      if (!isDeepStrictEqual(changed.value, value)) throw invalid(`validator shouldn't modify the resource map: nodes unequal: ${id}`);
    }
    if (after.size !== before.size)
      throw invalid(`validator shouldn't modify the resource map: lists have different number of entries: ${before.size} doesn't equal ${after.size}`);
  }
}

function contents(resources: ResourceList, ignoreLabel: boolean): ReadonlyMap<string, { readonly id: string; readonly value: unknown }> {
  return new Map(
    resources.items.map((resource) => {
      const copy = resource.copy();
      const { labels } = copy;
      if (ignoreLabel && labels.delete(VALIDATED_BY)) copy.labels = labels;
      return [idKey(resource.id), { id: idText(resource.id), value: copy.node === undefined ? null : decodeNode(copy.node) }];
    }),
  );
}
