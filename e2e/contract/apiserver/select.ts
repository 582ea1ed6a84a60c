import { isObject, type Json } from "./json.ts";

/**
 * Takes one part out of a body.
 *
 * A path is keys and indexes with `/` between them; `~1` is a slash inside a key, `[a.b=c]` the first element whose `a.b`
 * is `c`, `*` every element, `#` how many there are, `?` the sorted keys.
 *
 * @returns null for what is not there
 */
export function select(body: Json, path: string): Json {
  return follow(body, segments(path));
}

/** Splits at slashes outside of brackets. */
function segments(path: string): readonly string[] {
  return [...path.matchAll(/\[[^\]]*\]|[^/]+/g)].map(([segment]) => segment);
}

function follow(value: Json, [segment, ...rest]: readonly string[]): Json {
  if (segment === undefined) return value;
  if (segment === "*") return Array.isArray(value) ? value.map((element: Json) => follow(element, rest)) : null;
  if (segment === "#") return sizeOf(value);
  if (segment === "?") return isObject(value) ? Object.keys(value).sort() : null;
  const next = segment.startsWith("[") ? firstWhere(value, segment) : at(value, segment.replaceAll("~1", "/"));
  return next === undefined ? null : follow(next, rest);
}

function sizeOf(value: Json): Json {
  if (Array.isArray(value)) return value.length;
  return isObject(value) ? Object.keys(value).length : null;
}

function at(value: Json, key: string): Json | undefined {
  if (Array.isArray(value)) return /^\d+$/.test(key) ? value[Number(key)] : undefined;
  return isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}

function firstWhere(value: Json, condition: string): Json | undefined {
  const [, keys = "", wanted = ""] = /^\[([^=]*)=(.*)\]$/s.exec(condition) ?? [];
  if (!Array.isArray(value)) return undefined;
  return value.find((element: Json) => {
    const found = keys.split(".").reduce<Json | undefined>((inner, key) => (inner === undefined ? undefined : at(inner, key)), element);
    // The recordings write the absent name of the core group as `None`.
    return found === undefined ? wanted === "None" : String(found) === wanted;
  });
}
