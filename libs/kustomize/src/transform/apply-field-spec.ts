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

/** One part of a path. */
interface Step {
  /** As it is written. */
  readonly part: string;
  readonly name: string;
  /** The part ends in `[]`. */
  readonly isList: boolean;
  /** A lookup takes the name for an index, a search or a wildcard, or trims it. */
  readonly isOdd: boolean;
}

const ODD_NAME = /^\s|\s$|^(?:[-+]?[0-9]+|-|\*|\[.*\])$/;

const paths = new WeakMap<FieldSpec, readonly Step[]>();

/** The steps of a path, read once for each specification. */
function pathOf(spec: FieldSpec): readonly Step[] {
  const known = paths.get(spec);
  if (known !== undefined) return known;
  const steps = splitPath(spec.path, "/").map((part): Step => {
    const isList = part.endsWith("[]");
    const name = isList ? part.slice(0, -2) : part;
    return { part, name, isList, isOdd: ODD_NAME.test(name) };
  });
  paths.set(spec, steps);
  return steps;
}

function visit(node: YamlNode, path: readonly Step[], depth: number, creation: Creation | undefined, set: (field: YamlNode) => void): void {
  const step = path[depth];
  if (step === undefined) return set(node);
  if (node.tag === "!!null") return;
  if (node.kind === "sequence") return visitItems(node, path, depth, creation, set);
  if (node.kind === "alias" && node.target !== undefined) return visit(node.target, path, depth, creation, set);
  if (node.kind !== "mapping") throw invalid("expected sequence or mapping node");
  const field = fieldAt(node, step, depth === path.length - 1, creation);
  if (field !== undefined) visit(field, path, depth + 1, creation, set);
}

function visitItems({ content }: YamlNode, path: readonly Step[], depth: number, creation: Creation | undefined, set: (field: YamlNode) => void): void {
  try {
    for (const item of content) visit(item, path, depth, creation, set);
  } catch (thrown) {
    const rest = path.slice(depth).map(({ part }) => part);
    throw prefixed(`visit traversal on path: [${rest.join(" ")}]`, thrown);
  }
}

function fieldAt(node: YamlNode, { name, isList, isOdd }: Step, isLast: boolean, creation: Creation | undefined): YamlNode | undefined {
  if (name === "") throw invalid("cannot set or create an empty field name");
  const made: Creation | undefined = isList ? undefined : isLast || creation === undefined ? creation : MAPPING;
  const field = isOdd
    ? lookup(node, [name], made?.kind)
    : (getField(node, name) ?? (made === undefined ? undefined : setField(node, name, new YamlNode(made.kind))));
  if (field?.tag === "!!null" && (made !== undefined || isList)) {
    field.kind = isList ? "sequence" : (made?.kind ?? field.kind);
    field.tag = isList ? "" : (made?.tag ?? field.tag);
    field.value = isList || field.kind !== "scalar" ? "" : field.value;
  }
  return field;
}
