/** What a build may cost; each refusal names the limit. */
export interface BuildLimits {
  readonly maxFileBytes: number;
  /** Bytes of all files read together. */
  readonly maxBuildBytes: number;
  readonly maxObjects: number;
  /** Collections inside one another in a file, and kustomizations inside one another. */
  readonly maxDepth: number;
  /** Aliases in one document. */
  readonly maxAliases: number;
  /** Nodes of one file with objects: scalars, lists and mappings. */
  readonly maxFileNodes: number;
  /** Nodes that aliases and merge keys may add to one document. */
  readonly maxNodes: number;
}

export const DEFAULT_BUILD_LIMITS: BuildLimits = {
  maxFileBytes: 32 * 2 ** 20,
  maxBuildBytes: 128 * 2 ** 20,
  maxObjects: 20_000,
  maxDepth: 200,
  maxAliases: 1000,
  maxFileNodes: 1_000_000,
  maxNodes: 400_000,
};
