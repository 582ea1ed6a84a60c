import { invalid } from "../build-error.ts";

type Operator = "in" | "notin" | "exists" | "!" | ">" | "<";

interface Requirement {
  readonly key: string;
  readonly operator: Operator;
  readonly values: readonly string[];
}

/** Longer than anything that somebody writes. */
const LONGEST = 100_000;

const TOKEN = /[ \t\r\n]*(?:(==|=|!=|!|\(|\)|,|>|<)|([^=!(),<> \t\r\n]+))/y;

/**
 * A selector of labels as Kubernetes writes them: `a=b, c!=d, e in (f,g), h notin (i), j, !k, l>5`. An empty one matches everything.
 *
 * @throws {ToolkitError} `invalid` when it cannot be read
 */
export function labelSelector(text: string): (labels: ReadonlyMap<string, string>) => boolean {
  if (text.length > LONGEST) throw invalid(`unable to parse requirement: a selector of more than ${LONGEST} characters (in selector "${text.slice(0, 100)}…")`);
  const requirements = new RequirementReader(text).read();
  return (labels) => requirements.every((requirement) => matches(requirement, labels));
}

function tokens(text: string): readonly string[] {
  const result: string[] = [];
  TOKEN.lastIndex = 0;
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) result.push(match[1] ?? match[2] ?? "");
  return result;
}

const SYMBOL = /^(?:==|=|!=|!|\(|\)|,|>|<)$/;

/** Reads requirements from the words of a selector, one after the other. */
class RequirementReader {
  readonly #words: readonly string[];
  readonly #text: string;
  /** The next word. */
  #at = 0;

  constructor(text: string) {
    this.#words = tokens(text);
    this.#text = text;
  }

  /** All that are left. */
  read(): readonly Requirement[] {
    const requirements: Requirement[] = [];
    while (this.#at < this.#words.length) {
      requirements.push(this.#requirement());
      if (this.#at >= this.#words.length) break;
      if (this.#words[this.#at++] !== ",") this.#fail("',' or 'end of string'");
      if (this.#at >= this.#words.length) this.#fail("identifier after ','");
    }
    return requirements;
  }

  #requirement(): Requirement {
    const isNegated = this.#words[this.#at] === "!";
    if (isNegated) this.#at++;
    const key = this.#words[this.#at++] ?? "";
    if (key === "" || SYMBOL.test(key)) this.#fail("identifier");
    checkKey(key);
    const operator = this.#words[this.#at];
    if (isNegated || operator === undefined || operator === ",") return { key, operator: isNegated ? "!" : "exists", values: [] };
    this.#at++;
    const values = operator === "in" || operator === "notin" ? this.#list() : this.#exact();
    return requirementOf(key, operator, values) ?? this.#fail("'=', '!=', '==', 'in', notin'");
  }

  #exact(): readonly string[] {
    const value = this.#words[this.#at];
    if (value === undefined || value === ",") return [""];
    this.#at++;
    return SYMBOL.test(value) ? this.#fail("identifier") : [value];
  }

  #list(): readonly string[] {
    if (this.#words[this.#at++] !== "(") this.#fail("'('");
    const values: string[] = [];
    for (let isOpen = true; isOpen;) {
      const word = this.#words[this.#at++];
      if (word === undefined) return this.#fail("',', ')' or identifier");
      if (word === ")" || word === ",") {
        const before = this.#words[this.#at - 2];
        if (before === "(" || before === ",") values.push("");
        isOpen = word === ",";
      } else if (SYMBOL.test(word)) this.#fail("',', or identifier");
      else values.push(word);
    }
    return values;
  }

  /** Refuses the word that was read last. */
  #fail(expected: string): never {
    throw invalid(`unable to parse requirement: found '${this.#words[this.#at - 1] ?? ""}', expected: ${expected} (in selector "${this.#text}")`);
  }
}

/** undefined for an operator that is none. */
function requirementOf(key: string, operator: string, values: readonly string[]): Requirement | undefined {
  for (const value of values) checkValue(key, value);
  switch (operator) {
    case "in":
    case "=":
    case "==":
      return { key, operator: "in", values };
    case "notin":
    case "!=":
      return { key, operator: "notin", values };
    case ">":
    case "<":
      if (!/^[+-]?[0-9]+$/.test(values[0] ?? "")) throw invalid("for 'Gt', 'Lt' operators, the value must be an integer");
      return { key, operator, values };
    default:
      return undefined;
  }
}

const NAME = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)$/;
const PREFIX = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;

function checkKey(key: string): void {
  const slash = key.indexOf("/");
  const name = key.slice(slash + 1);
  const prefix = slash === -1 ? undefined : key.slice(0, slash);
  const isGood = NAME.test(name) && name.length <= 63 && (prefix === undefined || (PREFIX.test(prefix) && prefix.length <= 253));
  if (!isGood) throw invalid(`unable to parse requirement: invalid label key "${key}"`);
}

function checkValue(key: string, value: string): void {
  if (value !== "" && (!NAME.test(value) || value.length > 63)) throw invalid(`unable to parse requirement: invalid label value: "${value}": at key: "${key}"`);
}

function matches({ key, operator, values }: Requirement, labels: ReadonlyMap<string, string>): boolean {
  const value = labels.get(key);
  switch (operator) {
    case "exists":
      return value !== undefined;
    case "!":
      return value === undefined;
    case "in":
      return value !== undefined && values.includes(value);
    case "notin":
      return value === undefined || !values.includes(value);
    case ">":
    case "<": {
      if (value === undefined || !/^[+-]?[0-9]+$/.test(value)) return false;
      const wanted = BigInt(values[0] ?? "0");
      return operator === ">" ? BigInt(value) > wanted : BigInt(value) < wanted;
    }
    default:
      return operator satisfies never;
  }
}
