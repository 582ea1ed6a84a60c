import type { Selector } from "../load/kustomization.ts";
import { wholeRegexp } from "../node/go-regexp.ts";
import { labelSelector } from "../node/label-selector.ts";
import { effectiveNamespace, type GvkSelector } from "./resource-id.ts";
import type { Resource } from "./resource.ts";

/** Compiled patterns of a selector's parts. */
export interface SelectorMatcher {
  gvk(gvk: GvkSelector): boolean;
  name(name: string): boolean;
  namespace(namespace: string): boolean;
  /** @throws {ToolkitError} `invalid` for a selector that cannot be read: nobody reads it before there is an object to ask about */
  labels(resource: Pick<Resource, "labels">): boolean;
  /** @throws {ToolkitError} `invalid` as `labels` does */
  annotations(resource: Pick<Resource, "annotations">): boolean;
}

/** @throws {ToolkitError} `invalid` for a part that is no regular expression */
export function selectorMatcher(selector: Selector): SelectorMatcher {
  const group = wholeRegexp(selector.group);
  const version = wholeRegexp(selector.version);
  const kind = wholeRegexp(selector.kind);
  let labels: ReturnType<typeof labelSelector> | undefined;
  let annotations: ReturnType<typeof labelSelector> | undefined;
  return {
    gvk: (gvk) => group(gvk.group ?? "") && version(gvk.version ?? "") && kind(gvk.kind ?? ""),
    name: wholeRegexp(selector.name),
    namespace: wholeRegexp(selector.namespace),
    labels: (resource) => selector.labelSelector === "" || (labels ??= labelSelector(selector.labelSelector))(resource.labels),
    annotations: (resource) => selector.annotationSelector === "" || (annotations ??= labelSelector(selector.annotationSelector))(resource.annotations),
  };
}

/** The objects that a selector of a patch means: by the name and namespace they have or had first. */
export function selectResources(resources: readonly Resource[], selector: Selector): readonly Resource[] {
  const matcher = selectorMatcher(selector);
  return resources.filter((resource) => {
    // Most have another name, which is found out faster than an id.
    if (!matcher.name(resource.originalName) && !matcher.name(resource.name)) return false;
    const { id, originalId } = resource;
    return (
      (matcher.namespace(effectiveNamespace(originalId)) || matcher.namespace(effectiveNamespace(id))) &&
      matcher.gvk(id) &&
      matcher.labels(resource) &&
      matcher.annotations(resource)
    );
  });
}
