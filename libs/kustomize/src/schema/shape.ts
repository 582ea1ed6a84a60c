import { SCHEMA_FACTS } from "./facts.ts";

/** What a merge needs to know about a value: how its list is merged, and the schemas of what is inside. */
export interface Shape {
  /** `merge`, `replace`, `retainKeys`, several with commas; undefined where the schema says nothing. */
  readonly strategy: string | undefined;
  readonly mergeKey: string | undefined;
  /** The keys of a list whose elements are told apart by several. */
  readonly mapKeys: readonly string[] | undefined;
  field(name: string): Shape | undefined;
  items(): Shape | undefined;
}

interface ShapeFact {
  readonly p?: Readonly<Record<string, number>>;
  readonly a?: number;
  readonly i?: number;
  readonly t?: boolean;
  readonly s?: string;
  readonly k?: string;
  readonly l?: readonly string[];
}

interface Facts {
  readonly shapes: readonly ShapeFact[];
  readonly kinds: Readonly<Record<string, number>>;
  readonly names: Readonly<Record<string, number>>;
}

/** Schemas by what they are asked for. */
export interface BuiltInShapes {
  /** By `apiVersion kind`. */
  readonly kinds: ReadonlyMap<string, Shape>;
  /** By the name of a definition. */
  readonly definitions: ReadonlyMap<string, Shape>;
}

let builtIn: BuiltInShapes | undefined;

/** The built-in schemas, read at the first call. They never change, so every build shares them. */
export function builtInShapes(): BuiltInShapes {
  builtIn ??= readShapes();
  return builtIn;
}

function readShapes(): BuiltInShapes {
  const { shapes: facts, kinds, names }: Facts = JSON.parse(SCHEMA_FACTS);
  const shapes: readonly Shape[] = facts.map((fact) => shapeOf(fact, () => shapes));
  const named = (indices: Readonly<Record<string, number>>, nameOf: (key: string) => string): ReadonlyMap<string, Shape> =>
    new Map(
      Object.entries(indices).flatMap(([key, index]) => {
        const shape = shapes[index];
        return shape === undefined ? [] : [[nameOf(key), shape] as const];
      }),
    );
  return { kinds: named(kinds, (kind) => kind), definitions: named(names, (name) => name.replace(/^\./, "io.k8s.")) };
}

function shapeOf(fact: ShapeFact, all: () => readonly Shape[]): Shape {
  const at = (index: number | undefined): Shape | undefined => (index === undefined ? undefined : all()[index]);
  return {
    strategy: fact.s,
    mergeKey: fact.k,
    mapKeys: fact.l,
    field: (name) => at(fact.p !== undefined && Object.hasOwn(fact.p, name) ? fact.p[name] : fact.a),
    items: () => (fact.t === true ? at(fact.i) : undefined),
  };
}
