import { isObject, type JsonObject, type JsonValue } from "@plumb/std";
import { compareElements, fieldElement, parseElement, type FieldPath, type PathElement } from "./path-element.ts";

/** One element at the top of a set. */
export interface FieldNode {
  readonly element: PathElement;
  readonly isMember: boolean;
  /** Never an empty set, except that of a member. */
  readonly below: FieldSet;
}

/**
 * A set of field paths; the type behind `fieldsV1`. Immutable.
 *
 * A path in the set says nothing of the paths above or below it. The root itself is never a member.
 */
export class FieldSet {
  static readonly EMPTY: FieldSet = new FieldSet(new Map());
  readonly #nodes: ReadonlyMap<string, FieldNode>;

  private constructor(nodes: ReadonlyMap<string, FieldNode>) {
    this.#nodes = nodes;
  }

  static of(paths: Iterable<FieldPath>): FieldSet {
    const builder = new FieldSetBuilder();
    for (const path of paths) builder.add(path);
    return builder.build();
  }

  /** A set of plain fields, each path as its names: `FieldSet.ofNames(["metadata", "name"], ["status"])`. */
  static ofNames(...paths: readonly (readonly string[])[]): FieldSet {
    return FieldSet.of(paths.map((names) => names.map(fieldElement)));
  }

  /** Reads `fieldsV1`; elements of an unknown kind are dropped. @throws {SyntaxError} for what is no field set */
  static parse(fieldsV1: JsonValue): FieldSet {
    if (!isObject(fieldsV1)) throw new SyntaxError("a field set is an object");
    return parseLevel(fieldsV1).set;
  }

  /** For the builder alone. */
  static fromNodes(nodes: ReadonlyMap<string, FieldNode>): FieldSet {
    return nodes.size === 0 ? FieldSet.EMPTY : new FieldSet(nodes);
  }

  get isEmpty(): boolean {
    return this.#nodes.size === 0;
  }

  /** Number of paths. */
  get size(): number {
    let size = 0;
    for (const { isMember, below } of this.#nodes.values()) size += (isMember ? 1 : 0) + below.size;
    return size;
  }

  /** The wire form, in the order of the API server. */
  serialize(): JsonObject {
    const fields: Record<string, JsonObject> = {};
    for (const { element, isMember, below } of this.nodes()) {
      fields[element.id] = isMember && !below.isEmpty ? { ".": {}, ...below.serialize() } : below.serialize();
    }
    return fields;
  }

  has(path: FieldPath): boolean {
    const [first, ...rest] = path;
    const node = first === undefined ? undefined : this.#nodes.get(first.id);
    if (node === undefined) return false;
    return rest.length === 0 ? node.isMember : node.below.has(rest);
  }

  hasElement(element: PathElement): boolean {
    return this.#nodes.get(element.id)?.isMember === true;
  }

  /** What the set holds below one element, that element cut off. */
  below(element: PathElement): FieldSet {
    return this.#nodes.get(element.id)?.below ?? FieldSet.EMPTY;
  }

  /** Elements at the top, members or not, in no certain order. */
  unsortedNodes(): Iterable<FieldNode> {
    return this.#nodes.values();
  }

  /** Elements at the top, members or not, in the order of the API server. */
  nodes(): readonly FieldNode[] {
    return [...this.#nodes.values()].sort((a, b) => compareElements(a.element, b.element));
  }

  /** Every path: members of a level first, then what is below them. */
  *paths(above: FieldPath = []): Generator<FieldPath> {
    const nodes = this.nodes();
    for (const { element, isMember } of nodes) if (isMember) yield [...above, element];
    for (const { element, below } of nodes) yield* below.paths([...above, element]);
  }

  equals(other: FieldSet): boolean {
    if (this === other) return true;
    if (this.#nodes.size !== other.#nodes.size) return false;
    for (const [id, { isMember, below }] of this.#nodes) {
      const twin = other.#nodes.get(id);
      if (twin === undefined || twin.isMember !== isMember || !below.equals(twin.below)) return false;
    }
    return true;
  }

  union(other: FieldSet): FieldSet {
    if (this.isEmpty) return other;
    const nodes = new Map(this.#nodes);
    for (const [id, node] of other.#nodes) {
      const own = nodes.get(id);
      nodes.set(id, own === undefined ? node : { element: own.element, isMember: own.isMember || node.isMember, below: own.below.union(node.below) });
    }
    return FieldSet.fromNodes(nodes);
  }

  intersection(other: FieldSet): FieldSet {
    return this.#combine(other, (node, twin) =>
      twin === undefined ? undefined : { element: node.element, isMember: node.isMember && twin.isMember, below: node.below.intersection(twin.below) },
    );
  }

  /** Without the paths of `other`, each taken for itself. */
  difference(other: FieldSet): FieldSet {
    return this.#combine(other, (node, twin) =>
      twin === undefined ? node : { element: node.element, isMember: node.isMember && !twin.isMember, below: node.below.difference(twin.below) },
    );
  }

  /** Without the paths of `other` and all below them. */
  withoutSubtrees(other: FieldSet): FieldSet {
    return this.#combine(other, (node, twin) => {
      if (twin === undefined) return node;
      return twin.isMember ? undefined : { element: node.element, isMember: node.isMember, below: node.below.withoutSubtrees(twin.below) };
    });
  }

  #combine(other: FieldSet, combine: (node: FieldNode, twin: FieldNode | undefined) => FieldNode | undefined): FieldSet {
    const nodes = new Map<string, FieldNode>();
    for (const [id, node] of this.#nodes) {
      const result = combine(node, other.#nodes.get(id));
      if (result !== undefined && (result.isMember || !result.below.isEmpty)) nodes.set(id, result);
    }
    return FieldSet.fromNodes(nodes);
  }
}

function parseLevel(level: JsonObject): { readonly set: FieldSet; readonly hasSelf: boolean } {
  const nodes = new Map<string, FieldNode>();
  let hasSelf = false;
  for (const [id, value] of Object.entries(level)) {
    if (id === ".") {
      hasSelf = true;
      continue;
    }
    const element = parseElement(id);
    if (element === undefined) continue;
    if (value !== null && !isObject(value)) throw new SyntaxError(`no object below ${id}`);
    const inner = isObject(value) ? parseLevel(value) : { set: FieldSet.EMPTY, hasSelf: true };
    nodes.set(element.id, { element, isMember: inner.hasSelf || inner.set.isEmpty, below: inner.set });
  }
  return { set: FieldSet.fromNodes(nodes), hasSelf };
}

interface OpenNode {
  readonly element: PathElement;
  isMember: boolean;
  below: FieldSetBuilder | undefined;
}

/** Collects paths; `build` is cheap, and the builder may not be used after it. */
export class FieldSetBuilder {
  readonly #nodes = new Map<string, OpenNode>();

  add(path: FieldPath): void {
    const last = path.at(-1);
    if (last === undefined) return;
    path
      .slice(0, -1)
      .reduce<FieldSetBuilder>((level, element) => level.at(element), this)
      .addElement(last);
  }

  /** The builder of what is below one element. */
  at(element: PathElement): FieldSetBuilder {
    return (this.#open(element).below ??= new FieldSetBuilder());
  }

  addElement(element: PathElement): void {
    this.#open(element).isMember = true;
  }

  build(): FieldSet {
    const nodes = new Map<string, FieldNode>();
    for (const [id, { element, isMember, below }] of this.#nodes) {
      const set = below?.build() ?? FieldSet.EMPTY;
      if (isMember || !set.isEmpty) nodes.set(id, { element, isMember, below: set });
    }
    return FieldSet.fromNodes(nodes);
  }

  #open(element: PathElement): OpenNode {
    const known = this.#nodes.get(element.id);
    if (known !== undefined) return known;
    const node: OpenNode = { element, isMember: false, below: undefined };
    this.#nodes.set(element.id, node);
    return node;
  }
}
