import type { ToolkitError } from "@plumb/std";
import { invalid, prefixed } from "../build-error.ts";
import type { BuildLimits } from "../build-limits.ts";
import type { GeneratorArgs } from "../load/kustomization.ts";
import type { Loader } from "../load/loader.ts";
import type { DataValue } from "./data.ts";

/**
 * What `envs`, `literals` and `files` of a generator say.
 *
 * @param shown how a literal may be quoted in an error, which is not as it is where it is a Secret's
 * @throws {ToolkitError} `invalid` for a key given twice
 */
export async function loadKeyValues(
  { name, envs, literals, files }: GeneratorArgs,
  loader: Loader,
  limits: BuildLimits,
  shown: (literal: string) => string = (literal) => literal,
): Promise<ReadonlyMap<string, DataValue>> {
  const pairs: (readonly [string, DataValue])[] = [];
  try {
    for (const path of envs) {
      const own = await inContext(
        () => `env source files: [${envs.join(" ")}]`,
        async () => parseEnvFile(await loader.load(path), limits),
      );
      for (const pair of own) pairs.push(pair);
    }
    for (const literal of literals) {
      const shownAll = (): string => `literal sources [${literals.map(shown).join(" ")}]`;
      pairs.push(await inContext(shownAll, () => parseLiteral(literal, shown)));
    }
    for (const source of files) {
      const shownAll = (): string => `file sources: [${files.join(" ")}]`;
      pairs.push(await inContext(shownAll, () => loadFile(source, loader)));
    }
  } catch (thrown) {
    throw prefixed("loading KV pairs", thrown);
  }
  const result = new Map<string, DataValue>();
  let length = 0;
  for (const [key, value] of pairs) {
    length += value.length;
    if (length > limits.maxObjectLength) throw invalid(`the values up to '${key}' have more than ${limits.maxObjectLength} bytes (limit maxObjectLength)`);
    if (result.size >= limits.maxEntries) throw tooMany(limits);
    if (result.has(key)) throw invalid(`configmap ${name} illegally repeats the key \`${key}\``);
    result.set(key, value);
  }
  return result;
}

function tooMany({ maxEntries }: BuildLimits): ToolkitError {
  return invalid(`more than ${maxEntries} values in one object (limit maxEntries)`);
}

async function inContext<T>(prefix: () => string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    throw prefixed(prefix(), thrown);
  }
}

function parseLiteral(source: string, shown: (literal: string) => string): readonly [string, string] {
  const equals = source.indexOf("=");
  if (equals < 1) throw invalid(`invalid literal source ${shown(source)}, expected key=value`);
  return [source.slice(0, equals), withoutQuotes(source.slice(equals + 1))];
}

function withoutQuotes(text: string): string {
  const first = text.charAt(0);
  return text.length >= 2 && (first === '"' || first === "'") && text.endsWith(first) ? text.slice(1, -1) : text;
}

async function loadFile(source: string, loader: Loader): Promise<readonly [string, DataValue]> {
  const { key, path } = parseFileSource(source);
  return [key, await loader.load(path)];
}

/** Reads `[key=]path`; without a key it is the name of the file. */
function parseFileSource(source: string): { readonly key: string; readonly path: string } {
  const parts = source.split("=");
  const [first = "", second = ""] = parts;
  if (parts.length === 1) return { key: source.replace(/\/+$/, "").split("/").at(-1) || "/", path: source };
  if (parts.length > 2) throw invalid(`source "${source}" key name or file path contains '='`);
  if (first === "") throw invalid(`missing key name for file path "${second}" in source "${source}"`);
  if (second === "") throw invalid(`missing file path for key name "${first}" in source "${source}"`);
  return { key: first, path: second };
}

/** Go's scanner stops for good at a longer line. */
const MAX_LINE_BYTES = 64 * 1024;
const LEADING_SPACE = /^[\t\n\v\f\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;

function parseEnvFile(bytes: Uint8Array, limits: BuildLimits): readonly (readonly [string, string])[] {
  const pairs: [string, string][] = [];
  let start = 0;
  for (let number = 0; start < bytes.length; number++) {
    const feed = bytes.indexOf(10, start);
    const end = feed === -1 ? bytes.length : feed;
    if (end - start >= MAX_LINE_BYTES) break;
    const line = saysNothing(bytes, start, end) ? "" : lineText(bytes.subarray(start, end), number).replace(LEADING_SPACE, "");
    start = end + 1;
    if (line === "" || line.startsWith("#")) continue;
    const equals = line.indexOf("=");
    const key = equals === -1 ? line : line.slice(0, equals);
    if (pairs.length > limits.maxEntries) throw tooMany(limits);
    if (key !== "") pairs.push([key, equals === -1 ? "" : line.slice(equals + 1)]);
  }
  return pairs;
}

/** True for an empty line and a comment in ASCII, found without making text of it. */
function saysNothing(bytes: Uint8Array, start: number, end: number): boolean {
  if (start === end) return true;
  if (bytes[start] !== 0x23) return false;
  let at = start;
  while (at < end && (bytes[at] ?? 0) < 0x80) at++;
  return at === end;
}

const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function lineText(bytes: Uint8Array, number: number): string {
  let text: string;
  try {
    text = UTF8.decode(bytes);
  } catch {
    throw invalid(`line ${number + 1} has invalid utf8 bytes`);
  }
  const line = text.endsWith("\r") ? text.slice(0, -1) : text;
  return number === 0 && line.startsWith("\ufeff") ? line.slice(1) : line;
}
