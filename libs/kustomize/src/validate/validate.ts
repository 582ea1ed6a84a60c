import type { YamlNode } from "@plumb/yaml";
import { PlacesNeeded, type BuildContext } from "../build-context.ts";
import { invalid } from "../build-error.ts";
import { idKey, idText } from "../resource/resource-id.ts";
import type { ResourceList } from "../resource/resource-list.ts";
import type { Transform } from "../transform/transform.ts";

/** A label that a validator may leave behind. */
const VALIDATED_BY = "validated-by";

/**
 * Runs validators. Objects are compared as Go holds them: one that is only written otherwise, or comes from another line, has
 * changed.
 *
 * @throws {ToolkitError} `invalid` when one refuses, or changes an object
 * @throws {PlacesNeeded} when the objects were read without places
 */
export function validate(resources: ResourceList, steps: readonly { readonly transform: Transform }[], { places }: BuildContext): void {
  if (steps.length > 0 && !places) throw new PlacesNeeded();
  for (const { transform } of steps) {
    const before = contents(resources, false);
    const { length } = resources.items;
    transform(resources);
    const after = contents(resources, true);
    if (resources.items.length !== length) throw modified(`lists have different number of entries: ${length} doesn't equal ${resources.items.length}`);
    for (const [key, { id, node }] of before) {
      const changed = after.get(key);
      if (changed === undefined) throw modified(`id in self missing from other; id: ${id}`);
      if (!isSame(node, changed.node)) throw modified(`nodes unequal: ${id}`);
    }
  }
}

function modified(how: string): Error {
  return invalid(`validator shouldn't modify the resource map: ${how}`);
}

function contents(resources: ResourceList, ignoreLabel: boolean): ReadonlyMap<string, { readonly id: string; readonly node: YamlNode | undefined }> {
  return new Map(
    resources.items.map((resource) => {
      const copy = resource.copy();
      const { labels } = copy;
      if (ignoreLabel && labels.delete(VALIDATED_BY)) copy.labels = labels;
      return [idKey(resource.id), { id: idText(resource.id), node: copy.node }];
    }),
  );
}

function isSame(a: YamlNode | undefined, b: YamlNode | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return (
    a.kind === b.kind &&
    a.style === b.style &&
    a.tag === b.tag &&
    a.value === b.value &&
    a.place?.line === b.place?.line &&
    a.place?.column === b.place?.column &&
    a.isBare === b.isBare &&
    a.content.length === b.content.length &&
    a.content.every((child, i) => isSame(child, b.content[i]))
  );
}
