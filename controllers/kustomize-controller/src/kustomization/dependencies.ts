import type { Kustomization } from "@plumb/api";
import { conditionsOf, keyOf } from "@plumb/runtime";
import { sourceOf } from "./spec.ts";

/** Namespace and name of everything the Kustomization depends on. */
export function dependenciesOf({ metadata, spec }: Kustomization): readonly { readonly namespace: string; readonly name: string }[] {
  return (spec.dependsOn ?? []).map(({ name, namespace }) => ({ name, namespace: namespace ?? metadata.namespace ?? "" }));
}

/**
 * Says what the first dependency that is not ready lacks; undefined when all are ready (K-010). Pure.
 *
 * @param find a Kustomization as the watch has it
 * @param revision the source's revision now: a dependency with the same source must have applied it
 */
export function unmetDependency(
  obj: Kustomization,
  revision: string,
  find: (namespace: string, name: string) => Kustomization | undefined,
): string | undefined {
  for (const { namespace, name } of dependenciesOf(obj)) {
    const dependency = find(namespace, name);
    if (dependency === undefined) return `dependency '${namespace}/${name}' not found: kustomizations.kustomize.toolkit.fluxcd.io "${name}" not found`;
    if (!isReady(dependency)) return `dependency '${namespace}/${name}' is not ready`;
    if (hasSameSource(obj, dependency) && dependency.status?.lastAppliedRevision !== revision) {
      return `dependency '${namespace}/${name}' revision is not up to date`;
    }
  }
  return undefined;
}

function isReady(dependency: Kustomization): boolean {
  const isObserved = dependency.status?.observedGeneration === dependency.metadata.generation;
  return isObserved && conditionsOf(dependency).some(({ type, status }) => type === "Ready" && status === "True");
}

function hasSameSource(a: Kustomization, b: Kustomization): boolean {
  const [one, other] = [sourceOf(a), sourceOf(b)];
  return one.kind === other.kind && one.namespace === other.namespace && one.name === other.name;
}

/** Kustomizations in an order in which each comes after what it depends on. */
export interface DependencyOrder {
  readonly ordered: readonly Kustomization[];
  /** Those that depend on each other in a circle, and whoever depends on them: they have no place in it. */
  readonly circular: readonly Kustomization[];
}

/** Orders Kustomizations by what they depend on (K-018). What is not among `items` is taken as there. Pure. */
export function inDependencyOrder(items: readonly Kustomization[]): DependencyOrder {
  const waiting = new Map(items.map((item) => [keyOf(item), item]));
  const ordered: Kustomization[] = [];
  while (waiting.size > 0) {
    const free = [...waiting].filter(([, item]) => dependenciesOf(item).every(({ namespace, name }) => !waiting.has(`${namespace}/${name}`)));
    if (free.length === 0) break;
    for (const [key, item] of free) {
      waiting.delete(key);
      ordered.push(item);
    }
  }
  return { ordered, circular: [...waiting.values()] };
}
