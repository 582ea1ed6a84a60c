import { isObject, type Json, type JsonObject } from "./json.ts";
import { Bindings } from "./placeholders.ts";

const UID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const ADDRESS = /\b10\.96\.\d{1,3}\.\d{1,3}\b/g;
const AGE = /^(?:\d+[dhms])+$/;
// Private characters, which no answer holds.
const MARK = /\uE001([a-z-]+)\uE002([^\uE003]*)\uE003/g;
/** How far from now a time that the server made may lie, in milliseconds. */
const RUN_MS = 10 * 60_000;

/** These get a new number each time, whatever their value. */
const ALWAYS_NEW: ReadonlySet<string> = new Set(["list-rv", "continue"]);

/**
 * Puts placeholders where an answer holds what is another in every run, numbered in the order in which they are met.
 * A value is first marked, where it stands tells what it is, and numbered when it is put down.
 */
export class Numbering {
  readonly bindings: Bindings;
  readonly #id: string;
  readonly #now: () => number;
  /** Placeholder by kind and value. */
  readonly #known = new Map<string, string>();
  readonly #counts = new Map<string, number>();

  constructor(id: string, now: () => number) {
    this.bindings = Bindings.of(id, now);
    this.#id = id;
    this.#now = now;
  }

  text(text: string): string {
    return this.#put(this.#marked(text));
  }

  /** Marks a body; `put` numbers it or a part of it. */
  mark(body: Json, isBookmark: boolean): Json {
    if (!isObject(body)) return this.#markValue(body, "", false);
    const kind = String(body["kind"]);
    const isList = isBookmark || kind === "Table" || (kind.endsWith("List") && Array.isArray(body["items"]));
    return this.#markObject(body, isList, kind === "Table");
  }

  put(marked: Json): Json {
    if (typeof marked === "string") return this.#put(marked);
    if (Array.isArray(marked)) return marked.map((item: Json) => this.put(item));
    if (!isObject(marked)) return marked;
    return Object.fromEntries(
      Object.keys(marked)
        .sort()
        .map((key) => [this.#put(key), this.put(marked[key] ?? null)]),
    );
  }

  #markObject(object: JsonObject, isList: boolean, isTable: boolean): JsonObject {
    const suffix = generatedSuffix(object);
    return Object.fromEntries(
      Object.entries(object).map(([key, value]): [string, Json] => {
        if (key === "name" && suffix !== undefined) return [key, `${this.#marked(String(value).slice(0, -suffix.length))}${mark("name", suffix)}`];
        if (key === "cells" && isTable && Array.isArray(value))
          return [key, value.map((cell: Json) => (typeof cell === "string" && AGE.test(cell) ? mark("age", "") : this.#markValue(cell, key, false)))];
        if (key === "metadata" && isObject(value)) return [key, this.#markMetadata(value, isList)];
        return [this.#marked(key), this.#markValue(value ?? null, key, isTable)];
      }),
    );
  }

  #markMetadata(metadata: JsonObject, isList: boolean): JsonObject {
    const marked = this.#markObject(metadata, false, false);
    const { resourceVersion, continue: token } = metadata;
    return {
      ...marked,
      ...(typeof resourceVersion === "string" && resourceVersion !== "" ? { resourceVersion: mark(isList ? "list-rv" : "rv", resourceVersion) } : {}),
      ...(typeof token === "string" && token !== "" ? { continue: mark("continue", token) } : {}),
    };
  }

  #markValue(value: Json, key: string, isTable: boolean): Json {
    if (typeof value === "string") return this.#marked(value);
    if (typeof value === "number" && (key === "nodePort" || key === "healthCheckNodePort") && value >= 30_000 && value < 33_000)
      return mark("port", String(value));
    if (Array.isArray(value)) return value.map((item: Json) => this.#markValue(item, key, isTable));
    return isObject(value) ? this.#markObject(value, false, isTable) : value;
  }

  #marked(text: string): string {
    if (TIME.test(text) && Math.abs(Date.parse(text) - this.#now()) < RUN_MS) return mark("time", "");
    return text
      .replaceAll(UID, (uid) => mark("uid", uid))
      .replaceAll(ADDRESS, (address) => mark("ip", address))
      .replaceAll(`ns-${this.#id}`, "${ns}")
      .replaceAll(this.#id, "${id}");
  }

  #put(marked: string): string {
    return marked.replace(MARK, (_, kind: string, value: string) => this.#placeholder(kind, value));
  }

  #placeholder(kind: string, value: string): string {
    if (value === "") return `\${${kind}}`;
    const known = ALWAYS_NEW.has(kind) ? undefined : this.#known.get(`${kind} ${value}`);
    if (known !== undefined) return known;
    const number = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, number);
    const placeholder = `\${${kind}:${number}}`;
    this.#known.set(`${kind} ${value}`, placeholder);
    this.bindings.match(placeholder, value);
    return placeholder;
  }
}

const mark = (kind: string, value: string): string => `\uE001${kind}\uE002${value}\uE003`;

/** What the server has added to `generateName`. */
function generatedSuffix({ name, generateName }: JsonObject): string | undefined {
  if (typeof name !== "string" || typeof generateName !== "string" || generateName === "") return undefined;
  const isGenerated = name.startsWith(generateName) && name.length === generateName.length + 5;
  return isGenerated ? name.slice(-5) : undefined;
}
