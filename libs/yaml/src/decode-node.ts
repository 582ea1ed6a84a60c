import { setOwn, type JsonValue } from "@plumb/std";
import { shortestFloat32 } from "./go-number.ts";
import { STRING_STYLES, STYLE, type YamlNode } from "./node.ts";
import { isWrittenAsBlock } from "./emit-node.ts";
import { throughFolded } from "./fold-text.ts";
import { resolveScalar, type Dialect, type ResolvedScalar } from "./resolve-scalar.ts";
import { yamlError } from "./yaml-error.ts";
import { DEFAULT_YAML_LIMITS } from "./yaml-limits.ts";

export interface DecodeOptions {
  readonly path?: string | undefined;
  /** `kustomize` when left out. */
  readonly dialect?: Dialect | undefined;
  /** Most nodes that may come out of it; see `YamlLimits`. */
  readonly maxNodes?: number | undefined;
  /** Whether a key may stand once only, also in dialect `kubernetes`. */
  readonly uniqueKeys?: boolean | undefined;
  /**
   * Whether the nodes are decoded as they are. Otherwise, in dialect `kustomize`, as Go does it after it has written them as text
   * once more, which changes a few: folded text, and an empty value in a flow mapping, which becomes an empty string.
   */
  readonly isDirect?: boolean | undefined;
}

interface Decoding {
  readonly path: string | undefined;
  readonly dialect: Dialect;
  readonly maxNodes: number;
  readonly uniqueKeys: boolean;
  readonly isDirect: boolean;
  nodes: number;
  /** Aliases that are being replaced, to see one that contains itself. */
  readonly open: Set<YamlNode>;
}

/**
 * The JSON that Go makes of a node: aliases replaced, merge keys merged, `!!binary` decoded. A key `__proto__` is data. Keys that
 * are no text become text, except that dialect `kustomize` refuses them inside other collections.
 *
 * @throws {ToolkitError} `invalid` with path and line: a key twice (dialect `kustomize`; the last counts for `kubernetes`), an
 *   infinity, an alias inside itself, a key that is a collection
 */
export function decodeNode(
  node: YamlNode,
  {
    path,
    dialect = "kustomize",
    maxNodes = DEFAULT_YAML_LIMITS.maxNodes,
    uniqueKeys = dialect === "kustomize",
    isDirect = dialect === "kubernetes",
  }: DecodeOptions = {},
): JsonValue {
  return decode(node, { path, dialect, maxNodes, uniqueKeys, isDirect, nodes: 0, open: new Set() }, "root");
}

/** Where a value stands: at the top, in a block, or somewhere inside a flow collection. */
type Place = "root" | "block" | "flow";

function placeIn(node: YamlNode, place: Place): Place {
  return place === "flow" || (node.style & STYLE.flow) !== 0 ? "flow" : "block";
}

function decode(node: YamlNode, into: Decoding, place: Place): JsonValue {
  if (++into.nodes > into.maxNodes)
    throw yamlError(`document contains excessive aliasing: more than ${into.maxNodes} nodes (limit maxNodes)`, into.path, node.line);
  switch (node.kind) {
    case "scalar":
      return decodeScalar(node, into, place);
    case "sequence": {
      const inner = placeIn(node, place);
      return node.content.map((item) => decode(item, into, inner));
    }
    case "mapping":
      return decodeMapping(node, into, place);
    case "alias":
      return decodeAlias(node, into, place);
    case "none":
      return null;
    default:
      return node.kind satisfies never;
  }
}

function decodeAlias(alias: YamlNode, into: Decoding, place: Place): JsonValue {
  const { target } = alias;
  if (target === undefined) return null;
  if (into.open.has(target)) throw yamlError(`anchor '${alias.value}' value contains itself`, into.path, alias.line);
  into.open.add(target);
  const value = decode(target, into, place);
  into.open.delete(target);
  return value;
}

type Draft = Record<string, JsonValue>;

function decodeMapping(node: YamlNode, into: Decoding, place: Place): JsonValue {
  const { content } = node;
  const draft: Draft = {};
  const isLenient = into.dialect === "kubernetes";
  if (into.uniqueKeys) refuseRepeated(content, into.path);
  const inner = placeIn(node, place);
  // Go-yaml v3 takes the last merge key only.
  let merge: YamlNode | undefined;
  for (let i = 0; i + 1 < content.length; i += 2) {
    const key = content[i];
    const value = content[i + 1];
    if (key === undefined || value === undefined) break;
    if (isMerge(key)) {
      if (isLenient) for (const [name, merged] of mergedPairs(value, into)) setOwn(draft, name, merged);
      else merge = value;
      continue;
    }
    const name = isLenient ? looseKey(key, into) : strictKey(key, into, place);
    setOwn(draft, name, decode(value, into, inner));
  }
  // What the mapping itself has comes first.
  if (merge !== undefined) for (const [name, merged] of mergedPairs(merge, into)) if (!Object.hasOwn(draft, name)) setOwn(draft, name, merged);
  return draft;
}

/** True for the plain key `<<`. */
export function isMerge(key: YamlNode): boolean {
  return key.kind === "scalar" && key.value === "<<" && (key.tag === "!!merge" || key.tag === "" || key.tag === "!");
}

/** What a merge key brings, the strongest pair of each name: last for `kubernetes`, which lets later pairs win, else first. */
function mergedPairs(value: YamlNode, into: Decoding): readonly (readonly [string, JsonValue])[] {
  const sources = value.kind === "sequence" ? value.content : [value];
  const pairs = sources.map((source) => {
    const target = source.kind === "alias" ? source.target : source;
    if (target?.kind !== "mapping") throw yamlError("map merge requires map or sequence of maps as the value", into.path, value.line);
    const decoded = decode(source, into, "block");
    // why: a mapping decodes to an object
    return Object.entries(decoded as Readonly<Record<string, JsonValue>>);
  });
  return (into.dialect === "kubernetes" ? pairs.toReversed() : pairs).flat();
}

/** Mappings with so few keys are searched faster than a map of them is made. */
const FEW = 16;

function refuseRepeated(content: readonly YamlNode[], path: string | undefined): void {
  const seen = content.length > 2 * FEW ? new Map<string, YamlNode>() : undefined;
  for (let i = 0; i < content.length; i += 2) {
    const key = content[i];
    if (key === undefined) return;
    const first = seen === undefined ? earlierKey(content, i, key) : seen.get(keyId(key));
    if (first !== undefined) {
      throw yamlError(`mapping key ${JSON.stringify(key.kind === "scalar" ? key.value : "")} already defined at line ${first.line}`, path, key.line);
    }
    seen?.set(keyId(key), key);
  }
}

/** The first key before `end` that is the same: a scalar of the same text, or a collection of the same kind. */
function earlierKey(content: readonly YamlNode[], end: number, { kind, value }: YamlNode): YamlNode | undefined {
  for (let i = 0; i < end; i += 2) {
    const other = content[i];
    if (other !== undefined && other.kind === kind && (kind !== "scalar" || other.value === value)) return other;
  }
  return undefined;
}

function keyId({ kind, value }: YamlNode): string {
  return kind === "scalar" ? `=${value}` : kind;
}

function scalarKey(key: YamlNode, { path }: Decoding): YamlNode {
  const node = key.kind === "alias" ? key.target : key;
  if (node?.kind !== "scalar") throw yamlError("invalid map key: a collection", path, key.line);
  return node;
}

/** The key as go-yaml v2 and sigs.k8s.io/yaml turn it into text. */
function looseKey(key: YamlNode, into: Decoding): string {
  const node = scalarKey(key, into);
  if (node.tag === "!!str" && (node.style & STYLE.tagged) === 0) return isPlainOldBoolean(node) ? String(decodeScalar(node, into, "block")) : node.value;
  if (node.tag === "!!float" && node.style === 0) return shortestFloat32(Number(resolveScalar(node.value, "kubernetes").value));
  const value = decodeScalar(node, into, "block");
  if (typeof value === "string") return value;
  if (value === null) throw yamlError("unsupported map key of type null", into.path, key.line);
  return String(value);
}

/** `yes` and its like without quotes. */
function isPlainOldBoolean({ style, value }: YamlNode): boolean {
  return style === 0 && value.length <= 3 && resolveScalar(value, "kubernetes").tag === "!!bool";
}

/**
 * The key as go-yaml v3 has it. At the top it goes into a map of texts, which takes the text of whatever it is;
 * further in, a key that is no text makes a map that JSON cannot hold.
 */
function strictKey(key: YamlNode, into: Decoding, place: Place): string {
  const node = scalarKey(key, into);
  const { tag, value, style, line } = node;
  if (tag === "!!str" || (tag === "!!merge" && (style & STYLE.tagged) === 0)) return value;
  if ((style & STYLE.tagged) !== 0) decodeScalar(node, into, "block");
  const isEmptyText = tag === "!!null" && value === "" && (style & STYLE.tagged) === 0;
  if (isEmptyText && !into.isDirect) return "";
  if (tag === "" && resolveScalar(value, "kustomize").tag === "!!str") return value;
  if (place !== "root") throw yamlError("json: unsupported type: map[interface {}]interface {}: a key that is no string", into.path, line);
  // Kustomize doubles such a key when it looks for merges, and then refuses it.
  if (tag === "!!null") throw yamlError(`mapping key ${JSON.stringify(value)} already defined at line ${line}`, into.path, line);
  return tag === "!!binary" ? String(decodeScalar(node, into, "block")) : value;
}

/** The value of a scalar node as go-yaml decodes it after having written it. */
function decodeScalar(node: YamlNode, { path, dialect, isDirect }: Decoding, place: Place): string | number | bigint | boolean | null {
  const { tag, value, style, line } = node;
  const isTagged = (style & STYLE.tagged) !== 0;
  // Go writes such a block and cannot read it again.
  if (!isDirect && place !== "flow" && value.startsWith("\t") && isWrittenAsBlock(node))
    throw yamlError("yaml: found a tab character where an indentation space is expected", path, line);
  if (tag === "!!str" || (tag === "!!merge" && !isTagged)) {
    if (!isDirect) return (style & STYLE.folded) !== 0 && place === "block" ? throughFolded(value) : value;
    if (dialect === "kustomize" || style !== 0) return value;
  }
  if ((tag === "!!null" || (tag === "" && style === 0)) && value === "" && !isTagged && place === "flow" && !isDirect) return "";
  if (dialect === "kubernetes" && (style & STYLE.nonSpecific) !== 0) return value;
  const resolved = resolveScalar(value, dialect);
  if (dialect === "kubernetes" && style === 0) return finite(resolved.tag === "!!timestamp" ? value : resolved.value, path, line);
  if (!isTagged) {
    if ((style & STRING_STYLES) !== 0 || value.includes("\n"))
      return resolved.tag === tag || tag === "" ? value : finite(coerce(resolved, node, path), path, line);
    if (tag === "" || tag === resolved.tag) return finite(resolved.value, path, line);
  }
  if (tag === "!!binary") return decodeBinary(value, path, line);
  return finite(coerce(resolved, node, path), path, line);
}

/** The value under an explicit tag. */
function coerce(resolved: ResolvedScalar, { tag, value, line }: YamlNode, path: string | undefined): ResolvedScalar["value"] {
  if (tag === resolved.tag) return resolved.value;
  if (tag === "!!float" && resolved.tag === "!!int") return Number(resolved.value);
  if (/^!!(?:bool|int|float|null|timestamp)$/.test(tag)) throw yamlError(`cannot decode ${resolved.tag} \`${value}\` as a ${tag}`, path, line);
  return value;
}

function finite<T>(value: T, path: string | undefined, line: number): T {
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw yamlError(`json: unsupported value: ${Number.isNaN(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf"}`, path, line);
  }
  return value;
}

function decodeBinary(value: string, path: string | undefined, line: number): string {
  const text = value.replace(/[\r\n]/g, "");
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) throw yamlError("!!binary value contains invalid base64 data", path, line);
  return Buffer.from(text, "base64").toString("utf8");
}
