import { isObject } from "@plumb/std";
import { textAt } from "../../draft.ts";
import { schemaAt, type JsonSchema } from "../prune.ts";
import { parseRule, type Expression } from "./parse-rule.ts";

/** What is wrong with a rule under its schema, in the words of CEL's compiler; undefined for one that compiles. */
export function ruleProblem(text: string, schema: JsonSchema): string | undefined {
  if (text.trim() === "") return "rule is not specified";
  try {
    const field = undefinedField(parseRule(text), schema);
    return field === undefined ? undefined : `compilation failed: ERROR: <input>:1:${text.indexOf(`.${field}`) + 1}: undefined field '${field}'`;
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

/** The schema of `self.a.b[0]`; undefined for anything else. */
function schemaOf(expression: Expression, root: JsonSchema): JsonSchema | undefined {
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
function unescaped(name: string): string {
  return name.replaceAll("__dot__", ".").replaceAll("__dash__", "-").replaceAll("__slash__", "/").replaceAll("__underscores__", "__");
}
