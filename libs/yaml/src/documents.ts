import { ToolkitError, type JsonValue } from "@plumb/std";
import { decodeNode, type DecodeOptions } from "./decode-node.ts";
import { encodingOf } from "./encoding-of.ts";
import type { YamlNode } from "./node.ts";
import { lineFeeds, parseNode } from "./parse-nodes.ts";
import { setPlaces } from "./set-places.ts";
import type { Dialect } from "./resolve-scalar.ts";
import { TextBuilder } from "./text-builder.ts";
import { textBudget } from "./text-budget.ts";
import { limitError, yamlError } from "./yaml-error.ts";
import { DEFAULT_YAML_LIMITS, type YamlLimits } from "./yaml-limits.ts";

export interface YamlOptions {
  /** Names the text in errors. */
  readonly path?: string | undefined;
  readonly limits?: Partial<YamlLimits> | undefined;
  /** `kustomize` when left out. */
  readonly dialect?: Dialect | undefined;
}

/** Nodes are the same in every dialect. */
interface NodeOptions extends Pick<YamlOptions, "path" | "limits"> {
  /** Whether each node gets its `place`. */
  readonly places?: boolean | undefined;
  /** Is filled with the name of every node that has an anchor. */
  readonly anchors?: Map<YamlNode, string> | undefined;
}

export interface YamlDocument {
  readonly value: JsonValue;
  /** Line on which its content starts, comments and separators passed; the first is 1. */
  readonly line: number;
}

const SEPARATOR = /\n---.*\n/g;

/** The text between two separators and the line it starts on. */
interface Chunk {
  readonly text: string;
  readonly line: number;
}

/**
 * Every document of a text that is not empty, as kustomize reads them: separators are lines that start with `---`, and only
 * the first document between two of them counts.
 *
 * @throws {ToolkitError} `invalid` with path, line and column
 */
export function parseDocuments(input: string | Uint8Array, options: YamlOptions = {}): readonly YamlDocument[] {
  return parseNodes(input, options).flatMap((node) => {
    const value = decodeNode(node, { path: options.path, dialect: options.dialect, maxNodes: options.limits?.maxNodes });
    return value === null ? [] : [{ value, line: node.line }];
  });
}

/** The first document of a text, as Go's `Unmarshal` takes it; null for an empty one. @throws {ToolkitError} `invalid` */
export function parseOne(input: string | Uint8Array, options: YamlOptions & Pick<DecodeOptions, "uniqueKeys"> = {}): JsonValue {
  const { path, dialect, limits, uniqueKeys } = options;
  const node = parseNode(accepted(input, options), options);
  return node === undefined ? null : decodeNode(node, { path, dialect, maxNodes: limits?.maxNodes, uniqueKeys });
}

/** The nodes of every document that is not empty, for those who must not lose how a scalar was written. */
export function parseNodes(input: string | Uint8Array, options: NodeOptions = {}): readonly YamlNode[] {
  return [...eachNode(input, options)];
}

/** As `parseNodes`, one document after the other, for those who may have had enough before the end. */
export function* eachNode(input: string | Uint8Array, options: NodeOptions = {}): Generator<YamlNode, void, undefined> {
  const { path, limits } = options;
  const maxObjects = limits?.maxObjects ?? DEFAULT_YAML_LIMITS.maxObjects;
  const budget = textBudget(limits);
  let documents = 0;
  const whole = accepted(input, options);
  // Kustomize looks for separators in bytes and finds none in UTF-16.
  const chunks = typeof input !== "string" && encodingOf(input) !== "utf-8" ? [{ text: whole, line: 1 }] : splitDocuments(whole, path);
  for (const { text, line } of chunks) {
    const columns = options.places === true ? new Map<YamlNode, number>() : undefined;
    const node = parseNode(text, { ...options, firstLine: line, budget, columns });
    if (columns !== undefined) setPlaces(columns, text, line);
    if (node === undefined) continue;
    if (++documents > maxObjects) throw limitError(`has more than ${maxObjects} objects (limit maxObjects)`, path, line);
    yield node;
  }
}

function accepted(input: string | Uint8Array, { path, limits }: NodeOptions): string {
  const maxBytes = limits?.maxBytes ?? DEFAULT_YAML_LIMITS.maxBytes;
  const sizeBytes = typeof input === "string" ? input.length : input.byteLength;
  if (sizeBytes > maxBytes) throw new ToolkitError("invalid", `${path ?? "text"} has more than ${maxBytes} bytes (limit maxBytes)`);
  if (typeof input === "string") return input;
  const encoding = encodingOf(input);
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(input);
  } catch {
    throw new ToolkitError("invalid", `yaml: invalid ${encoding.toUpperCase()} (${path ?? "text"})`);
  }
}

function* splitDocuments(raw: string, path: string | undefined): Generator<Chunk, void, undefined> {
  const text = raw.includes("\r") ? withoutReturns(raw) : raw;
  let start = 0;
  let line = 1;
  for (const match of text.matchAll(SEPARATOR)) {
    const body = text.slice(start, match.index + 1);
    yield { text: body, line };
    line += lineFeeds(body) + 1;
    const rest = match[0].slice(4).trim();
    if (rest !== "" && !rest.startsWith("#")) throw yamlError(`invalid document separator: ${match[0].trim()}`, path, line - 1);
    start = match.index + match[0].length;
  }
  yield { text: text.slice(start), line };
}

/** The text with LF in the place of CR LF, of which there may be as many as fit in a file. */
function withoutReturns(text: string): string {
  const result = new TextBuilder();
  let start = 0;
  for (let at = text.indexOf("\r\n"); at !== -1; at = text.indexOf("\r\n", start)) {
    if (at > start) result.add(text.slice(start, at));
    result.add("\n");
    start = at + 2;
  }
  result.add(text.slice(start));
  return result.text();
}
