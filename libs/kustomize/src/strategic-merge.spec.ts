import { existsSync, readFileSync } from "node:fs";
import { compareText, isObject, type JsonValue } from "@plumb/std";
import { decodeNode, parseNodes, type YamlNode } from "@plumb/yaml";
import { describe, expect, it } from "vitest";
import { Schema } from "./schema/schema.ts";
import { mergeNode } from "./transform/merge-node.ts";

interface MergeRow {
  readonly table: string;
  readonly description: string;
  readonly source: string;
  readonly dest: string;
  readonly expected: string;
  readonly infer: boolean;
  readonly prepend: boolean;
}

const DATA = new URL("../../../../shared/conformance/kustomize/strategic-merge.json", import.meta.url);
const isThere = existsSync(DATA);
if (!isThere) console.warn("NOT RUN: the conformance data is not beside the repository");
const runnable: readonly MergeRow[] = isThere ? JSON.parse(readFileSync(DATA, "utf8")) : [];

function only(text: string): YamlNode | undefined {
  return parseNodes(text)[0];
}

/** Named elements by name: the rows were compared after such an ordering. */
function ordered(value: JsonValue): JsonValue {
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, ordered(item ?? null)]));
  if (!Array.isArray(value)) return value;
  const nameOf = (item: JsonValue): string | undefined => (isObject(item) && typeof item["name"] === "string" ? item["name"] : undefined);
  const items: readonly JsonValue[] = value.map(ordered);
  return items.every((item) => nameOf(item) !== undefined) ? items.toSorted((a, b) => compareText(nameOf(a) ?? "", nameOf(b) ?? "")) : items;
}

describe.runIf(isThere)("strategic merge gives what kustomize gives", () => {
  it.each(runnable.map((row) => [`${row.table}: ${row.description}`, row] as const))("%s", (_, { source, dest, expected, infer, prepend }) => {
    const patch = only(source);
    const target = only(dest);
    const wanted = only(expected);
    if (patch === undefined || target === undefined) throw new Error("the row has no documents");
    const merged = mergeNode(patch, target, { schema: new Schema(), infer, prepend });
    expect(merged === undefined ? undefined : ordered(decodeNode(merged))).toStrictEqual(wanted === undefined ? undefined : ordered(decodeNode(wanted)));
  });
});
