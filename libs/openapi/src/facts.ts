import { isObject, type JsonObject, type JsonValue } from "@plumb/std";
import { FACTS_JSON } from "./facts.generated.ts";
import { ANY, ANY_ATOMIC, makeSchema, withRules, type GoField, type Schema } from "./schema.ts";

/** What is known of one built-in resource. */
export interface KindFacts {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** As in the URL. */
  readonly plural: string;
  readonly singular: string;
  readonly isNamespaced: boolean;
  readonly verbs: readonly string[];
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly subresources: readonly SubresourceFacts[];
  /** Schema of the whole object. */
  readonly schema: Schema;
}

export interface SubresourceFacts {
  /** Such as `status` or `scale`. */
  readonly name: string;
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly verbs: readonly string[];
}

export interface Facts {
  /** Release that the facts are of, such as `1.36.3`. */
  readonly kubernetes: string;
  /** Every built-in resource, in the order of discovery: groups by priority, versions newest first. */
  readonly kinds: readonly KindFacts[];
  /** @param apiVersion such as `apps/v1`, or `v1` */
  kind(apiVersion: string, kind: string): KindFacts | undefined;
  /** Schema of a kind, bodies without a resource of their own (Scale, DeleteOptions, Status) included. */
  schema(apiVersion: string, kind: string): Schema | undefined;
  /** @param name OpenAPI name such as `io.k8s.api.core.v1.PodSpec` */
  type(name: string): Schema | undefined;
}

interface Document {
  readonly kubernetes: string;
  readonly kinds: readonly KindRow[];
  readonly parts: readonly (readonly [group: string, version: string, kind: string, type: number])[];
  readonly extras: readonly JsonObject[];
  readonly types: readonly TypeRow[];
}

type KindRow = readonly [
  group: string,
  version: string,
  kind: string,
  type: number,
  plural: string,
  singular: string,
  namespaced: number,
  verbs: number,
  shortNames: readonly string[],
  categories: readonly string[],
  subresources: readonly (readonly [name: string, group: string, version: string, kind: string, verbs: number])[],
];
/** Name and rules of the type, then five values a field: name, code, number, flags, rules. */
type TypeRow = readonly (string | number)[];

const FIELD_WIDTH = 5;
const TYPE_HEAD = 2;

let loaded: Facts | undefined;

/** The facts about built-in kinds. The file is parsed at the first call; a schema is built when it is first asked for. */
export function builtinFacts(): Facts {
  loaded ??= load();
  return loaded;
}

function load(): Facts {
  const document: Document = JSON.parse(FACTS_JSON);
  const types = new TypeTable(document);
  const kinds = document.kinds.map((row) => kindOf(row, document, types));
  const byName = new Map(kinds.map((kind) => [keyOf(kind.group, kind.version, kind.kind), kind]));
  const parts = new Map(document.parts.map(([group, version, kind, type]) => [keyOf(group, version, kind), type]));
  return {
    kubernetes: document.kubernetes,
    kinds,
    kind: (apiVersion, kind) => byName.get(`${apiVersion} ${kind}`),
    schema(apiVersion, kind) {
      const part = parts.get(`${apiVersion} ${kind}`);
      return byName.get(`${apiVersion} ${kind}`)?.schema ?? (part === undefined ? undefined : types.at(part));
    },
    type: (name) => types.named(name),
  };
}

function keyOf(group: string, version: string, kind: string): string {
  return `${group === "" ? version : `${group}/${version}`} ${kind}`;
}

function kindOf(row: KindRow, document: Document, types: TypeTable): KindFacts {
  const [group, version, kind, type, plural, singular, namespaced, verbs, shortNames, categories, subresources] = row;
  const verbsOf = (extra: number): readonly string[] => textList(document.extras[extra - 1]?.["verbs"]) ?? [];
  return {
    group,
    version,
    kind,
    plural,
    singular,
    shortNames,
    categories,
    isNamespaced: namespaced === 1,
    verbs: verbsOf(verbs),
    subresources: subresources.map(([name, ofGroup, ofVersion, ofKind, ofVerbs]) => ({
      name,
      group: ofGroup,
      version: ofVersion,
      kind: ofKind,
      verbs: verbsOf(ofVerbs),
    })),
    get schema() {
      return types.at(type);
    },
  };
}

function textList(value: JsonValue | undefined): readonly string[] | undefined {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : undefined;
}

/** Schemas by their place in the file, each built once. */
class TypeTable {
  readonly #document: Document;
  readonly #built: (Schema | undefined)[] = [];
  readonly #places: ReadonlyMap<string, number>;
  readonly #parsedRules = new Map<number, Partial<Schema>>();

  constructor(document: Document) {
    this.#document = document;
    this.#places = new Map(document.types.map(([name], place) => [String(name), place]));
  }

  named(name: string): Schema | undefined {
    const place = this.#places.get(name);
    return place === undefined ? undefined : this.at(place);
  }

  at(place: number): Schema {
    const built = this.#built[place];
    if (built !== undefined) return built;
    const row = this.#document.types[place] ?? [];
    const rules = this.#rules(Number(row[1]));
    const hasFields = row.length > TYPE_HEAD;
    const schema = makeSchema(
      { type: "object", typeName: String(row[0]), required: requiredOf(row), ...(hasFields ? {} : { keepsUnknown: true, values: ANY }), ...rules },
      hasFields ? { fields: () => this.#fields(row) } : {},
    );
    this.#built[place] = schema;
    return schema;
  }

  #fields(row: TypeRow): ReadonlyMap<string, Schema> {
    const fields = new Map<string, Schema>();
    for (let at = TYPE_HEAD; at < row.length; at += FIELD_WIDTH) {
      const [name, code, number, flags, extra] = row.slice(at, at + FIELD_WIDTH);
      fields.set(String(name), withRules(this.#coded(String(code)), { ...this.#rules(Number(extra)), go: goField(Number(flags), Number(number)) }));
    }
    return fields;
  }

  #coded(code: string): Schema {
    const rest = code.slice(1);
    switch (code[0]) {
      case "[":
        return makeSchema({ type: "array" }, { items: () => this.#coded(rest) });
      case "{":
        return makeSchema({ type: "object" }, { values: () => this.#coded(rest) });
      case "#":
        return this.at(Number(rest));
      default:
        return SCALARS[code] ?? ANY;
    }
  }

  #rules(extra: number): Partial<Schema> {
    const rules = this.#document.extras[extra - 1];
    if (rules === undefined) return {};
    const known = this.#parsedRules.get(extra) ?? rulesOf(rules);
    this.#parsedRules.set(extra, known);
    return known;
  }
}

/** Types that are written with one letter. FieldsV1 is a map without known keys. */
const SCALARS: Readonly<Record<string, Schema>> = {
  s: makeSchema({ type: "string" }),
  i: makeSchema({ type: "integer", format: "int32" }),
  l: makeSchema({ type: "integer", format: "int64" }),
  d: makeSchema({ type: "number", format: "double" }),
  b: makeSchema({ type: "boolean" }),
  y: makeSchema({ type: "string", format: "byte" }),
  t: makeSchema({ type: "string", format: "date-time" }),
  m: makeSchema({ type: "string", format: "micro-time" }),
  u: makeSchema({ type: "string", format: "duration" }),
  q: makeSchema({ type: "string", format: "quantity" }),
  o: makeSchema({ type: "any", format: "int-or-string" }),
  r: withRules(ANY_ATOMIC, { format: "raw-extension" }),
  v: makeSchema({ type: "object", format: "fields-v1", keepsUnknown: true, values: ANY }),
  B: withRules(ANY, { format: "schema-or-bool" }),
  A: withRules(ANY, { format: "schema-or-array" }),
  S: withRules(ANY, { format: "schema-or-strings" }),
  "*": ANY,
};

function requiredOf(row: TypeRow): readonly string[] {
  const required: string[] = [];
  for (let at = TYPE_HEAD; at < row.length; at += FIELD_WIDTH) if ((Number(row[at + 3]) & 8) !== 0) required.push(String(row[at]));
  return required;
}

function goField(flags: number, protobufNumber: number): GoField {
  return { omitsEmpty: (flags & 1) !== 0, omitsZero: (flags & 2) !== 0, isPointer: (flags & 4) !== 0, protobufNumber };
}

/** Strategies and types by their short names in the file. A list with a merge strategy and no list type is keyed by its merge key. */
function rulesOf(extra: JsonObject): Partial<Schema> {
  const { lt, lk, mt, ps, pk, d, e } = extra;
  const strategies = typeof ps === "string" ? ps.split(",").filter((one) => one === "merge" || one === "replace" || one === "retainKeys") : [];
  const isKeyedByPatch = lt === undefined && strategies.includes("merge");
  const listType = lt === "set" || lt === "map" || lt === "atomic" ? lt : isKeyedByPatch ? (pk === undefined ? "set" : "map") : undefined;
  const listKeys = textList(lk) ?? (isKeyedByPatch && typeof pk === "string" ? [pk] : undefined);
  return {
    ...(listType === undefined ? {} : { listType }),
    ...(listKeys === undefined ? {} : { listKeys }),
    ...(mt === "atomic" || mt === "granular" ? { mapType: mt } : {}),
    ...(strategies.length === 0 ? {} : { patchStrategy: strategies }),
    ...(typeof pk === "string" ? { mergeKey: pk } : {}),
    ...(d === undefined ? {} : { default: d }),
    ...(Array.isArray(e) ? { enum: e } : {}),
  };
}

/** The schema of an object's kind; undefined for a value that is no object of a built-in kind. */
export function schemaOfObject(object: JsonValue): Schema | undefined {
  if (!isObject(object)) return undefined;
  const { apiVersion, kind } = object;
  return typeof apiVersion === "string" && typeof kind === "string" ? builtinFacts().schema(apiVersion, kind) : undefined;
}
