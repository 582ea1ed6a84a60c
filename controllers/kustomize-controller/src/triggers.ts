import type { Kustomization, LiveObject } from "@plumb/api";
import { conditionsOf, keyOf, type ObjectCache, type ObjectChange, type Part } from "@plumb/runtime";
import type { Log } from "@plumb/std";
import { dependenciesOf, inDependencyOrder } from "./kustomization/dependencies.ts";
import { artifactOf } from "./kustomization/observe.ts";
import { sourceOf } from "./kustomization/spec.ts";

export interface TriggerOptions {
  /** By kind. */
  readonly sources: ReadonlyMap<string, ObjectCache>;
  readonly kustomizations: KustomizationCache;
  readonly enqueue: (key: string) => void;
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

/** Wakes Kustomizations when their source has a new artifact (K-018), and when what they wait for has become ready. */
export function triggers(options: TriggerOptions): Part {
  return {
    name: "triggers",
    async run(signal) {
      const stops = [
        ...[...options.sources].map(([kind, cache]) => cache.subscribe((change) => onSource(kind, change, options))),
        options.kustomizations.subscribe((change) => onKustomization(change, options)),
      ];
      if (!signal.aborted) await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
      for (const stop of stops) stop();
    },
  };
}

function onSource(kind: string, { before, after }: ObjectChange, { kustomizations, enqueue, log }: TriggerOptions): void {
  const revision = after === undefined ? undefined : artifactOf(after)?.revision;
  if (after === undefined || revision === undefined || (before !== undefined && artifactOf(before)?.revision === revision)) return;
  const users = kustomizations.byIndex("source", `${kind}/${keyOf(after)}`).map(asKustomization).filter((user) => !hasAttempted(user, revision));
  const ordered = inDependencyOrder(users);
  if (ordered === undefined) log.error("kustomizations depend on each other in a circle", { source: `${kind}/${keyOf(after)}`, count: users.length });
  for (const user of ordered ?? []) enqueue(keyOf(user));
}

/** A Kustomization that works on the revision already, or is done with it, need not be woken for it. */
function hasAttempted(obj: Kustomization, revision: string): boolean {
  return obj.status?.lastAttemptedRevision === revision && conditionsOf(obj).some(({ type, status }) => type === "Ready" && status === "True");
}

/** Only those that wait for it are woken, and only when there is something new to see. */
function onKustomization({ before, after }: ObjectChange, { kustomizations, enqueue }: TriggerOptions): void {
  if (after === undefined || (before !== undefined && readiness(before) === readiness(after))) return;
  for (const dependent of kustomizations.byIndex("dependency", keyOf(after))) {
    if (conditionsOf(dependent).some(({ type, reason }) => type === "Ready" && reason === "DependencyNotReady")) enqueue(keyOf(dependent));
  }
}

function readiness(object: LiveObject): string {
  const { status, metadata } = asKustomization(object);
  const ready = conditionsOf(object).find(({ type }) => type === "Ready");
  return [metadata.uid, metadata.generation, status?.observedGeneration, ready?.status, status?.lastAppliedRevision].join(" ");
}
