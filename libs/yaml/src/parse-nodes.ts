import { EVENT_ID, SCALAR_STYLE, YAMLException, getScalarValue, parseEvents, type Event } from "js-yaml";
import { STYLE, YamlNode } from "./node.ts";
import { resolveScalar } from "./resolve-scalar.ts";
import { yamlError } from "./yaml-error.ts";
import { DEFAULT_YAML_LIMITS, type YamlLimits } from "./yaml-limits.ts";

export interface ParseOptions {
  /** Names the text in errors. */
  readonly path?: string | undefined;
  readonly limits?: Partial<YamlLimits> | undefined;
  /** Line of the text's first line in its file; 1 when left out. */
  readonly firstLine?: number | undefined;
}

const LONG_TAG = "tag:yaml.org,2002:";
const STYLE_OF: Readonly<Record<number, number>> = {
  [SCALAR_STYLE.PLAIN]: 0,
  [SCALAR_STYLE.SINGLE_QUOTED]: STYLE.singleQuoted,
  [SCALAR_STYLE.DOUBLE_QUOTED]: STYLE.doubleQuoted,
  [SCALAR_STYLE.LITERAL_BLOCK]: STYLE.literal,
  [SCALAR_STYLE.FOLDED_BLOCK]: STYLE.folded,
};

/** The node of the first document; undefined for an empty one. */
export function parseNode(text: string, { path, limits, firstLine = 1 }: ParseOptions = {}): YamlNode | undefined {
  const { maxDepth, maxAliases } = { ...DEFAULT_YAML_LIMITS, ...limits };
  let events: Event[];
  try {
    events = parseEvents(text, { maxDepth });
  } catch (thrown) {
    if (!(thrown instanceof YAMLException)) throw thrown;
    throw yamlError(thrown.reason, path, (thrown.mark?.line ?? 0) + firstLine, (thrown.mark?.column ?? 0) + 1);
  }
  return build(text, events, { path, firstLine, maxAliases });
}

function build(text: string, events: readonly Event[], { path, firstLine, maxAliases }: { path: string | undefined; firstLine: number; maxAliases: number }): YamlNode | undefined {
  const anchors = new Map<string, YamlNode>();
  const open: YamlNode[] = [];
  let root: YamlNode | undefined;
  let aliases = 0;
  let at = 0;
  let line = firstLine;
  const lineAt = (offset: number): number => {
    for (; at < offset; at++) if (text.charCodeAt(at) === 10) line++;
    return line;
  };
  const add = (node: YamlNode): void => {
    const parent = open.at(-1);
    if (parent === undefined) root = node;
    else parent.append(node);
  };
  for (const event of events.slice(1)) {
    if (event.type === EVENT_ID.DOCUMENT) break;
    if (event.type === EVENT_ID.POP) {
      if (open.pop() === undefined) break;
      continue;
    }
    if (event.type === EVENT_ID.ALIAS) {
      const name = text.slice(event.anchorStart, event.anchorEnd);
      const target = anchors.get(name);
      if (target === undefined) throw yamlError(`unknown anchor '${name}' referenced`, path, lineAt(event.anchorStart));
      if (++aliases > maxAliases) throw yamlError(`document has more than ${maxAliases} aliases (limit maxAliases)`, path, lineAt(event.anchorStart));
      const node = new YamlNode("alias", "", name, 0, lineAt(event.anchorStart));
      node.target = target;
      add(node);
      continue;
    }
    const written = event.tagStart === -1 ? "" : shortTag(text.slice(event.tagStart, event.tagEnd));
    const tag = written === "!" ? "" : written;
    const isTagged = tag === "" ? 0 : STYLE.tagged;
    const anchor = event.anchorStart === -1 ? undefined : text.slice(event.anchorStart, event.anchorEnd);
    let node: YamlNode;
    if (event.type === EVENT_ID.SCALAR) {
      const style = STYLE_OF[event.style] ?? 0;
      const value = event.valueStart === -1 ? "" : getScalarValue(text, event);
      const implicit = style !== 0 ? "!!str" : value === "<<" ? "!!merge" : resolveScalar(value, "kustomize").tag;
      node = new YamlNode("scalar", tag === "" ? implicit : tag, value, style | isTagged, lineAt(Math.max(event.valueStart, at)));
      add(node);
    } else {
      const isMapping = event.type === EVENT_ID.MAPPING;
      const implicit = isMapping ? "!!map" : "!!seq";
      node = new YamlNode(isMapping ? "mapping" : "sequence", tag === "" ? implicit : tag, "", (event.style === 2 ? STYLE.flow : 0) | isTagged, lineAt(event.start));
      add(node);
      open.push(node);
    }
    if (anchor !== undefined) anchors.set(anchor, node);
  }
  return root;
}

function shortTag(raw: string): string {
  const tag = raw.startsWith("!<") ? raw.slice(2, -1) : raw;
  return tag.startsWith(LONG_TAG) ? `!!${tag.slice(LONG_TAG.length)}` : tag;
}
