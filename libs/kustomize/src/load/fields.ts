import { isObject, type JsonObject, type JsonValue } from "@plumb/std";
import { shortestFloat32 } from "@plumb/yaml";
import { invalid } from "../build-error.ts";

/**
 * How strictly a struct is read, after the two ways Go reads one: a kustomization refuses unknown fields and a number where text
 * belongs; the configuration of a plug-in takes both.
 */
export type Strictness = "strict" | "lenient";

/**
 * Reads an object as Go's `encoding/json` reads a struct: field names match without regard to case, null is the same as absent,
 * a value of another type is an error that names the field.
 */
export class Fields {
  readonly #object: JsonObject;
  readonly #strictness: Strictness;
  /** Where the struct stands, for messages; empty at the top. */
  readonly #place: string;
  /** Given names by their lower-case form. */
  readonly #given = new Map<string, string>();
  readonly #asked = new Set<string>();

  constructor(value: JsonValue, strictness: Strictness, place = "") {
    if (value !== null && !isObject(value))
      throw invalid(`json: cannot unmarshal ${typeName(value)} into Go value of type object${place === "" ? "" : ` (field ${place})`}`);
    this.#object = value ?? {};
    this.#strictness = strictness;
    this.#place = place;
    for (const name of Object.keys(this.#object)) this.#given.set(name.toLowerCase(), name);
  }

  /** The value of a field in whatever case it was written; null and absent are undefined. */
  any(name: string): JsonValue | undefined {
    this.#asked.add(name.toLowerCase());
    const given = Object.hasOwn(this.#object, name) ? name : this.#given.get(name.toLowerCase());
    return given === undefined ? undefined : (this.#object[given] ?? undefined);
  }

  has(name: string): boolean {
    return this.any(name) !== undefined;
  }

  /** Empty when absent. */
  text(name: string): string {
    return this.optionalText(name) ?? "";
  }

  optionalText(name: string): string | undefined {
    const value = this.any(name);
    return value === undefined ? undefined : this.#text(name, value);
  }

  flag(name: string): boolean {
    const value = this.any(name);
    if (value === undefined) return false;
    if (typeof value !== "boolean") throw this.#mismatch(name, value, "bool");
    return value;
  }

  /** 0 when absent. */
  integer(name: string): number | bigint {
    const value = this.any(name);
    if (value === undefined) return 0;
    if (typeof value === "bigint" || (typeof value === "number" && Number.isInteger(value))) return value;
    throw this.#mismatch(name, value, "int64");
  }

  /** An integer that is used as an index. */
  index(name: string): number {
    return Number(this.integer(name));
  }

  texts(name: string): readonly string[] {
    return this.#items(name).map((item) => (item === null ? "" : this.#text(name, item)));
  }

  /** undefined when absent. */
  optionalTexts(name: string): readonly string[] | undefined {
    return this.has(name) ? this.texts(name) : undefined;
  }

  textMap(name: string): ReadonlyMap<string, string> | undefined {
    const value = this.any(name);
    if (value === undefined) return undefined;
    if (!isObject(value)) throw this.#mismatch(name, value, "map[string]string");
    return new Map(Object.entries(value).map(([key, item]) => [key, item === null || item === undefined ? "" : this.#text(`${name}.${key}`, item)]));
  }

  list<T>(name: string, read: (fields: Fields) => T): readonly T[] {
    return this.#items(name).map((item, i) => this.#nested(item, `${name}[${i}]`, read));
  }

  object<T>(name: string, read: (fields: Fields) => T): T | undefined {
    const value = this.any(name);
    return value === undefined ? undefined : this.#nested(value, name, read);
  }

  #nested<T>(value: JsonValue, name: string, read: (fields: Fields) => T): T {
    const fields = new Fields(value, this.#strictness, this.#placeOf(name));
    const result = read(fields);
    fields.end();
    return result;
  }

  /** To be called when every field was asked for. @throws {ToolkitError} `invalid`, naming a field that nobody asked for */
  end(): void {
    if (this.#strictness === "lenient") return;
    for (const name of Object.keys(this.#object)) {
      if (!this.#asked.has(name.toLowerCase())) throw invalid(`json: unknown field "${name}"${this.#place === "" ? "" : ` in ${this.#place}`}`);
    }
  }

  #items(name: string): readonly JsonValue[] {
    const value = this.any(name);
    if (value === undefined) return [];
    if (!Array.isArray(value)) throw this.#mismatch(name, value, "slice");
    return value;
  }

  #text(name: string, value: JsonValue): string {
    if (typeof value === "string") return value;
    if (this.#strictness === "lenient") {
      if (typeof value === "number") return Number.isInteger(value) ? String(value) : shortestFloat32(value);
      if (typeof value === "bigint" || typeof value === "boolean") return String(value);
    }
    throw this.#mismatch(name, value, "string");
  }

  #placeOf(name: string): string {
    return this.#place === "" ? name : `${this.#place}.${name}`;
  }

  #mismatch(name: string, value: JsonValue, type: string): Error {
    return invalid(`json: cannot unmarshal ${typeName(value)} into Go struct field ${this.#placeOf(name)} of type ${type}`);
  }
}

function typeName(value: JsonValue): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "bigint") return "number";
  return typeof value;
}
