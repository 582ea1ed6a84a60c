import type { JsonObject } from "@plumb/std";
import { textsAt } from "../draft.ts";
import { badRequest } from "../refusal.ts";
import type { Resource } from "../resource.ts";
import { matchesFields, parseFieldSelector } from "../select/field-selector.ts";
import { matchesLabels, parseLabelSelector } from "../select/label-selector.ts";

/** Which objects a list, a watch or a deletion of many is about. */
export interface Selection {
  /** Keys of the objects in question start with it. */
  readonly prefix: string;
  readonly selects: (stored: JsonObject) => boolean;
}

/** @throws {Refusal} 400 for a selector that cannot be read */
export function selectionOf(resource: Resource, namespace: string, labelSelector: string, fieldSelector: string): Selection {
  const fields = parseFieldSelector(fieldSelector, resource.isNamespaced, resource.selectable);
  const labels = readLabels(labelSelector);
  return {
    prefix: namespace === "" ? "" : `${namespace}/`,
    selects: (stored) =>
      (labels.length === 0 || matchesLabels(labels, textsAt(stored, "metadata", "labels"))) && matchesFields(fields, stored, resource.selectable),
  };
}

function readLabels(text: string): ReturnType<typeof parseLabelSelector> {
  try {
    return parseLabelSelector(text);
  } catch (thrown) {
    if (thrown instanceof SyntaxError) throw badRequest(thrown.message);
    throw thrown;
  }
}
