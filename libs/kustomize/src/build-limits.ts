import type { YamlLimits } from "@plumb/yaml";

/** What a build may cost; each refusal names the limit. */
export interface BuildLimits {
  readonly maxFileBytes: number;
  /** Bytes of all files read together. */
  readonly maxBuildBytes: number;
  readonly maxObjects: number;
  /** Folders that a build goes through, as often as they are named. */
  readonly maxKustomizations: number;
  /** Collections inside one another in a file, and kustomizations inside one another. */
  readonly maxDepth: number;
  /** Aliases in one document. */
  readonly maxAliases: number;
  /** Nodes of one file with objects: scalars, lists and mappings. */
  readonly maxFileNodes: number;
  /** Items of one list, pairs of one mapping, in a file. */
  readonly maxEntries: number;
  /** Characters of one object in a file, and bytes of the values of a generated ConfigMap or Secret. */
  readonly maxObjectLength: number;
  /** Nodes of one object in a file, and nodes that aliases and merge keys may add to one. */
  readonly maxNodes: number;
  /** Values that patches, replacements, labels and annotations may copy into objects, all together. */
  readonly maxCopiedNodes: number;
  /** Characters in those. */
  readonly maxCopiedCharacters: number;
}

export const DEFAULT_BUILD_LIMITS: BuildLimits = {
  maxFileBytes: 32 * 2 ** 20,
  maxBuildBytes: 128 * 2 ** 20,
  maxObjects: 20_000,
  maxKustomizations: 5000,
  maxDepth: 200,
  maxAliases: 1000,
  maxFileNodes: 1_000_000,
  maxEntries: 100_000,
  maxObjectLength: 4 * 2 ** 20,
  maxNodes: 400_000,
  maxCopiedNodes: 1_000_000,
  maxCopiedCharacters: 64 * 2 ** 20,
};

/** The limits for one text. */
export function yamlLimits(limits: BuildLimits): YamlLimits {
  const { maxFileBytes: maxBytes, maxDepth, maxAliases, maxFileNodes, maxEntries, maxObjects, maxObjectLength, maxNodes } = limits;
  return { maxBytes, maxDepth, maxAliases, maxFileNodes, maxEntries, maxObjects, maxObjectLength, maxNodes };
}
