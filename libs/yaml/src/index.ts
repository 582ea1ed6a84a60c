export { decodeNode, isMerge, type DecodeOptions } from "./decode-node.ts";
export { parseDocuments, parseNodes, parseOne, type YamlDocument, type YamlOptions } from "./documents.ts";
export { goYamlNumber } from "./go-number.ts";
export { compareKeys } from "./key-order.ts";
export { STRING_STYLES, STYLE, YamlNode, copyNode, type NodeKind } from "./node.ts";
export { resolveScalar, type Dialect, type ResolvedScalar } from "./resolve-scalar.ts";
export { stringify } from "./stringify.ts";
export { DEFAULT_YAML_LIMITS, type YamlLimits } from "./yaml-limits.ts";
