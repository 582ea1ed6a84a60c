import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseDocuments, stringify } from "./index.ts";

interface ScalarRow {
  readonly in: string;
  readonly out: string | null;
  readonly err: string | null;
}

const DATA = new URL("../../../../shared/conformance/kustomize/scalars.json", import.meta.url);
const isThere = existsSync(DATA);
if (!isThere) console.warn("NOT RUN: the conformance data is not beside the repository");
const rows: readonly ScalarRow[] = isThere ? JSON.parse(readFileSync(DATA, "utf8")) : [];

describe.runIf(isThere)("a scalar comes out as kustomize writes it", () => {
  it.each(rows.map((row) => [row.in, row] as const))("%s", (_, row) => {
    const text = `spec:\n  v: ${row.in.replaceAll("\n", "\n  ")}\n`;
    const build = (): string =>
      parseDocuments(text)
        .map(({ value }) => stringify(value))
        .join("");
    if (row.out === null) expect(build).toThrow();
    else expect(build()).toBe(`spec:\n  ${row.out}`);
  });
});
