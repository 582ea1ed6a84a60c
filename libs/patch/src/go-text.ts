import { isObject, type JsonValue } from "@plumb/std";

/** A value as Go's `%v` prints it: `map[name:C value:3]`. */
export function goText(value: JsonValue | undefined): string {
  if (value === undefined || value === null) return "<nil>";
  if (Array.isArray(value)) return `[${value.map(goText).join(" ")}]`;
  if (!isObject(value)) return String(value);
  return `map[${Object.keys(value)
    .toSorted()
    .map((key) => `${key}:${goText(value[key])}`)
    .join(" ")}]`;
}

/** A value's type as Go's `%T` prints it. */
export function goTypeName(value: JsonValue | undefined): string {
  if (value === undefined || value === null) return "<nil>";
  if (Array.isArray(value)) return "[]interface {}";
  switch (typeof value) {
    case "string":
      return "string";
    case "boolean":
      return "bool";
    case "object":
      return "map[string]interface {}";
    default:
      return Number.isInteger(Number(value)) ? "int64" : "float64";
  }
}
