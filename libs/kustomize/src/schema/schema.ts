import { isObject, type JsonObject, type JsonValue } from "@plumb/std";
import { invalid } from "../build-error.ts";
import { CLUSTER_KINDS, NAMESPACED_KINDS } from "./facts.ts";
import { builtInShapes, type Shape } from "./shape.ts";

/** `true` for a kind in namespaces, `false` for one outside, by `apiVersion kind`. */
const BUILT_IN_SCOPES: ReadonlyMap<string, boolean> = new Map([
  ...NAMESPACED_KINDS.map((kind) => [kind, true] as const),
  ...CLUSTER_KINDS.map((kind) => [kind, false] as const),
]);

/** The version of Kubernetes whose schema is built in. */
const BUILT_IN_VERSION = "v1.21.2";

/**
 * What one build knows about kinds. It starts with the built-in schema; the first kustomization with an `openapi` field may put
 * its own in place, once. The built-in one then still counts if it was asked before.
 */
export class Schema {
  #isSet = false;
  #hasBuiltIn = true;
  /** True as soon as a question was answered from the built-in schema or would have been. */
  #wasAsked = false;
  #definitions: JsonObject = {};
  readonly #kinds = new Map<string, Shape>();
  readonly #scopes = new Map<string, boolean>();

  /**
   * Obeys an `openapi` field. @param text content of the file that `path` names
   * @throws {ToolkitError} `invalid` for both a path and a version, or an unknown version
   */
  set(field: { readonly [key: string]: string }, document: JsonValue | undefined, isRoot: boolean): void {
    if (this.#isSet && !isRoot) return;
    const { version } = field;
    if (document !== undefined) {
      if (version !== undefined) throw invalid("builtin version and custom schema provided, cannot use both");
      this.#isSet = true;
      this.#hasBuiltIn = this.#wasAsked;
      this.#add(document);
      return;
    }
    if (version === undefined || version === "") return;
    if (version !== BUILT_IN_VERSION) throw invalid(`the specified OpenAPI version is not built in: openapi.version ${version}`);
    this.#isSet = true;
  }

  /** True only for a kind that is known to live outside namespaces. */
  isClusterScoped(apiVersion: string, kind: string): boolean {
    const type = `${apiVersion} ${kind}`;
    const builtIn = BUILT_IN_SCOPES.get(type);
    if (builtIn !== undefined) return !builtIn;
    this.#wasAsked = true;
    return this.#scopes.get(type) === false;
  }

  /** The schema of a kind, undefined for one that is not known. */
  shapeOf(apiVersion: string, kind: string): Shape | undefined {
    const type = `${apiVersion} ${kind}`;
    const own = this.#kinds.get(type);
    if (!this.#hasBuiltIn) return own;
    this.#wasAsked = true;
    return builtInShapes().get(type) ?? own;
  }

  #add(document: JsonValue): void {
    if (!isObject(document)) throw invalid("invalid schema file: not an object");
    this.#definitions = isObject(document["definitions"]) ? document["definitions"] : {};
    for (const definition of Object.values(this.#definitions)) {
      if (!isObject(definition)) continue;
      const types = definition["x-kubernetes-group-version-kind"];
      if (!Array.isArray(types)) continue;
      for (const type of types) {
        const name = typeName(type);
        if (name !== undefined) this.#kinds.set(name, customShape(definition, this.#definitions));
      }
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
}

function typeName(type: JsonValue | undefined): string | undefined {
  if (!isObject(type)) return undefined;
  const { group, version, kind } = type as { readonly group?: JsonValue; readonly version?: JsonValue; readonly kind?: JsonValue }; // why: only names three fields of any JSON
  if (typeof version !== "string" || typeof kind !== "string") return undefined;
  return `${typeof group === "string" && group !== "" ? `${group}/` : ""}${version} ${kind}`;
}

/** A schema from a file, read where it is asked. */
function customShape(schema: JsonObject, definitions: JsonObject): Shape {
  const strategy = schema["x-kubernetes-patch-strategy"];
  const mergeKey = schema["x-kubernetes-patch-merge-key"];
  const mapKeys = schema["x-kubernetes-list-map-keys"];
  return {
    strategy: typeof strategy === "string" ? strategy : undefined,
    mergeKey: typeof mergeKey === "string" ? mergeKey : undefined,
    mapKeys: Array.isArray(mapKeys) ? mapKeys.filter((key) => typeof key === "string") : undefined,
    field(name) {
      const properties = schema["properties"];
      const own = isObject(properties) && Object.hasOwn(properties, name) ? properties[name] : schema["additionalProperties"];
      return resolved(own, definitions);
    },
    items() {
      return schema["type"] === "array" || (Array.isArray(schema["type"]) && schema["type"].length === 1 && schema["type"][0] === "array") ? resolved(schema["items"], definitions) : undefined;
    },
  };
}

/** Follows references; undefined for one that leads nowhere or round in a circle. */
function resolved(schema: JsonValue | undefined, definitions: JsonObject): Shape | undefined {
  let current = schema;
  for (let hops = 0; hops < 100; hops++) {
    if (!isObject(current)) return undefined;
    const reference = current["$ref"];
    if (typeof reference !== "string" || reference === "") return customShape(current, definitions);
    const name = reference.replace(/^#\/definitions\//, "").replaceAll("~1", "/").replaceAll("~0", "~");
    current = Object.hasOwn(definitions, name) ? definitions[name] : undefined;
  }
  return undefined;
}
