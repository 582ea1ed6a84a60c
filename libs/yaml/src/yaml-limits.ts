/** What a document may cost; each refusal names the limit. */
export interface YamlLimits {
  /** UTF-8 bytes of one text. */
  readonly maxBytes: number;
  /** Collections inside one another. */
  readonly maxDepth: number;
  /** `*alias` nodes in one document. */
  readonly maxAliases: number;
  /** Nodes of all documents of a text as they are written. */
  readonly maxFileNodes: number;
  /** Items of one list, pairs of one mapping. */
  readonly maxEntries: number;
  /** Documents of a text, and items of the Kubernetes Lists that its documents are. */
  readonly maxObjects: number;
  /** Characters of all scalars of one document, or of one item of a Kubernetes List. */
  readonly maxObjectLength: number;
  /** Nodes of one document or of one item of a Kubernetes List, also after every alias is replaced by what it stands for. */
  readonly maxNodes: number;
}

export const DEFAULT_YAML_LIMITS: YamlLimits = {
  maxBytes: 32 * 2 ** 20,
  maxDepth: 200,
  maxAliases: 1000,
  maxFileNodes: 1_000_000,
  maxEntries: 100_000,
  maxObjects: 100_000,
  maxObjectLength: 32 * 2 ** 20,
  maxNodes: 1_000_000,
};
