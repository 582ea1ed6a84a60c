import { builtinFacts, type Schema } from "@plumb/openapi";
import type { JsonObject, JsonValue } from "@plumb/std";

const TIME_FORMATS: Readonly<Record<string, string>> = { "date-time": "date-time", "micro-time": "date-time" };

/** Collects the named types that a document needs, each once. */
export class SchemaCollector {
  readonly #schemas = new Map<string, JsonObject>();
  readonly #prefix: string;

  /** @param prefix of references, such as `#/components/schemas/` */
  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  schemas(): JsonObject {
    return Object.fromEntries([...this.#schemas].sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  has(name: string): boolean {
    return this.#schemas.has(name);
  }

  set(name: string, schema: JsonObject): void {
    this.#schemas.set(name, schema);
  }

  /** Adds a built-in type with all that it refers to. */
  addType(name: string, extra: JsonObject = {}): void {
    const schema = builtinFacts().type(name);
    if (schema === undefined) {
      if (!this.has(name)) this.set(name, { type: "object", ...extra });
      return;
    }
    this.addSchema(name, schema, extra);
  }

  addSchema(name: string, schema: Schema, extra: JsonObject = {}): void {
    if (this.has(name)) {
      if (Object.keys(extra).length > 0) this.set(name, { ...this.#schemas.get(name), ...extra });
      return;
    }
    this.set(name, {});
    const properties = [...schema.fields].map(([field, type]) => [field, this.property(type)] as const);
    this.set(name, {
      type: "object",
      ...(properties.length === 0 ? {} : { properties: Object.fromEntries(properties) }),
      ...(schema.required.length === 0 ? {} : { required: schema.required }),
      ...(schema.mapType === "atomic" ? { "x-kubernetes-map-type": "atomic" } : {}),
      ...extra,
    });
  }

  /** A field, with the rules for merging it. */
  property(schema: Schema): JsonObject {
    const { default: fallback } = schema;
    const rules = mergeRules(schema);
    if (schema.type === "object" && schema.typeName !== "") {
      this.addType(schema.typeName);
      return { allOf: [{ $ref: `${this.#prefix}${schema.typeName}` }], ...(fallback === undefined ? {} : { default: fallback }), ...rules };
    }
    return { ...this.#plain(schema), ...(fallback === undefined ? {} : { default: fallback }), ...rules };
  }

  #plain(schema: Schema): JsonObject {
    switch (schema.type) {
      case "array":
        return { type: "array", items: schema.items === undefined ? {} : this.property(schema.items) };
      case "object":
        return {
          type: "object",
          ...(schema.values === undefined || schema.format === "fields-v1" ? {} : { additionalProperties: this.property(schema.values) }),
        };
      case "any":
        return schema.format === "int-or-string"
          ? { oneOf: [{ type: "integer" }, { type: "string" }], format: "int-or-string" }
          : schema.format === "raw-extension"
            ? { type: "object" }
            : {};
      case "string":
        return { type: "string", ...formatOf(schema.format) };
      default:
        return { type: schema.type, ...formatOf(schema.format) };
    }
  }
}

function formatOf(format: string): JsonObject {
  if (format === "" || format === "quantity" || format === "duration") return {};
  return { format: TIME_FORMATS[format] ?? format };
}

function mergeRules(schema: Schema): JsonObject {
  const rules: [string, JsonValue][] = [];
  if (schema.type === "array" && (schema.listType !== "atomic" || schema.patchStrategy.length === 0)) rules.push(["x-kubernetes-list-type", schema.listType]);
  if (schema.listKeys.length > 0) rules.push(["x-kubernetes-list-map-keys", schema.listKeys]);
  if (schema.mergeKey !== undefined) rules.push(["x-kubernetes-patch-merge-key", schema.mergeKey]);
  if (schema.patchStrategy.length > 0) rules.push(["x-kubernetes-patch-strategy", schema.patchStrategy.join(",")]);
  if (schema.type === "object" && schema.mapType === "atomic" && schema.typeName === "") rules.push(["x-kubernetes-map-type", "atomic"]);
  return Object.fromEntries(rules);
}
