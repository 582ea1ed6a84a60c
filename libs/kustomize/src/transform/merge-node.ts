import { YamlNode } from "@plumb/yaml";
import { invalid } from "../build-error.ts";
import { FieldIndex } from "../node/field-index.ts";
import { clearField, fieldOf, getField, isEmpty, isEmptyMapping, isMissingOrNull, mustBe, type Maybe } from "../node/fields.ts";
import { nodeText } from "../node/node-text.ts";
import type { Schema } from "../schema/schema.ts";
import type { Shape } from "../schema/shape.ts";
import { mergeList } from "./merge-list.ts";

export interface MergeOptions {
  readonly schema: Schema;
  /** Merge lists without a schema by `name`; kustomize does not. */
  readonly infer: boolean;
  /** Put the patch's new elements before those that are there, as kustomize does. */
  readonly prepend: boolean;
}

/** One merge: `kept` are nulls that a user wrote and that must not remove their field. */
export interface Merge extends MergeOptions {
  readonly kept: Set<YamlNode>;
}

/** What merging gives: undefined removes the value. */
export type Merged = Maybe;

/**
 * Merges `patch` into `dest` as kustomize's strategic merge does: mappings by field, lists that the schema calls `merge` by their
 * keys, everything else replaced; `$patch` deletes or replaces. Both are changed; nodes of the patch become part of the result.
 *
 * @throws {ToolkitError} `invalid` when a value and its patch are of different kinds
 */
export function mergeNode(patch: YamlNode, dest: YamlNode, options: MergeOptions): Merged {
  return mergeValue(dest, patch, undefined, { ...options, kept: new Set() }, []);
}

/** Merges one value, either side of which may be missing. */
export function mergeValue(dest: Maybe, patch: Maybe, known: Shape | undefined, merge: Merge, path: readonly string[]): Merged {
  const shape = commentShape(dest, merge) ?? commentShape(patch, merge) ?? known ?? shapeFor(dest, merge) ?? shapeFor(patch, merge);
  const { kind } = [dest, patch].find((node) => !isMissingOrNull(node)) ?? { kind: "none" as const };
  switch (kind) {
    case "mapping":
    case "none":
      if (kind === "mapping") refuseOther("mapping", dest, patch);
      return mergeMapping(dest, patch, shape, merge, path);
    case "sequence":
      refuseOther("sequence", dest, patch);
      return isMergedList(dest, patch, shape, merge) ? mergeKeyedList(dest, patch, shape, merge, path) : (patch ?? dest);
    case "scalar":
      refuseOther("scalar", dest, patch);
      return patch ?? dest;
    case "alias":
      return undefined;
    default:
      return kind satisfies never;
  }
}

function refuseOther(kind: "mapping" | "sequence" | "scalar", dest: Maybe, patch: Maybe): void {
  mustBe(kind, dest);
  mustBe(kind, patch);
}

function commentShape(node: Maybe, { schema }: Merge): Shape | undefined {
  return node?.comment === undefined || isMissingOrNull(node) ? undefined : schema.shapeInComment(node.comment);
}

/** The schema of an object that says what it is. */
function shapeFor(node: Maybe, { schema }: Merge): Shape | undefined {
  if (node === undefined || isMissingOrNull(node) || node.kind !== "mapping") return undefined;
  const kind = fieldOf(node, "kind");
  const apiVersion = fieldOf(node, "apiVersion");
  if (kind === undefined || apiVersion === undefined || isEmpty(kind) || isEmpty(apiVersion)) return undefined;
  return kind.value === "" || apiVersion.value === "" ? undefined : schema.shapeOf(apiVersion.value, kind.value);
}

function mergeMapping(dest: Maybe, patch: Maybe, shape: Shape | undefined, merge: Merge, path: readonly string[]): Merged {
  const result = visitMapping(dest, patch, merge);
  if (result === undefined) return undefined;
  const own = new FieldIndex(result);
  const theirs = result === patch ? own : new FieldIndex(patch);
  for (const name of [...new Set([...own.names, ...theirs.names])].sort()) {
    const inComment = commentShape(own.key(name), merge) ?? commentShape(theirs.key(name), merge);
    // A field without a name is the value itself to kustomize.
    if (name === "") mustBe("scalar", result);
    const value = mergeValue(own.value(name), theirs.value(name), inComment ?? shape?.field(name), merge, [...path, name]);
    own.set(name, value, {
      keepNull: value !== undefined && merge.kept.has(value),
      keyStyle: (value === theirs.value(name) ? theirs : own).key(name)?.style ?? 0,
    });
  }
  own.end();
  return result;
}

/** The mapping to go on with: the one that is there, or the patch itself. */
function visitMapping(dest: Maybe, patch: Maybe, { kept }: Merge): Merged {
  takeStyle(dest, patch);
  if (dest === undefined || isMissingOrNull(dest)) {
    // What cannot be a directive counts as none here.
    if (patch !== undefined && patch.kind === "mapping" && directiveOf(patch) === "delete") return undefined;
    if (patch === undefined && dest !== undefined && dest.value.length > 0) {
      const nothing = new YamlNode("scalar", "!!null", dest.value);
      kept.add(nothing);
      return nothing;
    }
    return patch;
  }
  if (patch !== undefined && isMissingOrNull(patch)) return undefined;
  return byDirective(dest, patch);
}

/** An empty collection takes over how the patch is written. */
function takeStyle(dest: Maybe, patch: Maybe): void {
  if (dest === undefined || patch === undefined) return;
  if (dest.kind !== "scalar" && dest.content.length === 0) dest.style = patch.style;
}

function byDirective(dest: YamlNode, patch: Maybe): Merged {
  const directive = patch === undefined ? "merge" : directiveOf(patch);
  return directive === "delete" ? undefined : directive === "replace" ? patch : dest;
}

type Directive = "merge" | "replace" | "delete";
const DIRECTIVE = "$patch";

/** What `$patch` says; the directive itself is taken out. @throws {ToolkitError} `invalid` for an unknown one */
function directiveOf(patch: YamlNode): Directive {
  if (patch.kind === "sequence") return listDirective(patch);
  if (patch.kind !== "mapping") throw invalid(`no implemented strategic merge patch strategy for '${patch.tag}' ('${nodeText(patch)}')`);
  const node = getField(patch, DIRECTIVE);
  if (node === undefined) return "merge";
  const directive = checked(node.value);
  clearField(patch, DIRECTIVE);
  return directive;
}

function listDirective(patch: YamlNode): Directive {
  const element = patch.content.find((item) => fieldOf(item, DIRECTIVE) !== undefined);
  const text = fieldOf(element, DIRECTIVE)?.value;
  if (element === undefined || text === undefined || element.content.length > 2) return "merge";
  const directive = checked(text);
  patch.refill(patch.content.filter((item) => !isMissingOrNull(item) && !isEmptyMapping(item) && fieldOf(item, DIRECTIVE)?.value !== text));
  return directive;
}

function checked(text: string): Directive {
  if (text === "delete" || text === "replace" || text === "merge") return text;
  throw invalid(`unknown patch strategy '${text}'`);
}

function isMergedList(dest: Maybe, patch: Maybe, shape: Shape | undefined, { infer }: Merge): boolean {
  if (shape !== undefined) return shape.strategy?.split(",").includes("merge") ?? false;
  return infer && [dest, patch].some((list) => list !== undefined && !isMissingOrNull(list) && isNamedList(list));
}

/** True when every element has a name; also of an empty list. */
export function isNamedList(list: YamlNode): boolean {
  return list.content.every((item) => fieldOf(item, "name") !== undefined);
}

function mergeKeyedList(dest: Maybe, patch: Maybe, shape: Shape | undefined, merge: Merge, path: readonly string[]): Merged {
  takeStyle(dest, patch);
  let list: Merged;
  if (dest === undefined || isMissingOrNull(dest)) list = patch;
  else if (patch !== undefined && isMissingOrNull(patch)) list = undefined;
  else list = byDirective(dest, patch);
  return list === undefined ? undefined : mergeList(list, patch, shape, merge, path);
}
