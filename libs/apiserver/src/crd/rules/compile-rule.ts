import { isObject } from "@plumb/std";
import { textAt } from "../../draft.ts";
import { schemaAt, type JsonSchema } from "../prune.ts";
import { parseRule, type Expression } from "./parse-rule.ts";
import { mismatch, schemaOf, typeOf, undeclared, unescaped, type RuleType } from "./rule-type.ts";

/** What is wrong with a rule under its schema, in the words of CEL's compiler; undefined for one that compiles. */
export function ruleProblem(text: string, schema: JsonSchema): string | undefined {
  return problemOf(text, schema, "bool", "cel expression must evaluate to a bool");
}

/** The same for the expression that makes a message. */
export function messageProblem(text: string, schema: JsonSchema): string | undefined {
  return problemOf(text, schema, "string", "messageExpression must evaluate to a string");
}

function problemOf(text: string, schema: JsonSchema, wanted: RuleType, says: string): string | undefined {
  const failed = (at: number, why: string): string => `compilation failed: ERROR: <input>:1:${at + 1}: ${why}`;
  try {
    const expression = parseRule(text);
    const field = undefinedField(expression, schema);
    if (field !== undefined) return failed(text.indexOf(`.${field}`), `undefined field '${field}'`);
    const name = undeclared(expression);
    if (name !== undefined) return failed(text.indexOf(name), `undeclared reference to '${name}' (in container '')`);
    const wrong = mismatch(expression, schema);
    if (wrong !== undefined)
      return failed(text.indexOf(wrong.operator), `found no matching overload for '_${wrong.operator}_' applied to '(${wrong.types.join(", ")})'`);
    const type = typeOf(expression, schema);
    return type === wanted || type === "any" ? undefined : says;
  } catch (thrown) {
    if (thrown instanceof SyntaxError) return `compilation failed: ERROR: ${thrown.message}`;
    throw thrown;
  }
}

/** The first member of `self` or `oldSelf` that the schema does not have. Variables of macros are not followed. */
function undefinedField(expression: Expression, root: JsonSchema): string | undefined {
  switch (expression.kind) {
    case "literal":
    case "name":
      return undefined;
    case "member":
      return undefinedField(expression.of, root) ?? missing(expression.of, expression.name, root);
    case "index":
      return undefinedField(expression.of, root) ?? undefinedField(expression.at, root);
    case "call":
      return first([...(expression.of === undefined ? [] : [expression.of]), ...expression.args], root);
    case "unary":
      return undefinedField(expression.of, root);
    case "binary":
      return first([expression.left, expression.right], root);
    case "choice":
      return first([expression.when, expression.yes, expression.no], root);
    case "list":
      return first(expression.items, root);
    case "map":
      return first(expression.entries.flat(), root);
    default:
      return expression satisfies never;
  }
}

function first(expressions: readonly Expression[], root: JsonSchema): string | undefined {
  for (const expression of expressions) {
    const field = undefinedField(expression, root);
    if (field !== undefined) return field;
  }
  return undefined;
}

function missing(owner: Expression, name: string, root: JsonSchema): string | undefined {
  const schema = schemaOf(owner, root);
  if (schema === undefined || textAt(schema, "type") !== "object" || isObject(schema["additionalProperties"])) return undefined;
  const properties = schemaAt(schema, "properties");
  const isKnown = properties !== undefined && Object.hasOwn(properties, unescaped(name));
  const isMeta = owner.kind === "name" && ["metadata", "apiVersion", "kind"].includes(name);
  return isKnown || isMeta ? undefined : name;
}
