import { isObject, parseJson, type JsonObject, type JsonValue } from "@plumb/std";
import { invalid } from "../build-error.ts";
import { splitApiVersion, type Gvk } from "../resource/resource-id.ts";
import { CLUSTER_KINDS, NAMESPACED_KINDS } from "./facts.ts";
import { builtInShapes, type Shape } from "./shape.ts";

/** `true` for a kind in namespaces, `false` for one outside, by `apiVersion kind`. */
const BUILT_IN_SCOPES: ReadonlyMap<string, boolean> = new Map([
  ...NAMESPACED_KINDS.map((kind) => [kind, true] as const),
  ...CLUSTER_KINDS.map((kind) => [kind, false] as const),
]);

/** The version of Kubernetes whose schema is built in. */
const BUILT_IN_VERSION = "v1.21.2";

/** Whether the built-in schema counts beside one from a file, and which of the two wins where both know something. */
type BuiltIn = "unused" | "weaker" | "stronger";

/**
 * What one build knows about kinds. It starts with the built-in schema. The first kustomization with an `openapi` field puts its
 * own in place, once; the built-in one then still counts if it was needed before, as in kustomize: it is weaker when it was
 * needed for a merge, stronger when it was only asked for a scope that it did not know.
 */
export class Schema {
  #isSet = false;
  #builtIn: BuiltIn = "stronger";
  #hadMerge = false;
  #hadUnknownScope = false;
  #definitions: JsonObject = {};
  readonly #kinds = new Map<string, JsonObject>();
  readonly #scopes = new Map<string, boolean>();
  /** By apiVersion, then kind: every object asks for its kind many times. */
  readonly #gvks = new Map<string, Map<string, Gvk>>();

  /**
   * Obeys an `openapi` field, of which `document` is the content of the file that its `path` names.
   *
   * @throws {ToolkitError} `invalid` for both a path and a version, or an unknown version
   */
  set({ version, document }: { readonly version: string | undefined; readonly document: JsonValue | undefined }, isRoot: boolean): void {
    if (this.#isSet && !isRoot) return;
    this.#gvks.clear();
    if (document !== undefined) {
      if (version !== undefined) throw invalid("builtin version and custom schema provided, cannot use both");
      this.#isSet = true;
      this.#builtIn = this.#hadMerge ? "weaker" : this.#hadUnknownScope ? "stronger" : "unused";
      this.#add(document);
      return;
    }
    if (version === undefined || version === "") return;
    if (version !== BUILT_IN_VERSION) throw invalid(`the specified OpenAPI version is not built in: openapi.version ${version}`);
    this.#isSet = true;
  }

  /** A kind, with what is known about its scope. */
  gvkOf(apiVersion: string, kind: string): Gvk {
    let kinds = this.#gvks.get(apiVersion);
    if (kinds === undefined) this.#gvks.set(apiVersion, (kinds = new Map()));
    const known = kinds.get(kind);
    if (known !== undefined) return known;
    const { group, version } = splitApiVersion(apiVersion);
    const gvk: Gvk = { group, version, kind, isClusterScoped: this.#isClusterScoped(apiVersion, kind) };
    kinds.set(kind, gvk);
    return gvk;
  }

  /** True only for a kind that is known to live outside namespaces. */
  #isClusterScoped(apiVersion: string, kind: string): boolean {
    const type = `${apiVersion} ${kind}`;
    const builtIn = BUILT_IN_SCOPES.get(type);
    if (builtIn !== undefined) return !builtIn;
    this.#hadUnknownScope = true;
    return this.#scopes.get(type) === false;
  }

  /** The schema of a kind, undefined for one that is not known. */
  shapeOf(apiVersion: string, kind: string): Shape | undefined {
    const type = `${apiVersion} ${kind}`;
    this.#hadMerge = true;
    const custom = this.#kinds.get(type);
    const own = custom === undefined ? undefined : this.#shape(custom);
    if (this.#builtIn === "unused") return own;
    const builtIn = builtInShapes().kinds.get(type);
    return this.#builtIn === "weaker" ? (own ?? builtIn) : (builtIn ?? own);
  }

  /** The schema that a comment beside a value holds, as kustomize reads one; undefined for a comment that holds none. */
  shapeInComment(comment: string | undefined): Shape | undefined {
    if (comment === undefined) return undefined;
    let schema: JsonValue;
    try {
      schema = parseJson(comment);
    } catch {
      return undefined;
    }
    return isObject(schema) && Object.keys(schema).length > 0 ? this.#resolve(schema) : undefined;
  }

  #add(document: JsonValue): void {
    if (!isObject(document)) throw invalid("invalid schema file: not an object");
    this.#definitions = isObject(document["definitions"]) ? document["definitions"] : {};
    for (const definition of Object.values(this.#definitions)) {
      const types = isObject(definition) ? definition["x-kubernetes-group-version-kind"] : undefined;
      if (!isObject(definition) || !Array.isArray(types)) continue;
      for (const name of types.map(typeName)) if (name !== undefined) this.#kinds.set(name, definition);
    }
    const paths = isObject(document["paths"]) ? document["paths"] : {};
    for (const [path, item] of Object.entries(paths)) {
      const get = isObject(item) ? item["get"] : undefined;
      const name = isObject(get) ? typeName(get["x-kubernetes-group-version-kind"]) : undefined;
      if (name === undefined) continue;
      if (path.includes("namespaces/{namespace}")) this.#scopes.set(name, true);
      else if (!this.#scopes.has(name)) this.#scopes.set(name, false);
    }
  }

  /** A schema from a file, read where it is asked. */
  #shape(schema: JsonObject): Shape {
    const text = (name: string): string | undefined => (typeof schema[name] === "string" ? schema[name] : undefined);
    const mapKeys = schema["x-kubernetes-list-map-keys"];
    return {
      strategy: text("x-kubernetes-patch-strategy"),
      mergeKey: text("x-kubernetes-patch-merge-key"),
      mapKeys: Array.isArray(mapKeys) ? mapKeys.filter((key) => typeof key === "string") : undefined,
      field: (name) => {
        const properties = schema["properties"];
        return this.#resolve(isObject(properties) && Object.hasOwn(properties, name) ? properties[name] : schema["additionalProperties"]);
      },
      items: () => (isArrayType(schema["type"]) ? this.#resolve(schema["items"]) : undefined),
    };
  }

  /** Follows references; undefined for one that leads nowhere or round in a circle. */
  #resolve(schema: JsonValue | undefined): Shape | undefined {
    let current = schema;
    for (let hops = 0; hops < MAX_HOPS; hops++) {
      if (!isObject(current)) return undefined;
      const reference = current["$ref"];
      if (typeof reference !== "string" || reference === "") return this.#shape(current);
      const name = reference
        .replace(/^#\/definitions\//, "")
        .replaceAll("~1", "/")
        .replaceAll("~0", "~");
      const custom = Object.hasOwn(this.#definitions, name) ? this.#definitions[name] : undefined;
      const builtIn = this.#builtIn === "unused" || (this.#builtIn === "weaker" && custom !== undefined) ? undefined : builtInShapes().definitions.get(name);
      if (builtIn !== undefined) return builtIn;
      current = custom;
    }
    return undefined;
  }
}

/** References behind one another that are followed. */
const MAX_HOPS = 100;

function isArrayType(type: JsonValue | undefined): boolean {
  return type === "array" || (Array.isArray(type) && type.length === 1 && type[0] === "array");
}

function typeName(type: JsonValue | undefined): string | undefined {
  if (!isObject(type)) return undefined;
  const { group, version, kind } = type as { readonly group?: JsonValue; readonly version?: JsonValue; readonly kind?: JsonValue }; // why: only names three fields of any JSON
  if (typeof version !== "string" || typeof kind !== "string") return undefined;
  return `${typeof group === "string" && group !== "" ? `${group}/` : ""}${version} ${kind}`;
}
