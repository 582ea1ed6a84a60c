import { existsSync, readFileSync } from "node:fs";
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
const rows: readonly MergeRow[] = isThere ? JSON.parse(readFileSync(DATA, "utf8")) : [];

function only(text: string): YamlNode | undefined {
  return parseNodes(text)[0];
}

describe.runIf(isThere)("strategic merge gives what kustomize gives", () => {
  it.each(rows.map((row) => [`${row.table}: ${row.description}`, row] as const))("%s", (_, { source, dest, expected, infer, prepend }) => {
    const patch = only(source);
    const target = only(dest);
    const wanted = only(expected);
    if (patch === undefined || target === undefined) throw new Error("the row has no documents");
    const merged = mergeNode(patch, target, { schema: new Schema(), infer, prepend });
    expect(merged === undefined ? undefined : decodeNode(merged)).toStrictEqual(wanted === undefined ? undefined : decodeNode(wanted));
  });
});
