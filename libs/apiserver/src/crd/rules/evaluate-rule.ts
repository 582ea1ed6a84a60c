import { isObject, type JsonObject, type JsonValue } from "@plumb/std";
import { equalJson } from "../../draft.ts";
import { compilePattern } from "../validate-value.ts";
import type { Expression } from "./parse-rule.ts";

/** Something that this evaluator does not know; the rule is not checked then. */
export class UnknownFunction extends Error {
  override readonly name = "UnknownFunction";
}

/** An evaluation that fails, such as a member that is not there. */
export class RuleError extends Error {
  override readonly name = "RuleError";
}

export type Names = ReadonlyMap<string, JsonValue>;

/** Steps that one rule may take: upstream limits the cost likewise. */
const MAX_STEPS = 1_000_000;

/** @throws {UnknownFunction | RuleError} */
export function evaluateRule(expression: Expression, names: Names): JsonValue {
  return new Evaluation().value(expression, names);
}

class Evaluation {
  #steps = 0;

  value(expression: Expression, names: Names): JsonValue {
    if (++this.#steps > MAX_STEPS) throw new RuleError("operation cancelled: actual cost limit exceeded");
    switch (expression.kind) {
      case "literal":
        return expression.value;
      case "name": {
        const found = names.get(expression.name);
        if (found === undefined) throw new RuleError(`undeclared reference to '${expression.name}'`);
        return found;
      }
      case "member":
        return member(this.value(expression.of, names), expression.name);
      case "index":
        return element(this.value(expression.of, names), this.value(expression.at, names));
      case "call":
        return this.#call(expression, names);
      case "unary":
        return this.#unary(expression.operator, this.value(expression.of, names));
      case "binary":
        return this.#binary(expression.operator, expression.left, expression.right, names);
      case "choice":
        return this.value(truth(this.value(expression.when, names)) ? expression.yes : expression.no, names);
      case "list":
        return expression.items.map((item) => this.value(item, names));
      case "map":
        return Object.fromEntries(expression.entries.map(([key, value]) => [String(this.value(key, names)), this.value(value, names)]));
      default:
        return expression satisfies never;
    }
  }

  #unary(operator: "!" | "-", value: JsonValue): JsonValue {
    return operator === "!" ? !truth(value) : -number(value);
  }

  #binary(operator: string, left: Expression, right: Expression, names: Names): JsonValue {
    if (operator === "&&" || operator === "||") return this.#logic(operator === "||", left, right, names);
    return applyOperator(operator, this.value(left, names), this.value(right, names));
  }

  /** One side that decides hides an error of the other. */
  #logic(deciding: boolean, left: Expression, right: Expression, names: Names): boolean {
    let failure: unknown;
    for (const side of [left, right]) {
      try {
        if (truth(this.value(side, names)) === deciding) return deciding;
      } catch (thrown) {
        if (!(thrown instanceof RuleError)) throw thrown;
        failure = thrown;
      }
    }
    if (failure !== undefined) throw failure;
    return !deciding;
  }

  #call({ of, name, args }: Extract<Expression, { kind: "call" }>, names: Names): JsonValue {
    const [first] = args;
    if (of === undefined && name === "has" && first?.kind === "member") {
      const owner = this.value(first.of, names);
      return isObject(owner) && Object.hasOwn(owner, first.name) && owner[first.name] !== undefined;
    }
    if (of !== undefined && MACROS.has(name)) return this.#macro(name, this.value(of, names), args, names);
    const values = args.map((arg) => this.value(arg, names));
    return callFunction(name, of === undefined ? values : [this.value(of, names), ...values]);
  }

  #macro(name: string, target: JsonValue, args: readonly Expression[], names: Names): JsonValue {
    const [variable, body, transform] = args;
    if (variable?.kind !== "name" || body === undefined) throw new UnknownFunction(name);
    const items: readonly JsonValue[] = Array.isArray(target) ? target : isObject(target) ? Object.keys(target) : [];
    const at = (item: JsonValue): Names => new Map([...names, [variable.name, item]]);
    const holds = (item: JsonValue): boolean => truth(this.value(body, at(item)));
    switch (name) {
      case "all":
        return items.every(holds);
      case "exists":
        return items.some(holds);
      case "exists_one":
        return items.filter(holds).length === 1;
      case "filter":
        return items.filter(holds);
      default:
        return transform === undefined ? items.map((item) => this.value(body, at(item))) : items.filter(holds).map((item) => this.value(transform, at(item)));
    }
  }
}

const MACROS: ReadonlySet<string> = new Set(["all", "exists", "exists_one", "filter", "map"]);

function truth(value: JsonValue): boolean {
  if (typeof value !== "boolean") throw new RuleError("no such overload");
  return value;
}

function number(value: JsonValue | undefined): number {
  if (typeof value !== "number" && typeof value !== "bigint") throw new RuleError("no such overload");
  return Number(value);
}

function text(value: JsonValue | undefined): string {
  if (typeof value !== "string") throw new RuleError("no such overload");
  return value;
}

function member(value: JsonValue, name: string): JsonValue {
  const found = isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined;
  if (found === undefined) throw new RuleError(`no such key: ${name}`);
  return found;
}

function element(value: JsonValue, at: JsonValue): JsonValue {
  if (isObject(value)) return member(value, String(at));
  const item: JsonValue | undefined = Array.isArray(value) ? value[number(at)] : undefined;
  if (item === undefined) throw new RuleError(`index out of bounds: ${String(at)}`);
  return item;
}

function compare(left: JsonValue, right: JsonValue): number {
  if (typeof left === "string" && typeof right === "string") return left < right ? -1 : left > right ? 1 : 0;
  return number(left) - number(right);
}

function applyOperator(operator: string, left: JsonValue, right: JsonValue): JsonValue {
  switch (operator) {
    case "==":
      return equalJson(left, right);
    case "!=":
      return !equalJson(left, right);
    case "<":
      return compare(left, right) < 0;
    case "<=":
      return compare(left, right) <= 0;
    case ">":
      return compare(left, right) > 0;
    case ">=":
      return compare(left, right) >= 0;
    case "in":
      return isIn(left, right);
    case "+":
      return add(left, right);
    case "-":
      return number(left) - number(right);
    case "*":
      return number(left) * number(right);
    case "/":
      return divide(number(left), number(right));
    case "%":
      return number(left) % number(right);
    default:
      throw new UnknownFunction(operator);
  }
}

function isIn(value: JsonValue, within: JsonValue): boolean {
  if (Array.isArray(within)) return within.some((item: JsonValue) => equalJson(item, value));
  return isObject(within) && Object.hasOwn(within, String(value)) && within[String(value)] !== undefined;
}

function add(left: JsonValue, right: JsonValue): JsonValue {
  if (typeof left === "string" && typeof right === "string") return left + right;
  if (Array.isArray(left) && Array.isArray(right)) return [...left, ...right];
  return number(left) + number(right);
}

function divide(left: number, right: number): number {
  if (right === 0) throw new RuleError("division by zero");
  return Number.isInteger(left) && Number.isInteger(right) ? Math.trunc(left / right) : left / right;
}

function size(value: JsonValue | undefined): number {
  if (typeof value === "string") return [...value].length;
  if (Array.isArray(value)) return value.length;
  if (isObject(value)) return Object.keys(value).length;
  throw new RuleError("no such overload");
}

type Call = (args: readonly JsonValue[]) => JsonValue;

const FUNCTIONS: Readonly<Record<string, Call>> = {
  size: ([value]) => size(value),
  string: ([value]) => (typeof value === "string" ? value : String(value)),
  int: ([value]) => Math.trunc(typeof value === "string" ? Number(value) : number(value)),
  uint: ([value]) => Math.trunc(typeof value === "string" ? Number(value) : number(value)),
  double: ([value]) => (typeof value === "string" ? Number(value) : number(value)),
  startsWith: ([value, start]) => text(value).startsWith(text(start)),
  endsWith: ([value, end]) => text(value).endsWith(text(end)),
  contains: ([value, part]) => text(value).includes(text(part)),
  matches: ([value, pattern]) => compilePattern(text(pattern)).test(text(value)),
  lowerAscii: ([value]) => text(value).toLowerCase(),
  upperAscii: ([value]) => text(value).toUpperCase(),
  trim: ([value]) => text(value).trim(),
  split: ([value, by]) => text(value).split(text(by)),
  replace: ([value, from, to]) => text(value).replaceAll(text(from), text(to)),
  substring: ([value, from, to]) => text(value).slice(number(from), to === undefined ? undefined : number(to)),
  indexOf: ([value, part]) => (Array.isArray(value) ? value.findIndex((item: JsonValue) => equalJson(item, part)) : text(value).indexOf(text(part))),
  join: ([value, by]) => (Array.isArray(value) ? value.join(by === undefined ? "" : text(by)) : ""),
};

function callFunction(name: string, args: readonly JsonValue[]): JsonValue {
  const run = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
  if (run === undefined) throw new UnknownFunction(name);
  return run(args);
}

/** Names for a rule: the value, and what it was. */
export function namesFor(self: JsonValue, oldSelf: JsonValue | undefined): Names {
  const names = new Map<string, JsonValue>([["self", self]]);
  if (oldSelf !== undefined) names.set("oldSelf", oldSelf);
  return names;
}

/** True where the rule speaks of what was there before. */
export function mentions(expression: Expression, name: string): boolean {
  const parts = (one: unknown): boolean => {
    if (Array.isArray(one)) return one.some(parts);
    if (typeof one !== "object" || one === null) return false;
    // why: the parts of an expression are looked at by their tag alone
    const { kind, name: own } = one as JsonObject;
    return (kind === "name" && own === name) || Object.values(one).some(parts);
  };
  return parts(expression);
}
