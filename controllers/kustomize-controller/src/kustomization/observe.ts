import { EXTERNAL_ARTIFACT, type Artifact, type Kustomization, type LiveObject } from "@plumb/api";
import { isObject } from "@plumb/std";
import type { Find } from "./contracts.ts";
import { unmetDependency } from "./dependencies.ts";
import { sourceOf } from "./spec.ts";

/** What a Kustomization's source is found to be. */
export type SourceSeen =
  | { readonly kind: "ready"; readonly artifact: Artifact }
  | { readonly kind: "without-artifact" }
  | { readonly kind: "absent"; readonly message: string }
  | { readonly kind: "unsupported"; readonly sourceKind: string }
  | { readonly kind: "refused"; readonly message: string };

export interface KustomizationSeen {
  readonly source: SourceSeen;
  /** What the first dependency that is not ready lacks. */
  readonly unmet: string | undefined;
  readonly requeueDependencyMs: number;
}

export interface World {
  /** The watched source kinds; one that is not among them is none that this controller can read. */
  readonly sources: ReadonlyMap<string, Find<LiveObject>>;
  readonly kustomizations: Find<Kustomization>;
  readonly allowCrossNamespace: boolean;
  readonly requeueDependencyMs: number;
}

/** Reads everything from the watches; asks the API server nothing. */
export function observeKustomization(obj: Kustomization, world: World): KustomizationSeen {
  const source = readSource(obj, world);
  const unmet =
    source.kind === "ready" ? unmetDependency(obj, source.artifact.revision, (namespace, name) => world.kustomizations.get(namespace, name)) : undefined;
  return { source, unmet, requeueDependencyMs: world.requeueDependencyMs };
}

function readSource(obj: Kustomization, { sources, allowCrossNamespace }: World): SourceSeen {
  const { kind, namespace, name } = sourceOf(obj);
  if (namespace !== obj.metadata.namespace && !allowCrossNamespace) {
    return { kind: "refused", message: `can't access '${kind}/${namespace}/${name}', cross-namespace references have been blocked` };
  }
  if (kind === EXTERNAL_ARTIFACT.kind) {
    return { kind: "refused", message: `can't access '${kind}/${namespace}/${name}', ExternalArtifact feature gate is disabled` };
  }
  const cache = sources.get(kind);
  if (cache === undefined) return { kind: "unsupported", sourceKind: kind };
  const source = cache.get(namespace, name);
  if (source === undefined) return { kind: "absent", message: `${kind}.source.toolkit.fluxcd.io "${name}" not found` };
  const artifact = artifactOf(source);
  return artifact === undefined ? { kind: "without-artifact" } : { kind: "ready", artifact };
}

/** The artifact in a source's status; undefined when there is none that can be fetched and verified. */
export function artifactOf(source: LiveObject): Artifact | undefined {
  const status = source["status"];
  const artifact = isObject(status) ? status["artifact"] : undefined;
  if (!isObject(artifact)) return undefined;
  const { url, digest, revision } = artifact;
  if (typeof url !== "string" || typeof digest !== "string" || typeof revision !== "string") return undefined;
  // why: the three fields that are read are checked above, the rest is what the CRD's schema admits
  return artifact as unknown as Artifact;
}

/** The host an artifact is fetched from; the whole text for one that is no URL. */
export function hostOf({ url }: Artifact): string {
  return URL.parse(url)?.host ?? url;
}
