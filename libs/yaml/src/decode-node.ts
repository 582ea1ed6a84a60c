import type { JsonValue } from "@plumb/std";
import { shortestFloat } from "./go-number.ts";
import { STRING_STYLES, STYLE, type YamlNode } from "./node.ts";
import { resolveScalar, type Dialect, type ResolvedScalar } from "./resolve-scalar.ts";
import { yamlError } from "./yaml-error.ts";
import { DEFAULT_YAML_LIMITS } from "./yaml-limits.ts";

export interface DecodeOptions {
  readonly path?: string | undefined;
  /** `kustomize` when left out. */
  readonly dialect?: Dialect | undefined;
  /** Most nodes that may come out of it; see `YamlLimits`. */
  readonly maxNodes?: number | undefined;
}

interface Decoding {
  readonly path: string | undefined;
  readonly dialect: Dialect;
  readonly maxNodes: number;
  nodes: number;
  /** Aliases that are being replaced, to see one that contains itself. */
  readonly open: Set<YamlNode>;
}

/**
 * The JSON that Go makes of a node: aliases replaced, merge keys merged, keys turned into text, `!!binary` decoded. A key
 * `__proto__` is data.
 *
 * @throws {ToolkitError} `invalid` with path and line: a key twice (dialect `kustomize`; the last counts for `kubernetes`), an
 *   infinity, an alias inside itself, a key that is a collection
 */
export function decodeNode(node: YamlNode, { path, dialect = "kustomize", maxNodes = DEFAULT_YAML_LIMITS.maxNodes }: DecodeOptions = {}): JsonValue {
  return decode(node, { path, dialect, maxNodes, nodes: 0, open: new Set() });
}

function decode(node: YamlNode, into: Decoding): JsonValue {
  if (++into.nodes > into.maxNodes) throw yamlError(`document contains excessive aliasing: more than ${into.maxNodes} nodes (limit maxNodes)`, into.path, node.line);
  switch (node.kind) {
    case "scalar":
      return decodeScalar(node, into);
    case "sequence":
      return node.content.map((item) => decode(item, into));
    case "mapping":
      return decodeMapping(node, into);
    case "alias":
      return decodeAlias(node, into);
    case "none":
      return null;
    default:
      return node.kind satisfies never;
  }
}

function decodeAlias(alias: YamlNode, into: Decoding): JsonValue {
  const { target } = alias;
  if (target === undefined) return null;
  if (into.open.has(target)) throw yamlError(`anchor '${alias.value}' value contains itself`, into.path, alias.line);
  into.open.add(target);
  const value = decode(target, into);
  into.open.delete(target);
  return value;
}

type Draft = Record<string, JsonValue>;

/** Sets a key of any name as an own property: assignment to `__proto__` would change the prototype instead. */
function setOwn(draft: Draft, key: string, value: JsonValue): void {
  if (key === "__proto__") Object.defineProperty(draft, key, { value, enumerable: true, configurable: true, writable: true });
  else draft[key] = value;
}

function decodeMapping({ content }: YamlNode, into: Decoding): JsonValue {
  const draft: Draft = {};
  const isLenient = into.dialect === "kubernetes";
  if (!isLenient) refuseRepeated(content, into.path);
  const merges: YamlNode[] = [];
  for (let i = 0; i + 1 < content.length; i += 2) {
    const key = content[i];
    const value = content[i + 1];
    if (key === undefined || value === undefined) break;
    if (!isMerge(key)) setOwn(draft, keyText(key, into), decode(value, into));
    else if (!isLenient) merges.push(value);
    else for (const [name, merged] of mergedPairs(value, into)) setOwn(draft, name, merged);
  }
  // Go-yaml v3 takes the last merge key only; what the mapping itself has comes first.
  const last = merges.at(-1);
  if (last !== undefined) for (const [name, merged] of mergedPairs(last, into)) if (!Object.hasOwn(draft, name)) setOwn(draft, name, merged);
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
    const decoded = decode(source, into);
    // why: a mapping decodes to an object
    return Object.entries(decoded as Readonly<Record<string, JsonValue>>);
  });
  return (into.dialect === "kubernetes" ? pairs.toReversed() : pairs).flat();
}

function refuseRepeated(content: readonly YamlNode[], path: string | undefined): void {
  const seen = new Map<string, number>();
  for (let i = 0; i < content.length; i += 2) {
    const key = content[i];
    if (key === undefined) return;
    const id = key.kind === "scalar" ? `=${key.value}` : key.kind;
    const first = seen.get(id);
    if (first !== undefined) {
      throw yamlError(`mapping key ${JSON.stringify(key.kind === "scalar" ? key.value : "")} already defined at line ${first}`, path, key.line);
    }
    seen.set(id, key.line);
  }
}

function keyText(key: YamlNode, into: Decoding): string {
  const node = key.kind === "alias" ? key.target : key;
  if (node?.kind !== "scalar") throw yamlError("invalid map key: a collection", into.path, key.line);
  if (node.tag === "!!str" && (node.style & STYLE.tagged) === 0) return node.value;
  const value = decodeScalar(node, into);
  if (typeof value === "string") return value;
  if (value === null) throw yamlError("unsupported map key of type null", into.path, key.line);
  if (typeof value === "number" && !Number.isInteger(value)) return shortestFloat(Math.fround(value));
  return String(value);
}

/** The value of a scalar node as go-yaml decodes it after having written it. */
function decodeScalar(node: YamlNode, { path, dialect }: Decoding): string | number | bigint | boolean | null {
  const { tag, value, style, line } = node;
  if (tag === "!!str" || (tag === "!!merge" && (style & STYLE.tagged) === 0)) return value;
  const isTagged = (style & STYLE.tagged) !== 0;
  const resolved = resolveScalar(value, dialect);
  if (!isTagged) {
    if ((style & STRING_STYLES) !== 0 || value.includes("\n")) return resolved.tag === tag || tag === "" ? value : finite(coerce(resolved, node, path), path, line);
    if (tag === "" || tag === resolved.tag) return finite(dialect === "kubernetes" && resolved.tag === "!!timestamp" ? value : resolved.value, path, line);
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
