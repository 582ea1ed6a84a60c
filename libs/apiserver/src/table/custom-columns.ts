import type { JsonObject, JsonValue } from "@plumb/std";
import { numberAt, textAt } from "../draft.ts";
import type { TableColumns } from "../resource.ts";
import { age, ageOf, column, CUSTOM_AGE_COLUMN, NAME_COLUMN } from "./column.ts";
import { evaluatePath, parsePath, type JsonPath } from "./json-path.ts";

type Cell = string | number | boolean | null;

/** The columns of a custom kind: name, and what its definition says, or else the age. */
export function customColumns(printers: readonly JsonObject[]): TableColumns {
  if (printers.length === 0) {
    return {
      definitions: [NAME_COLUMN, CUSTOM_AGE_COLUMN],
      cells: (object, nowMs) => [textAt(object, "metadata", "name") ?? "", ageOf(object, nowMs)],
    };
  }
  const parsed = printers.map((printer) => ({ type: textAt(printer, "type") ?? "string", path: parsePath(textAt(printer, "jsonPath") ?? "") }));
  const definitions = printers.map((printer) =>
    column(
      textAt(printer, "name") ?? "",
      textAt(printer, "type") ?? "string",
      textAt(printer, "description") ?? `Custom resource definition column (in JSONPath format): ${textAt(printer, "jsonPath") ?? ""}`,
      numberAt(printer, "priority") ?? 0,
      textAt(printer, "format") ?? "",
    ),
  );
  return {
    definitions: [NAME_COLUMN, ...definitions],
    cells: (object, nowMs) => [textAt(object, "metadata", "name") ?? "", ...parsed.map(({ type, path }) => cell(object, path, type, nowMs))],
  };
}

/** Source: `cellForJSONValue` of apiextensions' table convertor. */
function cell(object: JsonObject, path: JsonPath, type: string, nowMs: number): Cell {
  // Of several values, the first is shown.
  const [first] = evaluatePath(path, object);
  if (first === undefined) return null;
  switch (type) {
    case "string":
      return textOf(first);
    case "integer":
      return typeof first === "bigint" ? Number(first) : typeof first === "number" ? Math.trunc(first) : null;
    case "number":
      return typeof first === "bigint" ? Number(first) : typeof first === "number" ? first : null;
    case "boolean":
      return typeof first === "boolean" ? first : null;
    case "date":
      return typeof first !== "string" ? "<unknown>" : Number.isNaN(Date.parse(first)) ? "<invalid>" : age(first, nowMs);
    default:
      return null;
  }
}

function textOf(value: JsonValue): string {
  return typeof value === "string" ? value : value === null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
}
