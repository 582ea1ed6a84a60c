import { isObject, type JsonValue } from "@plumb/std";
import { goJsonNumber } from "@plumb/yaml";
import { byBytes } from "./by-bytes.ts";

/** Go's `json.Marshal` of a map: keys sorted, no spaces, `<`, `>` and `&` escaped. */
export function goJson(value: JsonValue): string {
  if (value === null) return "null";
  if (typeof value === "string") return goText(value);
  if (typeof value === "number") return goJsonNumber(value);
  if (typeof value === "bigint") return goJsonNumber(Number(value));
  if (typeof value === "boolean") return String(value);
  if (!isObject(value)) return `[${value.map(goJson).join(",")}]`;
  return `{${Object.keys(value)
    .sort(byBytes)
    .map((key) => `${goText(key)}:${goJson(value[key] ?? null)}`)
    .join(",")}}`;
}

/** A text as Go writes it in JSON. */
export function goText(text: string): string {
  return escapedAsInGo(JSON.stringify(text));
}

/** JSON with what Go writes behind a backslash, also where HTML is far. */
export function escapedAsInGo(json: string): string {
  return json.replaceAll(/[<>&\u2028\u2029]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
