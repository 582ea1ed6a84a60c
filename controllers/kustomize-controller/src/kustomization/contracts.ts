import type { Artifact, DesiredObject, Kustomization, LiveObject } from "@plumb/api";
import type { ApplyResult, Health, Owner } from "@plumb/apply";
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
  /** Says that the cluster is at this build now. */
  applied(key: string, built: Built): void;
  forget(key: string): void;
}

/** What was found of the objects that are waited for, and for how many milliseconds this revision has been waited for. */
export interface HealthSeen {
  readonly found: Health | ToolkitError;
  readonly waitedMs: number;
}

/** Who looks at objects between runs. */
export interface Corrections {
  /** Looks at what a run left as it found it, and again at what was not as declared before. */
  afterRun(owner: Owner, applied: ApplyResult): void;
  /** Ends everything about the objects of a Kustomization that is gone. */
  forget(owner: Owner): void;
}

/** Objects that the controller watches, by name. */
export interface Find<Obj extends LiveObject> {
  get(namespace: string, name: string): Obj | undefined;
}
