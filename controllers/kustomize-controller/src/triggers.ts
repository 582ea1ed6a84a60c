import { DRIFT_ANNOTATION, type Kustomization, type LiveObject } from "@plumb/api";
import type { Owner } from "@plumb/apply";
import type { StoreChange } from "@plumb/kube";
import { conditionsOf, keyOf, type ObjectCache, type Part } from "@plumb/runtime";
import { aborted, type Fields, type Log } from "@plumb/std";
import type { Attempts } from "./kustomization/attempts.ts";
import { dependenciesOf, inDependencyOrder } from "./kustomization/dependencies.ts";
import { artifactOf } from "./kustomization/observe.ts";
import { sourceOf } from "./kustomization/spec.ts";

export interface TriggerOptions {
  /** By kind. */
  readonly sources: ReadonlyMap<string, ObjectCache>;
  readonly kustomizations: KustomizationCache;
  /** @param isStillDue asked at the end of a run that is under way: false where that has seen the reason too */
  readonly enqueue: (key: string, isStillDue?: () => boolean) => void;
  readonly attempts: Pick<Attempts, "isAt">;
  /** Called for a Kustomization that says anew what is to become of drift. */
  readonly reconsider: (owner: Owner) => void;
  readonly log: Log;
}

/** The watched Kustomizations, found by what they refer to. */
export interface KustomizationCache extends ObjectCache {
  byIndex(index: "source" | "dependency", value: string): readonly LiveObject[];
}

/** How the watched Kustomizations are filed: by the source they name, and by each dependency. */
export const KUSTOMIZATION_INDEXES: Readonly<Record<"source" | "dependency", (object: LiveObject) => readonly string[]>> = {
  source: (object) => {
    const { kind, namespace, name } = sourceOf(asKustomization(object));
    return [`${kind}/${namespace}/${name}`];
  },
  dependency: (object) => dependenciesOf(asKustomization(object)).map(({ namespace, name }) => `${namespace}/${name}`),
};

export function asKustomization(object: LiveObject): Kustomization {
  // why: the watch is of this kind, and the API server has checked its objects against the CRD
  return object as Kustomization;
}

/** Kustomizations that one line of the log names. */
const MAX_NAMED = 10;

/** Wakes Kustomizations when their source has a new artifact or is gone (K-018), and when what they wait for has become ready. */
export function triggers(options: TriggerOptions): Part {
  return {
    name: "triggers",
    async run(signal) {
      const stops = [
        ...[...options.sources].map(([kind, cache]) => cache.subscribe((change) => onSource(kind, change, options))),
        options.kustomizations.subscribe((change) => onDependency(change, options)),
        options.kustomizations.subscribe((change) => onPolicy(change, options)),
      ];
      await aborted(signal);
      for (const stop of stops) stop();
    },
  };
}

function onSource(kind: string, { before, after }: StoreChange, { kustomizations, attempts, enqueue, log }: TriggerOptions): void {
  const source = after ?? before;
  const revision = source === undefined ? undefined : artifactOf(source)?.revision;
  if (source === undefined || revision === undefined) return;
  // why: who is not done with the revision of a source that is gone has to say that it is gone
  if (after !== undefined && before !== undefined && artifactOf(before)?.revision === revision) return;
  const users = kustomizations
    .byIndex("source", `${kind}/${keyOf(source)}`)
    .map(asKustomization)
    .filter((user) => !hasAttempted(user, revision));
  const { ordered, circular } = inDependencyOrder(users);
  if (circular.length > 0) return log.error("kustomizations depend on each other in a circle", { source: `${kind}/${keyOf(source)}`, ...namesOf(circular) });
  for (const user of ordered) enqueue(keyOf(user), () => after === undefined || !attempts.isAt(keyOf(user), revision));
}

function namesOf(circular: readonly Kustomization[]): Fields {
  return { kustomizations: circular.slice(0, MAX_NAMED).map(keyOf).join(", "), count: circular.length };
}

/** A Kustomization that is done with the revision, or tries it again by itself, need not be woken for it (K-018). */
function hasAttempted(obj: Kustomization, revision: string): boolean {
  const isAtWork = conditionsOf(obj).some(({ type, status }) => type === "Reconciling" && status === "True");
  return obj.status?.lastAttemptedRevision === revision && (isAtWork || isReady(obj));
}

/**
 * Dependents are woken when what they depend on has become ready, but for those that are done with the revision that their
 * source is at. What is known of a dependent may be older than its last look: that it waits need not have been heard of yet.
 */
function onDependency({ before, after }: StoreChange, { kustomizations, sources, attempts, enqueue }: TriggerOptions): void {
  if (after === undefined || !isReady(after) || (before !== undefined && readiness(before) === readiness(after))) return;
  for (const dependent of kustomizations.byIndex("dependency", keyOf(after)).map(asKustomization)) {
    const { kind, namespace, name } = sourceOf(dependent);
    const source = sources.get(kind)?.get(namespace, name);
    const revision = source === undefined ? undefined : artifactOf(source)?.revision;
    if (revision !== undefined && !isDone(dependent, revision)) enqueue(keyOf(dependent), () => !attempts.isAt(keyOf(dependent), revision));
  }
}

/** An annotation moves no generation, so it asks for no run. */
function onPolicy({ before, after }: StoreChange, { reconsider }: TriggerOptions): void {
  if (before === undefined || after === undefined) return;
  const isSame = before.metadata.annotations?.[DRIFT_ANNOTATION] === after.metadata.annotations?.[DRIFT_ANNOTATION];
  if (!isSame) reconsider({ namespace: after.metadata.namespace ?? "", name: after.metadata.name });
}

function isDone(obj: Kustomization, revision: string): boolean {
  return isReady(obj) && obj.status?.observedGeneration === obj.metadata.generation && obj.status?.lastAppliedRevision === revision;
}

function isReady(object: LiveObject): boolean {
  return conditionsOf(object).some(({ type, status }) => type === "Ready" && status === "True");
}

function readiness(object: LiveObject): string {
  const { status, metadata } = asKustomization(object);
  const ready = conditionsOf(object).find(({ type }) => type === "Ready");
  return [metadata.uid, metadata.generation, status?.observedGeneration, ready?.status, status?.lastAppliedRevision].join(" ");
}
