import { textAt } from "../../draft.ts";
import { schemaAt, type JsonSchema } from "../prune.ts";
import type { Expression } from "./parse-rule.ts";

/** What an expression gives, as far as its parts tell; `any` where they do not. */
export type RuleType = "string" | "int" | "double" | "bool" | "null" | "list" | "map" | "any";

const OF_SCHEMA: Readonly<Record<string, RuleType>> = { string: "string", integer: "int", number: "double", boolean: "bool", array: "list", object: "map" };
const RESULTS: Readonly<Record<string, RuleType>> = {
  all: "bool",
  contains: "bool",
  endsWith: "bool",
  exists: "bool",
  exists_one: "bool",
  has: "bool",
  matches: "bool",
  size: "int",
  startsWith: "bool",
  string: "string",
};
const COMPARISONS: ReadonlySet<string> = new Set(["==", "!=", "<", "<=", ">", ">=", "in", "&&", "||"]);

export function typeOf(expression: Expression, root: JsonSchema): RuleType {
  switch (expression.kind) {
    case "literal":
      return typeOfLiteral(expression.value);
    case "name":
    case "member":
    case "index":
      return typeOfSchema(schemaOf(expression, root));
    case "call":
      return RESULTS[expression.name] ?? "any";
    case "unary":
      return expression.operator === "!" ? "bool" : typeOf(expression.of, root);
    case "binary":
      return COMPARISONS.has(expression.operator) ? "bool" : "any";
    case "choice":
      return typeOf(expression.yes, root);
    case "list":
      return "list";
    case "map":
      return "map";
    default:
      return expression satisfies never;
  }
}

function typeOfLiteral(value: null | boolean | number | bigint | string): RuleType {
  if (value === null) return "null";
  // `1.0` is read as 1: the two kinds of numbers are not told apart here.
  if (typeof value === "number" || typeof value === "bigint") return "int";
  return typeof value === "boolean" ? "bool" : "string";
}

/** A format may make another type of a text, and an integer or a text may be either. */
function typeOfSchema(schema: JsonSchema | undefined): RuleType {
  if (schema === undefined || schema["nullable"] === true || schema["x-kubernetes-int-or-string"] === true) return "any";
  const type = textAt(schema, "type") ?? "";
  return type === "string" && schema["format"] !== undefined ? "any" : (OF_SCHEMA[type] ?? "any");
}

/** The schema of `self.a.b[0]`; undefined for anything else. */
export function schemaOf(expression: Expression, root: JsonSchema): JsonSchema | undefined {
  switch (expression.kind) {
    case "name":
      return expression.name === "self" || expression.name === "oldSelf" ? root : undefined;
    case "member":
      return schemaAt(schemaOf(expression.of, root), "properties", unescaped(expression.name));
    case "index": {
      const owner = schemaOf(expression.of, root);
      return schemaAt(owner, "items") ?? schemaAt(owner, "additionalProperties");
    }
    default:
      return undefined;
  }
}

/** Names that CEL cannot write are escaped. */
export function unescaped(name: string): string {
  return name.replaceAll("__dot__", ".").replaceAll("__dash__", "-").replaceAll("__slash__", "/").replaceAll("__underscores__", "__");
}

/** The operands of the first `==` or `!=` that can never be compared. */
export function mismatch(expression: Expression, root: JsonSchema): { readonly operator: string; readonly types: readonly [RuleType, RuleType] } | undefined {
  if (expression.kind === "unary") return mismatch(expression.of, root);
  if (expression.kind !== "binary") return undefined;
  const { operator, left, right } = expression;
  const types = [typeOf(left, root), typeOf(right, root)] as const;
  const isCompared = operator === "==" || operator === "!=";
  const areNumbers = types.every((type) => type === "int" || type === "double");
  if (isCompared && types[0] !== types[1] && !areNumbers && !types.includes("any") && !types.includes("null")) return { operator, types };
  return mismatch(left, root) ?? mismatch(right, root);
}

/** A name that nothing declares; variables of macros are left alone. */
export function undeclared(expression: Expression): string | undefined {
  switch (expression.kind) {
    case "name":
      return DECLARED.has(expression.name) ? undefined : expression.name;
    case "member":
      return undeclared(expression.of);
    case "unary":
      return undeclared(expression.of);
    case "binary":
      return undeclared(expression.left) ?? undeclared(expression.right);
    default:
      return undefined;
  }
}

const DECLARED: ReadonlySet<string> = new Set([
  "self",
  "oldSelf",
  "bool",
  "bytes",
  "double",
  "duration",
  "int",
  "list",
  "map",
  "null_type",
  "optional",
  "quantity",
  "string",
  "timestamp",
  "type",
  "uint",
  "url",
]);
