import type { Artifact, Kustomization, LiveObject } from "@plumb/api";
import type { DesiredObject } from "@plumb/apply";
import type { ToolkitError } from "@plumb/std";

/** Unpacked artifacts; `@plumb/archive` has the cache that is one. */
export interface Artifacts {
  /**
   * Resolves to a folder that stays as it is until `release`. An artifact that is here already is not fetched again.
   *
   * @throws {ToolkitError} `missing` when the source does not serve it, `corrupt` when it is not what its digest says
   */
  open(artifact: Artifact, signal: AbortSignal): Promise<{ readonly path: string; release(): void }>;
}

/** What a folder and a spec build to. */
export interface Built {
  /** `sha256:` and hex, over the manifests as YAML. */
  readonly digest: string;
  readonly objects: readonly DesiredObject[];
}

/** Builds manifests; remembers the last build of each Kustomization. */
export interface Builds {
  build(obj: Kustomization, artifact: Artifact, folder: string, limit: { readonly timeoutMs: number; readonly signal: AbortSignal }): Promise<Built>;
  /** The build that is remembered of this artifact and spec, so that no folder is needed for it. */
  recall(obj: Kustomization, artifact: Artifact): Built | undefined;
  forget(key: string): void;
}

/** How the objects that a Kustomization waits for are. */
export type Health =
  | { readonly kind: "healthy" }
  /** `Kind/ns/name status: 'InProgress'` of each that is not there yet, in order. */
  | { readonly kind: "progressing"; readonly waiting: readonly string[] }
  /** The same of each that cannot become healthy by itself. */
  | { readonly kind: "failed"; readonly stalled: readonly string[] };

/** Looks at the health of objects, and wakes the Kustomization when one of those it waits for moves. */
export interface HealthChecks {
  /** @throws {ToolkitError} when an object could not be read; one that is absent is in progress */
  assess(key: string, targets: readonly HealthTarget[], signal: AbortSignal): Promise<Health>;
  /** Ends the watches of a Kustomization that waits no more. */
  forget(key: string): void;
}

/** What was found of the objects that are waited for, and for how many milliseconds this revision has been waited for. */
export interface HealthSeen {
  readonly found: Health | ToolkitError;
  readonly waitedMs: number;
}

export interface HealthTarget {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly name: string;
}

/** Objects that the controller watches, by name. */
export interface Find<Obj extends LiveObject> {
  get(namespace: string, name: string): Obj | undefined;
}
