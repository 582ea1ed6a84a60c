import { buildDesiredText, type BuildSpec } from "@plumb/desired";

/** What a build needs, as it goes to the worker. */
export interface BuildRequest {
  /** Absolute path of the unpacked artifact. */
  readonly folder: string;
  /** The Kustomization's spec, as JSON. */
  readonly spec: string;
}

export interface BuildAnswer {
  /** `sha256:` and hex, over the manifests as YAML. */
  readonly digest: string;
  /** Desired objects with their origins, as JSON. */
  readonly objects: string;
}

/** Builds in a worker thread, which is ended from outside when it takes too long. */
export function buildJob(input: unknown): Promise<BuildAnswer> {
  // why: `builds.ts` on the other side of the pool sends nothing else
  const { folder, spec } = input as BuildRequest;
  // why: the API server has checked the spec against the CRD
  return buildDesiredText(JSON.parse(spec) as BuildSpec, folder, new AbortController().signal);
}
