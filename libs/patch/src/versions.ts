import type { JsonObject } from "@plumb/std";
import type { UpdateRequest, VersionView } from "./merge-request.ts";
import type { PatchSchema } from "./patch-schema.ts";

/** The versions of a kind, as one request sees them. A conversion is made once for each object and version. */
export class Versions {
  readonly #own: string;
  readonly #schema: PatchSchema;
  readonly #others: (apiVersion: string) => VersionView | undefined;
  readonly #converted = new WeakMap<JsonObject, Map<string, JsonObject | undefined>>();

  constructor({ apiVersion, schema, versions }: Pick<UpdateRequest, "apiVersion" | "schema" | "versions">) {
    this.#own = apiVersion;
    this.#schema = schema;
    this.#others = versions ?? (() => undefined);
  }

  get own(): string {
    return this.#own;
  }

  /** undefined for a version that is not served. */
  schema(apiVersion: string): PatchSchema | undefined {
    return apiVersion === this.#own ? this.#schema : this.#others(apiVersion)?.schema;
  }

  /** The object in `apiVersion`; undefined for a version that is not served. */
  convert(object: JsonObject, apiVersion: string): JsonObject | undefined {
    if ((object["apiVersion"] ?? this.#own) === apiVersion) return object;
    const known = this.#converted.get(object) ?? new Map<string, JsonObject | undefined>();
    this.#converted.set(object, known);
    if (!known.has(apiVersion)) known.set(apiVersion, this.#others(apiVersion)?.convert(object));
    return known.get(apiVersion);
  }
}
