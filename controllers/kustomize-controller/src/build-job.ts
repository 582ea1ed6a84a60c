import { buildDesiredText, type BuildSpec } from "@plumb/desired";
import { BuildCache } from "@plumb/kustomize";

/** What a build needs, as it goes to the worker. */
export interface BuildRequest {
  /** Absolute path of the unpacked artifact. */
  readonly folder: string;
  /** A `BuildSpec` as JSON. */
  readonly spec: string;
}

export interface BuildAnswer {
  /** `sha256:` and hex, over the manifests as YAML. */
  readonly digest: string;
  /** Desired objects with their origins, as JSON. */
  readonly objects: string;
}

/** Heap that each worker may hold of files it has read, for bases that Kustomizations share: some 25,000 lines of manifests. */
const CACHE_BYTES = 8 * 2 ** 20;

/** The job that builds in a worker thread, which is ended from outside when it takes too long. A base is parsed once a worker. */
export function createBuildJob(): (input: unknown) => Promise<BuildAnswer> {
  const cache = new BuildCache(CACHE_BYTES);
  return (input) => {
    // why: `builds.ts` on the other side of the pool sends nothing else
    const { folder, spec } = input as BuildRequest;
    // why: the API server has checked the spec against the CRD
    return buildDesiredText(JSON.parse(spec) as BuildSpec, folder, { signal: new AbortController().signal, cache });
  };
}
