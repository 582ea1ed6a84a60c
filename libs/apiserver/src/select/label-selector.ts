import { compareText, type JsonObject } from "@plumb/std";
import { listAt, objectsAt, textAt, textsAt } from "../draft.ts";

type Operator = "in" | "notin" | "exists" | "absent" | "greater" | "less";

export interface Requirement {
  readonly key: string;
  readonly operator: Operator;
  readonly values: readonly string[];
}

/** All of them must hold; none is everything. */
export type LabelSelector = readonly Requirement[];

type Token = { readonly kind: "word" | "sign"; readonly text: string };

/** @throws {SyntaxError} in the words of upstream's parser, more or less */
export function parseLabelSelector(text: string): LabelSelector {
  const tokens = tokenize(text);
  const requirements: Requirement[] = [];
  let at = 0;
  const peek = (): Token | undefined => tokens[at];
  const take = (): Token | undefined => tokens[at++];
  while (at < tokens.length) {
    requirements.push(parseRequirement(peek, take, text));
    const comma = take();
    if (comma !== undefined && comma.text !== ",") throw unexpected(text, comma.text, "',' or 'end of string'");
    if (comma !== undefined && peek() === undefined) throw unexpected(text, "", "identifier after ','");
  }
  return requirements;
}

function parseRequirement(peek: () => Token | undefined, take: () => Token | undefined, text: string): Requirement {
  const first = take();
  if (first?.text === "!" && first.kind === "sign") return { key: word(take(), text), operator: "absent", values: [] };
  const key = checkedKey(word(first, text));
  const next = peek();
  if (next === undefined || next.text === ",") return { key, operator: "exists", values: [] };
  take();
  switch (next.text) {
    case "=":
    case "==":
      return { key, operator: "in", values: [checkedValue(exactValue(peek, take))] };
    case "!=":
      return { key, operator: "notin", values: [checkedValue(exactValue(peek, take))] };
    case ">":
    case "<":
      return { key, operator: next.text === ">" ? "greater" : "less", values: [integer(word(take(), text))] };
    case "in":
    case "notin":
      return { key, operator: next.text, values: parseValues(take, text).map(checkedValue) };
    default:
      throw unexpected(text, next.text, "in, notin, =, ==, !=, gt, lt");
  }
}

/** Nothing after the sign stands for the empty value. */
function exactValue(peek: () => Token | undefined, take: () => Token | undefined): string {
  const next = peek();
  if (next === undefined || next.kind === "sign") return "";
  take();
  return next.text;
}

function parseValues(take: () => Token | undefined, text: string): readonly string[] {
  if (take()?.text !== "(") throw unexpected(text, "", "'('");
  const values: string[] = [];
  let expectsValue = true;
  for (;;) {
    const token = take();
    if (token === undefined) throw unexpected(text, "", "')'");
    if (token.kind === "word") {
      values.push(token.text);
      expectsValue = false;
    } else if (token.text === ",") {
      if (expectsValue) values.push("");
      expectsValue = true;
    } else if (token.text === ")") {
      if (expectsValue) values.push("");
      return values;
    } else throw unexpected(text, token.text, "',' or ')'");
  }
}

function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  const pattern = /\s*(?:(==|!=|[=!<>(),])|([^\s=!<>(),]+))/gy;
  for (;;) {
    const match = pattern.exec(text);
    if (match === null) break;
    const [, sign, wordText] = match;
    if (sign !== undefined) tokens.push({ kind: "sign", text: sign });
    else if (wordText !== undefined) tokens.push({ kind: "word", text: wordText });
  }
  return tokens;
}

function word(token: Token | undefined, text: string): string {
  if (token === undefined || token.kind === "sign") throw unexpected(text, token?.text ?? "", "identifier");
  return token.text;
}

function integer(text: string): string {
  if (!/^-?\d+$/.test(text)) throw new SyntaxError(`values[0]: Invalid value: "${text}": for 'Gt', 'Lt' operators, the value must be an integer`);
  return text;
}

const KEY = /^(?:[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const VALUE = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

function checkedKey(key: string): string {
  if (!KEY.test(key)) throw new SyntaxError(`key: Invalid value: "${key}": name part must consist of alphanumeric characters, '-', '_' or '.'`);
  return key;
}

function checkedValue(value: string): string {
  if (!VALUE.test(value))
    throw new SyntaxError(`values[0][0]: Invalid value: "${value}": a valid label must be an empty string or consist of alphanumeric characters`);
  return value;
}

function unexpected(text: string, found: string, expected: string): SyntaxError {
  return new SyntaxError(`unable to parse requirement: found '${found}', expected: ${expected} in '${text}'`);
}

export function matchesLabels(selector: LabelSelector, labels: ReadonlyMap<string, string>): boolean {
  return selector.every(({ key, operator, values }) => {
    const value = labels.get(key);
    switch (operator) {
      case "in":
        return value !== undefined && values.includes(value);
      case "notin":
        return value === undefined || !values.includes(value);
      case "exists":
        return value !== undefined;
      case "absent":
        return value === undefined;
      case "greater":
      case "less":
        return value !== undefined && isBeyond(value, operator, values[0] ?? "");
      default:
        return operator satisfies never;
    }
  });
}

function isBeyond(value: string, operator: "greater" | "less", bound: string): boolean {
  if (!/^-?\d+$/.test(value)) return false;
  return operator === "greater" ? BigInt(value) > BigInt(bound) : BigInt(value) < BigInt(bound);
}

const OPERATORS: Readonly<Record<string, Operator>> = { In: "in", NotIn: "notin", Exists: "exists", DoesNotExist: "absent" };

/** The selector of a workload: `matchLabels` and `matchExpressions`; undefined selects nothing. */
export function selectorOfObject(selector: JsonObject | undefined): LabelSelector | undefined {
  if (selector === undefined) return undefined;
  const exact = [...textsAt(selector, "matchLabels")].map(([key, value]): Requirement => ({ key, operator: "in", values: [value] }));
  const others = objectsAt(selector, "matchExpressions").map((expression): Requirement => ({
    key: textAt(expression, "key") ?? "",
    operator: OPERATORS[textAt(expression, "operator") ?? ""] ?? "in",
    values: listAt(expression, "values").filter((value) => typeof value === "string"),
  }));
  return [...exact, ...others];
}

/** As `kubectl` and `/scale` write a selector. */
export function formatSelector(selector: LabelSelector): string {
  return selector
    .toSorted((a, b) => compareText(a.key, b.key))
    .map(({ key, operator, values }) => {
      if (operator === "exists") return key;
      if (operator === "absent") return `!${key}`;
      if (operator === "in" && values.length === 1) return `${key}=${values[0] ?? ""}`;
      return `${key} ${operator} (${[...values].sort(compareText).join(",")})`;
    })
    .join(",");
}
