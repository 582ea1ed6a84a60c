import { isObject, type Json } from "./json.ts";

const PLACEHOLDER = /\$\{([a-z-]+)(?::(\d+))?\}/g;

/** What each kind of placeholder may stand for. */
const PATTERNS: Readonly<Record<string, string>> = {
  uid: "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
  rv: "[1-9]\\d*",
  "list-rv": "\\d+",
  continue: "[^\\s&]+",
  name: "[a-z0-9]{5}",
  time: "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ",
  ip: "10\\.96\\.\\d{1,3}\\.\\d{1,3}",
  port: "3[0-2]\\d{3}",
  age: "(?:\\d+[dhms])+",
  now: "\\d+",
};

/** A new number of these may have the value of another. */
const REPEATABLE: ReadonlySet<string> = new Set(["list-rv", "continue"]);

/** How far from now a time that the server made may lie, in milliseconds; the recordings say only "a time of the run". */
const RUN_MS = 10 * 60_000;

/**
 * What the placeholders of one case stand for.
 *
 * A numbered one is bound when it is first matched and equal from then on; two numbers of a kind never share a value.
 * `match` binds all of a text's placeholders or none.
 */
export class Bindings {
  /** By the placeholder's name and number, `uid:1`. */
  readonly #values: Map<string, string>;
  readonly #now: () => number;

  private constructor(values: ReadonlyMap<string, string>, now: () => number) {
    this.#values = new Map(values);
    this.#now = now;
  }

  /** @param id eight lower-case letters, the case's own; @param now the server's clock, milliseconds since 1970 */
  static of(id: string, now: () => number): Bindings {
    return new Bindings(
      new Map([
        ["id", id],
        ["ns", `ns-${id}`],
      ]),
      now,
    );
  }

  /** A copy that can be thrown away when an attempt fails. */
  copy(): Bindings {
    return new Bindings(this.#values, this.#now);
  }

  /** Takes over what a copy has bound. */
  adopt(copy: Bindings): void {
    for (const [name, value] of copy.#values) this.#values.set(name, value);
  }

  /** Puts in bound values. @throws {Error} naming the placeholder that is not bound */
  fill(template: string): string {
    return template.replace(PLACEHOLDER, (placeholder, kind: string, number: string | undefined) => {
      const value = this.#values.get(nameOf(kind, number));
      if (value === undefined) throw new Error(`${placeholder} is not bound yet`);
      return value;
    });
  }

  /** Puts bound values into every text and key of a body. A port alone becomes a number. */
  fillJson(template: Json): Json {
    if (typeof template === "string") {
      const filled = this.fill(template);
      return /^\$\{port:\d+\}$/.test(template) ? Number(filled) : filled;
    }
    if (Array.isArray(template)) return template.map((element: Json) => this.fillJson(element));
    if (!isObject(template)) return template;
    return Object.fromEntries(Object.entries(template).flatMap(([key, value]) => (value === undefined ? [] : [[this.fill(key), this.fillJson(value)]])));
  }

  /** Tells whether `text` can be what `template` stands for, and binds what was not bound. */
  match(template: string, text: string): boolean {
    if (!template.includes("${")) return template === text;
    const { expression, fresh } = this.#expression(template);
    const groups = expression.exec(text)?.slice(1);
    if (groups === undefined) return false;
    const bound = new Map(this.#values);
    for (const [index, { name, kind }] of fresh.entries()) {
      const value = groups[index] ?? "";
      if (kind === "time" && Math.abs(Date.parse(value) - this.#now()) > RUN_MS) return false;
      if (name === undefined) continue;
      if (!REPEATABLE.has(kind) && isTaken(bound, kind, value)) return false;
      bound.set(name, value);
    }
    for (const [name, value] of bound) this.#values.set(name, value);
    return true;
  }

  #expression(template: string): { expression: RegExp; fresh: readonly { kind: string; name: string | undefined }[] } {
    const fresh: { kind: string; name: string | undefined }[] = [];
    let source = "";
    let end = 0;
    for (const found of template.matchAll(PLACEHOLDER)) {
      const [placeholder, kind = "", number] = found;
      const name = nameOf(kind, number);
      source += literal(template.slice(end, found.index));
      end = found.index + placeholder.length;
      const bound = this.#values.get(name);
      const earlier = number === undefined ? -1 : fresh.findIndex((other) => other.name === name);
      const pattern = PATTERNS[kind];
      if (bound !== undefined) source += literal(bound);
      else if (earlier >= 0) source += `(?:\\${earlier + 1})`;
      else if (pattern === undefined) source += literal(placeholder);
      else {
        source += `(${pattern})`;
        fresh.push({ kind, name: number === undefined ? undefined : name });
      }
    }
    return { expression: new RegExp(`^${source}${literal(template.slice(end))}$`), fresh };
  }
}

function nameOf(kind: string, number: string | undefined): string {
  return number === undefined ? kind : `${kind}:${number}`;
}

function isTaken(bound: ReadonlyMap<string, string>, kind: string, value: string): boolean {
  for (const [name, taken] of bound) if (taken === value && name.startsWith(`${kind}:`)) return true;
  return false;
}

function literal(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&");
}
