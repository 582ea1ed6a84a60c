import { ToolkitError, isObject, type JsonObject, type JsonValue } from "@plumb/std";
import { shortestFloat32 } from "@plumb/yaml";

/**
 * How strictly a struct is read, after the ways Go reads one. A kustomization refuses unknown fields and a number where text
 * belongs; a file of `configurations` refuses unknown fields, the configuration of a plug-in neither. What they take of numbers
 * holds for their own fields, not for those of structs embedded in them.
 */
const REFUSALS = {
  strict: { unknown: true, numbers: true },
  configuration: { unknown: true, numbers: false },
  lenient: { unknown: false, numbers: false },
  embedded: { unknown: false, numbers: true },
} as const;

export type Strictness = keyof typeof REFUSALS;

/** Keys, as they are written, and indices that lead to a value. */
type Way = readonly (string | number)[];

/** A value that does not fit where it stands, or that nothing is known of. */
export class FieldProblem extends ToolkitError {
  readonly way: Way;

  constructor(message: string, way: Way) {
    super("invalid", message);
    this.way = way;
  }
}

/**
 * Reads an object as Go's `encoding/json` reads a struct: field names match without regard to case, null is the same as absent,
 * a value of another type is an error that names the field.
 */
export class Fields {
  readonly #object: JsonObject;
  readonly #strictness: Strictness;
  readonly #struct: string;
  /** Where the struct stands, for messages; empty at the top. */
  readonly #place: string;
  readonly #way: Way;
  /** Given names by their lower-case form; of several that differ in case alone the last in the order of bytes counts, as in Go. */
  readonly #given = new Map<string, string>();
  readonly #asked: Set<string>;

  /** @param struct as Go calls it in messages about a value that stands at the top */
  constructor(value: JsonValue, strictness: Strictness, struct = "", place = "", way: Way = [], asked: Set<string> = new Set()) {
    if (value !== null && !isObject(value)) {
      const wanted = place === "" && struct !== "" ? `types.${struct}` : `object${place === "" ? "" : ` (field ${place})`}`;
      throw new FieldProblem(`json: cannot unmarshal ${typeName(value)} into Go value of type ${wanted}`, way);
    }
    this.#object = value ?? {};
    this.#strictness = strictness;
    this.#struct = struct;
    this.#place = place;
    this.#way = way;
    this.#asked = asked;
    for (const name of Object.keys(this.#object).sort()) this.#given.set(name.toLowerCase(), name);
  }

  /** Fields that Go finds in a struct embedded in this one. */
  embedded(): Fields {
    const { unknown, numbers } = REFUSALS[this.#strictness];
    return numbers ? this : new Fields(this.#object, unknown ? "strict" : "embedded", this.#struct, this.#place, this.#way, this.#asked);
  }

  /** The value of a field in whatever case it was written; null and absent are undefined. */
  any(name: string): JsonValue | undefined {
    this.#asked.add(name.toLowerCase());
    const given = this.#givenName(name);
    return given === undefined ? undefined : (this.#object[given] ?? undefined);
  }

  #givenName(name: string): string | undefined {
    return this.#given.get(name.toLowerCase());
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
    return value === undefined ? undefined : this.#text([name], value);
  }

  flag(name: string): boolean {
    const value = this.any(name);
    if (value === undefined) return false;
    if (typeof value !== "boolean") throw this.#mismatch([name], value, "bool");
    return value;
  }

  /** 0 when absent. */
  integer(name: string): number | bigint {
    const value = this.any(name);
    if (value === undefined) return 0;
    if (typeof value === "bigint" || (typeof value === "number" && Number.isInteger(value))) return value;
    throw this.#mismatch([name], value, "int64");
  }

  /** An integer that is used as an index. */
  index(name: string): number {
    return Number(this.integer(name));
  }

  texts(name: string): readonly string[] {
    return this.#items(name, "[]string").map((item, i) => (item === null ? "" : this.#text([name, i], item)));
  }

  /** undefined when absent. */
  optionalTexts(name: string): readonly string[] | undefined {
    return this.has(name) ? this.texts(name) : undefined;
  }

  textMap(name: string): ReadonlyMap<string, string> | undefined {
    const value = this.any(name);
    if (value === undefined) return undefined;
    if (!isObject(value)) throw this.#mismatch([name], value, "map[string]string");
    return new Map(Object.entries(value).map(([key, item]) => [key, item === null || item === undefined ? "" : this.#text([name, key], item)]));
  }

  list<T>(name: string, read: (fields: Fields) => T): readonly T[] {
    return this.#items(name, "slice").map((item, i) => this.#nested(item, [name, i], read));
  }

  object<T>(name: string, read: (fields: Fields) => T): T | undefined {
    const value = this.any(name);
    return value === undefined ? undefined : this.#nested(value, [name], read);
  }

  #nested<T>(value: JsonValue, steps: Steps, read: (fields: Fields) => T): T {
    const fields = new Fields(value, this.#strictness, this.#struct, this.#placeOf(steps), this.#wayOf(steps));
    const result = read(fields);
    fields.end();
    return result;
  }

  /** To be called when every field was asked for. @throws {ToolkitError} `invalid`, naming a field that nobody asked for */
  end(): void {
    if (!REFUSALS[this.#strictness].unknown) return;
    for (const name of Object.keys(this.#object)) {
      if (!this.#asked.has(name.toLowerCase()))
        throw new FieldProblem(`json: unknown field "${name}"${this.#place === "" ? "" : ` in ${this.#place}`}`, [...this.#way, name]);
    }
  }

  #items(name: string, type: string): readonly JsonValue[] {
    const value = this.any(name);
    if (value === undefined) return [];
    if (!Array.isArray(value)) throw this.#mismatch([name], value, type);
    return value;
  }

  #text(steps: Steps, value: JsonValue): string {
    if (typeof value === "string") return value;
    if (!REFUSALS[this.#strictness].numbers) {
      if (typeof value === "number") return Number.isInteger(value) ? String(value) : shortestFloat32(value);
      if (typeof value === "bigint" || typeof value === "boolean") return String(value);
    }
    throw this.#mismatch(steps, value, "string");
  }

  #placeOf([name, inside]: Steps): string {
    const own = this.#place === "" ? name : `${this.#place}.${name}`;
    return inside === undefined ? own : typeof inside === "number" ? `${own}[${inside}]` : `${own}.${inside}`;
  }

  #wayOf([name, inside]: Steps): Way {
    const own = [...this.#way, this.#givenName(name) ?? name];
    return inside === undefined ? own : [...own, inside];
  }

  #mismatch(steps: Steps, value: JsonValue, type: string): FieldProblem {
    const place = this.#placeOf(steps);
    const shown = this.#place === "" && this.#struct !== "" ? `${this.#struct}.${place}` : place;
    return new FieldProblem(`json: cannot unmarshal ${typeName(value)} into Go struct field ${shown} of type ${type}`, this.#wayOf(steps));
  }
}

/** From a struct to a value in one of its fields. */
type Steps = readonly [name: string, inside?: string | number];

function typeName(value: JsonValue): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "bigint") return "number";
  return typeof value;
}
