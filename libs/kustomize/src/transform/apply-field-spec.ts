import { YamlNode, type NodeKind } from "@plumb/yaml";
import { prefixed, invalid } from "../build-error.ts";
import type { FieldSpec } from "../config/field-spec.ts";
import { getField, setField } from "../node/fields.ts";
import { lookup } from "../node/lookup.ts";
import { splitPath } from "../node/split-path.ts";
import { metadataText, topText } from "../node/metadata.ts";
import { idText, splitApiVersion } from "../resource/resource-id.ts";

/** What is made where a field is missing or null. */
export interface Creation {
  readonly kind: NodeKind;
  readonly tag: string;
}

const MAPPING: Creation = { kind: "mapping", tag: "!!map" };

/** Calls `set` with every field of `node` that the specification names; a field of a list of objects is one of each. */
export function applyFieldSpec(node: YamlNode, spec: FieldSpec, set: (field: YamlNode) => void, creation?: Creation): void {
  if (!isOfKind(node, spec)) return;
  try {
    visit(node, pathOf(spec), 0, spec.create ? creation : undefined, set);
  } catch (thrown) {
    throw prefixed(`considering field '${spec.path}' of object ${shownId(node)}`, thrown);
  }
}

function isOfKind(node: YamlNode, { group, version, kind }: FieldSpec): boolean {
  if (kind !== "" && kind !== topText(node, "kind")) return false;
  if (group === "" && version === "") return true;
  const own = splitApiVersion(topText(node, "apiVersion"));
  return (group === "" || group === own.group) && (version === "" || version === own.version);
}

function shownId(node: YamlNode): string {
  return idText({
    ...splitApiVersion(topText(node, "apiVersion")),
    kind: topText(node, "kind"),
    name: metadataText(node, "name"),
    namespace: metadataText(node, "namespace"),
  });
}

const paths = new WeakMap<FieldSpec, readonly string[]>();

/** The parts of a path, split once for each specification. */
function pathOf(spec: FieldSpec): readonly string[] {
  const known = paths.get(spec);
  if (known !== undefined) return known;
  const parts = splitPath(spec.path, "/");
  paths.set(spec, parts);
  return parts;
}

function visit(node: YamlNode, path: readonly string[], depth: number, creation: Creation | undefined, set: (field: YamlNode) => void): void {
  const part = path[depth];
  if (part === undefined) return set(node);
  if (node.tag === "!!null") return;
  if (node.kind === "sequence") {
    try {
      for (const item of node.content) visit(item, path, depth, creation, set);
    } catch (thrown) {
      throw prefixed(`visit traversal on path: [${path.slice(depth).join(" ")}]`, thrown);
    }
    return;
  }
  if (node.kind === "alias" && node.target !== undefined) return visit(node.target, path, depth, creation, set);
  if (node.kind !== "mapping") throw invalid("expected sequence or mapping node");
  const field = fieldAt(node, part, depth === path.length - 1, creation);
  if (field !== undefined) visit(field, path, depth + 1, creation, set);
}

/** A name that a lookup takes for an index, a search or a wildcard, or trims. */
const ODD_NAME = /^\s|\s$|^(?:[-+]?[0-9]+|-|\*|\[.*\])$/;

function fieldAt(node: YamlNode, part: string, isLast: boolean, creation: Creation | undefined): YamlNode | undefined {
  const isList = part.endsWith("[]");
  const name = isList ? part.slice(0, -2) : part;
  if (name === "") throw invalid("cannot set or create an empty field name");
  const made: Creation | undefined = isList ? undefined : isLast || creation === undefined ? creation : MAPPING;
  const field = ODD_NAME.test(name)
    ? lookup(node, [name], made?.kind)
    : (getField(node, name) ?? (made === undefined ? undefined : setField(node, name, new YamlNode(made.kind))));
  if (field?.tag === "!!null" && (made !== undefined || isList)) {
    field.kind = isList ? "sequence" : (made?.kind ?? field.kind);
    field.tag = isList ? "" : (made?.tag ?? field.tag);
    field.value = isList || field.kind !== "scalar" ? "" : field.value;
  }
  return field;
}
