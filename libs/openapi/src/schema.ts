import type { JsonValue } from "@plumb/std";

/**
 * What is known of a value: of a field, a list element, a whole object. Built from the facts file for built-in kinds and
 * from `openAPIV3Schema` for custom ones, so that whoever patches or checks need not know which it is.
 *
 * `fields`, `items` and `values` are made when first read: types refer to themselves (JSONSchemaProps).
 */
export interface Schema {
  /** `any` is JSON of any shape. */
  readonly type: "object" | "array" | "string" | "integer" | "number" | "boolean" | "any";
  /**
   * `int32`, `int64`, `double`, `byte`, `date-time`, `micro-time`, `duration`, `quantity`, `int-or-string`, or what a
   * custom schema says; empty where there is none. A quantity has type `string` and may be written as a number.
   */
  readonly format: string;
  /** OpenAPI name such as `io.k8s.api.core.v1.PodSpec`; empty for types without a name. */
  readonly typeName: string;
  /** Fields that the type declares; empty for a map. */
  readonly fields: ReadonlyMap<string, Schema>;
  /** Fields that must be there, by name. */
  readonly required: readonly string[];
  /** Schema of the elements, for type `array`. */
  readonly items: Schema | undefined;
  /** Schema of every key that is not among `fields`; undefined where such a key is unknown and not kept. */
  readonly values: Schema | undefined;
  /** True where unknown fields are kept though nothing is known of them. */
  readonly keepsUnknown: boolean;
  readonly listType: "atomic" | "set" | "map";
  /** Keys of a list of type `map`, in the order of the schema. */
  readonly listKeys: readonly string[];
  readonly mapType: "atomic" | "granular";
  /** For strategic merge; empty means replace for lists and merge for maps. */
  readonly patchStrategy: readonly ("merge" | "replace" | "retainKeys")[];
  /** Key of the elements for strategic merge; undefined for lists of plain values. */
  readonly mergeKey: string | undefined;
  readonly default: JsonValue | undefined;
  readonly enum: readonly JsonValue[] | undefined;
  readonly isNullable: boolean;
  /** True for an object that is a Kubernetes object itself, with apiVersion, kind and metadata. */
  readonly isEmbeddedObject: boolean;
  /** How Go writes the field, for built-in types; undefined for list elements, map values and custom types. */
  readonly go: GoField | undefined;
  /** For a custom type, the OpenAPI schema it was made from, with the rules for checking values; else undefined. */
  readonly source: { readonly [key: string]: JsonValue | undefined } | undefined;
}

export interface GoField {
  /** An empty value (zero, "", no elements) is left out. */
  readonly omitsEmpty: boolean;
  /** A struct whose fields are all zero is left out. */
  readonly omitsZero: boolean;
  readonly isPointer: boolean;
  /** Field number in protobuf; 0 where there is none. A member of an embedded message has `outer * 1000 + inner`. */
  readonly protobufNumber: number;
}

const NO_FIELDS: ReadonlyMap<string, Schema> = new Map();
const NOTHING: readonly never[] = [];

const EMPTY: Schema = {
  type: "any",
  format: "",
  typeName: "",
  fields: NO_FIELDS,
  required: NOTHING,
  items: undefined,
  values: undefined,
  keepsUnknown: true,
  listType: "atomic",
  listKeys: NOTHING,
  mapType: "granular",
  patchStrategy: NOTHING,
  mergeKey: undefined,
  default: undefined,
  enum: undefined,
  isNullable: false,
  isEmbeddedObject: false,
  go: undefined,
  source: undefined,
};

/** JSON of any shape whose maps are merged key by key and whose lists are replaced whole. */
export const ANY: Schema = EMPTY;

/** JSON of any shape that is one value for whoever merges. */
export const ANY_ATOMIC: Schema = { ...EMPTY, mapType: "atomic" };

/** Parts of a schema that are made when they are first read. */
export interface LazyParts {
  readonly fields?: () => ReadonlyMap<string, Schema>;
  readonly items?: () => Schema;
  readonly values?: () => Schema;
}

/** A schema with everything that is not given left at its default: an unnamed, atomic, optional value of `type`. */
export function makeSchema(given: Partial<Schema> & Pick<Schema, "type">, lazy: LazyParts = {}): Schema {
  const schema: Schema = { ...EMPTY, keepsUnknown: false, ...given };
  for (const part of ["fields", "items", "values"] as const) {
    const make = lazy[part];
    if (make !== undefined) defineLazily(schema, part, make);
  }
  return schema;
}

function defineLazily(schema: Schema, part: keyof LazyParts, make: () => unknown): void {
  Object.defineProperty(schema, part, {
    configurable: true,
    enumerable: true,
    get() {
      const value = make();
      Object.defineProperty(schema, part, { value, enumerable: true });
      return value;
    },
  });
}

/** The same schema under other rules, lazy parts kept lazy. */
export function withRules(schema: Schema, rules: Partial<Schema>): Schema {
  if (Object.keys(rules).length === 0) return schema;
  return makeSchema({ ...EMPTY, ...plainParts(schema), ...rules }, { fields: () => schema.fields, ...lazyItems(schema), ...lazyValues(schema) });
}

/** What `LazyParts` does not hold, named part by part: a spread would read the lazy parts, and so make them. */
function plainParts(schema: Schema): Pick<Schema, Exclude<keyof Schema, keyof LazyParts>> {
  const {
    type,
    format,
    typeName,
    required,
    keepsUnknown,
    listType,
    listKeys,
    mapType,
    patchStrategy,
    mergeKey,
    enum: values,
    isNullable,
    isEmbeddedObject,
    go,
    source,
  } = schema;
  return {
    type,
    format,
    typeName,
    required,
    keepsUnknown,
    listType,
    listKeys,
    mapType,
    patchStrategy,
    mergeKey,
    default: schema.default,
    enum: values,
    isNullable,
    isEmbeddedObject,
    go,
    source,
  };
}

function lazyItems(schema: Schema): LazyParts {
  return schema.type === "array" ? { items: () => schema.items ?? ANY_ATOMIC } : {};
}

function lazyValues(schema: Schema): LazyParts {
  const descriptor = Object.getOwnPropertyDescriptor(schema, "values");
  if (descriptor?.get === undefined) return schema.values === undefined ? {} : { values: () => schema.values ?? ANY };
  return { values: () => schema.values ?? ANY };
}
